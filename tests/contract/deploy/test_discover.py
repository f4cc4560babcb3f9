"""`runner discover` against the emulated PVE: bounded, honest about what it does not know, and forgetful of what is gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.deploy.estate import EmulatedEstate

pytestmark = pytest.mark.contract

SERVERS = ("server1", "server2", "server3")


def _facts(estate: EmulatedEstate) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(_path(estate).read_text())
    return facts


def _path(estate: EmulatedEstate) -> Path:
    return estate.folder / "cluster.facts.json"


def _found(estate: EmulatedEstate) -> None:
    """Note, as bootstrap would, that these servers founded the cluster."""
    facts = _facts(estate)
    keys = {name: facts["machines"][name]["host_keys"] for name in SERVERS}
    _path(estate).write_text(json.dumps(facts | {"founded": {"ca_sha256": "0" * 64, "servers": keys}}))


def test_a_silent_machine_is_waited_for_in_bounds_and_told_and_the_others_are_saved(estate: EmulatedEstate) -> None:
    estate.deploy()
    _path(estate).unlink()
    estate.lab("agent", vm_id=220, silent=True)
    estate.lab("kill", vm_id=201)
    code, output = estate.run("discover", "--timeout", "3")
    assert code == 4, output
    assert "agent1: guest agent is silent" in output
    assert "lb2: is not running" in output
    assert set(_facts(estate)["machines"]) == {*SERVERS, "lb1"}

    # What was known of a machine that is merely silent stays known.
    estate.lab("agent", vm_id=220, silent=False)
    estate.run("discover", "--timeout", "3")
    known = _facts(estate)["machines"]["agent1"]
    estate.lab("agent", vm_id=220, silent=True)
    estate.run("discover", "--timeout", "3")
    assert _facts(estate)["machines"]["agent1"] == known


def test_machines_that_are_gone_are_dropped_and_with_the_last_server_that_founded_the_founding(estate: EmulatedEstate) -> None:
    estate.deploy()
    _found(estate)
    code, output = estate.run("discover")
    assert code == 0, output
    assert _facts(estate)["founded"]["servers"].keys() == set(SERVERS)

    # Everything destroyed (`cdktf destroy` does it; here PVE forgets) and deployed anew: another cluster will live here.
    for vm_id in estate.vms():
        estate.destroy(vm_id)
    code, output = estate.run("discover")
    assert code == 4, output
    assert "does not exist on Proxmox" in output
    assert _facts(estate) == {"cluster": "quickstart", "founded": None, "machines": {}}
    estate.deploy()
    assert set(_facts(estate)["machines"]) == {*SERVERS, "lb1", "lb2", "agent1"}


def test_servers_made_anew_are_not_founded_and_one_that_survived_keeps_the_founding(estate: EmulatedEstate) -> None:
    estate.deploy()
    _found(estate)
    for vm_id in (210, 211):
        estate.destroy(vm_id)
    assert "not founded" not in estate.deploy()
    assert _facts(estate)["founded"] is not None
    estate.destroy(212)
    assert "it counts as not founded" in estate.deploy()
    assert _facts(estate)["founded"] is None
