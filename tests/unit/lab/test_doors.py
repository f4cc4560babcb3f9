"""Tests switch machines on through a door that waits, wait in one way, and say what they live on: read from their source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import QUICK_START

pytestmark = pytest.mark.unit
TESTS = Path(__file__).parents[2]

#: What switches a machine, and the files that may say it: the doors.
SWITCHES = re.compile(r"hypervisor\.(start|stop)\(|systemctl[\", ]+(reboot|poweroff)|[\"']lab[\"'], [\"'](start|kill)[\"']")
DOORS = {"lab/cluster.py", "lab/small.py"}
#: Where the power switch itself is the subject, and how often.
SUBJECTS = {"lab/test_machines.py": 3}

LAYERS = ("lab", "contract", "vm")


def sources(*layers: str) -> dict[str, str]:
    """Path below tests/ -> text."""
    return {str(path.relative_to(TESTS)): path.read_text() for layer in layers for path in sorted((TESTS / layer).rglob("*.py"))}


def test_whoever_starts_or_reboots_a_machine_does_it_through_a_door_that_waits() -> None:
    found = {name: len(SWITCHES.findall(text)) for name, text in sources("lab", "contract").items() if name not in DOORS}
    assert {name: count for name, count in found.items() if count} == SUBJECTS


def test_every_loop_that_waits_is_the_one_that_is_bounded_and_names_its_cause() -> None:
    waiting = re.compile(r"time\.sleep\(")
    found = {name for name, text in sources("lab").items() if waiting.search(text)}
    moments = {"lab/quickstart/test_killed.py", "lab/test_prove.py"}
    assert found == moments, "tests/waiting.py waits; a kill in the midst of a stage has its moment"


def test_no_bound_of_a_wait_escapes_the_one_knob() -> None:
    bare = re.compile(r"\.wait\((timeout=)?\d|communicate\(timeout=\d|subprocess\.run\(.*timeout=\d")
    assert not [name for name, text in sources("lab", "contract").items() if bare.search(text)]


@pytest.mark.parametrize("path", [path for path in sources("lab") if "/test_" in path and "scope=" in sources("lab")[path]])
def test_tests_that_share_a_world_of_the_lab_say_that_they_live_one_life_in_it(path: str) -> None:
    """A fixture that yields is a world which a test can spoil for the next."""
    text = sources("lab")[path]
    if re.search(r"scope=\"(module|package)\"\)\ndef .*\n(.*\n)*?    +yield", text):
        assert "one_life(" in text, f"tests/{path}: pytestmark with pytest.mark.one_life('...') (tests/blocked.py)"


def test_every_file_of_the_quick_start_has_its_turn_in_that_one_cluster() -> None:
    found = {path.relative_to(TESTS.parent).as_posix() for path in (TESTS / "lab/quickstart").glob("test_*.py")}
    assert found == set(QUICK_START)
