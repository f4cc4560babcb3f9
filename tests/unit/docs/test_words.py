"""The pages keep up with the program: words of the glossary, commands of the handover page, the first screen of README."""

from __future__ import annotations

import re

import pytest

from stardock.cli.main import COMMANDS
from stardock.model.machine import ROLES
from stardock.model.stages import NAMES
from stardock.systems import SYSTEMS
from stardock.terraform.changes import MachineChange
from stardock.terraform.gate import Allowed, kept_server
from tests.plans import ROOT
from tests.unit.docs.pages import README, Page

pytestmark = pytest.mark.unit

SCREEN = 20


def named(page: str) -> set[str]:
    """Each word of inline code on a page."""
    return {word for code in Page(ROOT / "docs" / page).inline for word in code.split()}


def test_the_glossary_names_every_role_stage_and_system() -> None:
    assert {*ROLES, *NAMES, *SYSTEMS} <= named("glossary.md")


def test_the_handover_page_says_of_every_command_what_it_needs() -> None:
    assert set(COMMANDS) <= named("handover.md")


def test_no_word_of_the_glossary_has_two_meanings() -> None:
    words = re.findall(r"^\| ([^|]+) \|", Page(ROOT / "docs/glossary.md").text, flags=re.MULTILINE)
    assert {word for word in words if words.count(word) > 1} == {"word"}, "the heads of its tables"


def test_the_first_screen_has_two_commands_with_time_disk_memory_and_needs() -> None:
    screen = "\n".join(README.text.splitlines()[:SCREEN])
    assert re.findall(r"^make \S+", screen, flags=re.MULTILINE) == ["make demo", "make test"]
    (head,) = re.findall(r"^\| \|.*", screen, flags=re.MULTILINE)
    assert all(word in head for word in ("time", "disk", "memory", "needs"))


def test_the_steps_to_replace_a_server_are_those_that_deploy_prints() -> None:
    cure = kept_server(MachineChange("server2", "replace"), Allowed(nodes={"server2": "server2"})).cure
    steps = [*re.findall(r"kubectl [^(\n]*[^(\s]", cure), *re.findall(r"`(runner [^`]*)`", cure)]
    assert len(steps) == 5
    (block,) = [block.text for block in Page(ROOT / "docs/how-to/replace-a-machine.md").blocks if "server2" in block.text]
    places = [block.index(step) for step in steps]
    assert places == sorted(places)
