"""What the package says of itself: its dependencies, and the programs that come with it."""

from __future__ import annotations

import os
import sysconfig
import tomllib
from typing import Any

import pytest

from stardock.shipped import ROOT, own_programs_first

pytestmark = pytest.mark.unit


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text())


def test_the_wheel_asks_for_what_pipfile_asks_for() -> None:
    ours = {name: spec for name, spec in read("Pipfile")["packages"].items() if name != "stardock"}
    asked = [line.partition(" ") for line in read("pyproject.toml")["project"]["dependencies"]]
    assert {name: spec.replace(" ", "") or "*" for name, _, spec in asked} == ours


def test_node_and_ansible_are_those_of_this_installation_also_where_path_lacks_it() -> None:
    scripts = sysconfig.get_path("scripts")
    environ = {"PATH": "/usr/bin"}
    own_programs_first(environ)
    own_programs_first(environ)
    assert environ["PATH"] == os.pathsep.join((scripts, "/usr/bin"))
    empty: dict[str, str] = {}
    own_programs_first(empty)
    assert empty["PATH"].startswith(scripts)
