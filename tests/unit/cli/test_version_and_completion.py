"""`runner version`, help in groups, and what the shell completes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from stardock.cli import main
from stardock.cli.main import runner
from stardock.distributions import DEFAULT
from tests.plans import PUBLIC_KEY, ROOT
from tests.terminal import piped

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "home.yaml").write_text((ROOT / "examples/quickstart/cluster.yaml").read_text())
    (tmp_path / "id_ed25519.pub").write_text(PUBLIC_KEY + "\n")
    return tmp_path


def completed(folder: Path, line: str) -> list[str]:
    """What bash is offered for the last word of a line."""
    words = line.split(" ")
    environ = {"_RUNNER_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = piped(cwd=folder, environ=environ)
    assert done.stderr == ""
    return [row.partition(",")[2] for row in done.stdout.splitlines() if row]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("runner pl", ["plan"]),
        ("runner lock accept -f home.yaml serv", ["server1", "server2", "server3"]),
        ("runner deploy -f home.yaml --replace lb", ["lb1", "lb2"]),
        ("runner plan -f home.yaml --if-lost pve", ["pve1", "pve2", "pve3"]),
        ("runner lock accept serv", []),
        ("runner bootstrap --stage fo", ["founder"]),
    ],
)
def test_the_shell_completes_commands_and_names_of_the_cluster(folder: Path, line: str, names: list[str]) -> None:
    assert completed(folder, line) == names


def test_a_file_that_is_wrong_completes_to_nothing_and_says_nothing(folder: Path) -> None:
    (folder / "home.yaml").write_text("nonsense")
    assert completed(folder, "runner lock accept -f home.yaml s") == []


def test_version_tells_what_works_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = tmp_path / "tofu"
    engine.write_text('#!/bin/sh\necho \'{"terraform_version": "1.12.3"}\'\n')
    engine.chmod(0o755)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(engine))
    said = CliRunner().invoke(runner, ["version"]).stdout
    assert "provider bpg/proxmox 0." in said
    assert f"engine {engine} 1.12.3\n" in said
    assert DEFAULT.default_version in said
    found = json.loads(CliRunner().invoke(runner, ["version", "--format", "json"]).stdout)
    assert set(found) == {"format", "stardock", "provider", "engine", "kubernetes"}


def test_version_is_told_without_an_engine_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", "none-of-that-name")
    done = CliRunner().invoke(runner, ["version"])
    assert done.exit_code == 0
    assert "engine: " in done.stdout


def test_help_has_each_command_once_in_a_group() -> None:
    grouped = [name for names in main.GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(main.COMMANDS)
    said = CliRunner().invoke(runner, ["--help"]).stdout
    assert [line.rstrip(":") for line in said.splitlines() if line in {f"{title}:" for title in main.GROUPS}] == list(main.GROUPS)
    assert max(map(len, said.splitlines())) <= 80
