"""`runner lock forget`: who carries between two sites of a mesh is chosen anew where a person says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stardock.workspace.lock import load_lock
from stardock.workspace.workspace import commit_lock, open_workspace
from tests.unit.cli.test_bootstrap_command import runner
from tests.unit.plan.test_mesh import SITES, meshed

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature mesh")]


def test_a_pair_of_sites_is_forgotten_and_the_next_plan_chooses_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    ends = {"server2": "home.example.org:2"}
    file.write_text(json.dumps(meshed([{"name": "home", "endpoints": ends}, *SITES[1:]])))
    commit_lock(open_workspace(file))
    ends["lb1"] = "home.example.org:1"
    file.write_text(json.dumps(meshed([{"name": "home", "endpoints": ends}, *SITES[1:]])))
    done = runner("lock", "forget", "boat+shed", "-f", str(file))
    assert "boat+shed: free again: server2, which carries between them" in done.output
    after = load_lock(tmp_path / "cluster.lock")
    assert after
    assert dict(after.relays) == {"boat+home": "server2", "home+shed": "server2"}
    assert "the relay of boat+shed" in runner("plan", "-f", str(file)).output
    assert open_workspace(file).lock.relays["boat+shed"] == "lb1"


def test_what_the_lock_does_not_hold_is_told_with_what_it_does(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(json.dumps(meshed()))
    commit_lock(open_workspace(file))
    done = runner("lock", "forget", "boat+harbour", "-f", str(file))
    assert done.exit_code == 5
    assert "boat+shed" in done.stderr
