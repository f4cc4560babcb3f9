"""Commands in README and the pages: all of them are known to the programs; what this machine can run, it runs.

A block that needs more says so in an HTML comment before it, `<!-- needs: Proxmox -->`: NEEDS has the words. Any other block of shell is
executed in a temporary folder with the examples and a cluster, `clusters/home`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.plans import PUBLIC_KEY, ROOT
from tests.unit.docs.pages import Block, Page, pages
from tests.unit.docs.shell import commands, refused

pytestmark = pytest.mark.unit

NEEDS = {"Proxmox", "a cluster", "the lab", "a checkout", "network"}
#: What a block that is executed may call: nothing that reaches beyond its folder.
HARMLESS = {"runner", "cd", "cp", "export", "ls", "mkdir", "ssh-keygen", "${EDITOR:-vi}"}
#: Commands that pages name to say that they do not exist.
ABSENT = {"runner destroy"}
ALL = [(page, block) for page in pages() for block in page.blocks]
BLOCKS = [pytest.param(page, block, id=f"{page.name}:{block.line}") for page, block in ALL]
RUN = [pytest.param(page, block, id=f"{page.name}:{block.line}") for page, block in ALL if not block.needs]
#: Folders of the checkout: a word of a command that begins so is a file of ours.
_OURS = re.compile(r"(?:examples|tools|tests|docs|bench|\.ci)/[\w./-]+")


@pytest.mark.parametrize(("page", "block"), BLOCKS)
def test_every_command_of_a_block_exists(page: Page, block: Block) -> None:
    wrong = {" ".join(words): why for words in commands(block.text) if (why := refused(words))}
    assert not wrong, f"{page.name}:{block.line}"


@pytest.mark.parametrize(("page", "block"), BLOCKS)
def test_every_file_of_the_checkout_that_a_block_names_is_there(page: Page, block: Block) -> None:
    named = [word.partition("::")[0] for words in commands(block.text) for word in words if _OURS.match(word)]
    assert [word for word in named if not (ROOT / word).exists()] == [], f"{page.name}:{block.line}"


@pytest.mark.parametrize(("page", "block"), BLOCKS)
def test_what_a_block_needs_is_one_of_the_known_words(page: Page, block: Block) -> None:
    assert set(block.needs) <= NEEDS, f"{page.name}:{block.line}"


@pytest.mark.parametrize("page", [page for page in pages() if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_runner_command_within_a_sentence_exists(page: Page) -> None:
    said = [code for code in page.inline if re.match(r"(runner|make|cdktf) [a-z-]", code) and not re.search(r"\[|\.\.\.|…|[A-Z]+\|", code)]
    wrong = {code for code in said for words in commands(code) if refused(words, strict=False)}
    assert wrong <= ABSENT


@pytest.mark.parametrize(("page", "block"), RUN)
def test_a_block_that_needs_nothing_else_runs(page: Page, block: Block, tmp_path: Path) -> None:
    assert {words[0] for words in commands(block.text)} <= HARMLESS
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    if "mkdir -p clusters/home" not in block.text:
        a_cluster(tmp_path / "clusters/home")
    done = subprocess.run(
        ["sh", "-eu"], input=block.text, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{page.name}:{block.line}\n{block.text}\n{done.stdout}{done.stderr}"


def a_cluster(folder: Path) -> None:
    """The quick start, ready to be planned."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "examples/quickstart/cluster.yaml", folder)
    (folder / "id_ed25519.pub").write_text(PUBLIC_KEY + "\n")
    (folder / "id_ed25519").write_text("")


def environment(folder: Path) -> dict[str, str]:
    """A person's, who keeps the file in clusters/home and whose editor leaves everything as it is."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
    return kept | {"HOME": str(folder), "EDITOR": "true", "STARDOCK_LOCK": "write", "STARDOCK_FILE": "clusters/home/cluster.yaml"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("runner plam", "No such command"),
        ("runner plan --iff-lost", "No such option"),
        ("runner plan --format yaml", "is not one of"),
        ("runner lock accept", "Missing argument"),
        ("runner bootstrap --timeout SOON", "is not a valid"),
        ("STARDOCK_LOCK=write runner lab run -f f.yaml -- runner plam", "No such command"),
        ("(cd somewhere && make demmo)", "no target"),
        ("cdktf apply-all # comment", "no command"),
    ],
)
def test_a_wrong_command_is_found_wherever_it_stands(line: str, why: str) -> None:
    (found,) = [said for words in commands(line) if (said := refused(words))]
    assert why in found
