"""Commands and options of other tools, typed at `runner`: what there is here instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from stardock.cli import foreign, foreign_options
from stardock.cli.main import COMMANDS, runner
from tests.plans import ROOT

pytestmark = pytest.mark.unit

VERBS = """
help taint untaint refresh ssh logs state output validate fmt apply destroy up down status upgrade scale reset console exec
get describe kubectl uncordon drain backup restore rollback top edit reboot rotate test list show config workspace force-unlock
"""
OPTIONS = """
--auto-approve --limit --force --check --tags --inventory --verbose --target --var --out --parallelism --forks --output
--no-color --config --kubeconfig --user --version --extra-vars --destroy --refresh-only
--quiet --watch --input --context --vault-password-file
"""


def said(*words: str) -> str:
    done = CliRunner().invoke(runner, [*words])
    assert done.exit_code == 2, done.output
    return " ".join(done.stderr.split())


@pytest.mark.parametrize("verb", VERBS.split())
def test_each_verb_of_other_tools_is_answered_with_more_than_that_there_is_none(verb: str) -> None:
    answer = said(verb).partition(f"No such command '{verb}'.")[2]
    assert len(answer.split()) > 4
    assert "Did you mean" not in answer


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("image show", "It is called `runner image list`."),
        ("image ls", "It is called `runner image list`."),
        ("image update", "`runner image pin --upgrade`"),
        ("image rm", "`image` in cluster.yaml says which images there are"),
        ("lock list", "`runner plan` shows what the lock holds"),
        ("lock unlock", "A run that still holds the cluster is named"),
        ("lock rm", "`runner lock forget NAME`"),
        ("lock acept", "Did you mean 'accept'?"),
        ("lock xyz", "There are: accept, forget, memory, channel."),
        ("import tfvars", "Only starbase's clusters are taken over"),
    ],
)
def test_a_word_that_a_group_does_not_have_is_answered_with_what_there_is_instead(words: str, answer: str) -> None:
    assert answer in said(*words.split())


@pytest.mark.parametrize("option", OPTIONS.split())
@pytest.mark.parametrize("command", ["deploy", "bootstrap", "drift"])
def test_each_option_of_other_tools_is_answered_likewise(command: str, option: str) -> None:
    if option == "--check" and command == "bootstrap":
        return
    answer = said(command, f"{option}=1" if option == "--var" else option).partition(f"No such option '{option}'.")[2]
    assert len(answer.split()) > 4
    assert "Did you mean" not in answer


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("plan", "-detailed-exitcode"), "two dashes: --detailed-exitcode"),
        (("deploy", "-auto-approve"), "`runner deploy --yes` (`-y`)"),
        (("deploy", "-target=agent1"), "One run brings all machines"),
        (("deploy", "-var", "a=b"), "cluster.yaml"),
        (("plan", "-out=x"), "not kept in a file"),
        (("deploy", "-dry-run"), "two dashes: --dry-run"),
        (("lock", "accept", "-dry-run", "x"), "two dashes: --dry-run"),
        (("plan", "-file=x.yaml"), "two dashes: --file"),
        (("deploy", "-force"), "Nothing is forced"),
        (("deploy", "server1"), "One run brings all machines"),
        (("bootstrap", "server1", "agent1"), "One run brings all machines"),
        (("terraform", "plan"), "docs/how-to/terraform-by-hand.md"),
        (("nodes",), "`runner plan`"),
    ],
)
def test_long_options_with_one_dash_as_terraform_has_them_are_understood(words: tuple[str, ...], answer: str) -> None:
    assert answer in said(*words)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("deploy", "--dryrun"), "--dry-run"),
        (("plan", "--adresses"), "--addresses"),
        (("bootstrap", "--readytimeout", "3"), "--ready-timeout"),
        (("deploy", "--limits"), ""),
        (("deploy", "--tim"), ""),
        (("plan", "--windmill"), ""),
    ],
)
def test_a_near_name_is_suggested_where_it_is_the_same_word_and_nowhere_else(words: tuple[str, ...], meant: str) -> None:
    answer = said(*words)
    assert re.findall(r"Did you mean '(.*)'\?", answer) == ([meant] if meant else [])


def test_a_value_that_follows_its_short_option_at_once_is_none_of_another_tool(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("values")
    (folder / "c.yaml").write_text("")
    assert "No such option" not in CliRunner().invoke(runner, ["plan", f"-f{folder}/c.yaml"]).stderr


@pytest.mark.parametrize("words", [("lab", "run", "tofu", "apply", "-auto-approve"), ("lab", "ssh", "server1", "journalctl", "-force")])
def test_options_of_a_program_that_the_lab_starts_are_that_programs(words: tuple[str, ...], tmp_path: Path) -> None:
    done = CliRunner().invoke(runner, [*words], env={"STARDOCK_FILE": str(tmp_path / "none.yaml")})
    assert "No such option" not in done.stderr


def advice() -> Iterator[str]:
    yield from foreign.ADVICE
    yield from (said for words in foreign.WITHIN.values() for said in words)
    yield from foreign_options.ADVICE


def every_option() -> set[str]:
    found = {"--debug", "--version", "--help"}
    commands = [runner.get_command(click.Context(runner), name) for name in COMMANDS]
    while commands:
        command = commands.pop()
        assert command is not None
        commands += command.commands.values() if isinstance(command, click.Group) and command is not runner else []
        found |= {one for parameter in command.params for one in parameter.opts}
    return found


def test_what_advice_names_is_there() -> None:
    options = every_option()
    for text in advice():
        assert all((ROOT / page).is_file() for page in re.findall(r"docs/[\w/-]+\.md", text)), text
        assert set(re.findall(r"`runner (?:--debug )?([a-z][\w-]*)", text)) <= set(COMMANDS), text
        ours = " ".join(word for word in re.findall(r"`([^`]*)`", text) if word.startswith(("runner", "-")))
        assert set(re.findall(r"(?<!\w)--?[a-z][\w-]*", ours)) <= options, text


def test_no_word_has_two_answers_and_none_is_a_command_of_ours() -> None:
    for table in (foreign.ADVICE, foreign_options.ADVICE):
        words = [word for text in table.values() for word in text.split()]
        assert sorted(words) == sorted(set(words))
    assert not {word for text in foreign.ADVICE.values() for word in text.split()} & set(COMMANDS)
