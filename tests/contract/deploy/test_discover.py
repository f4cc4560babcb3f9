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


@pytest.mark.proves("feature discovery")
def test_a_silent_machine_is_waited_for_in_bounds_and_told_and_the_others_are_saved(deployed: EmulatedEstate) -> None:
    _path(deployed).unlink()
    deployed.pve.lab("agent", vm_id=220, silent=True)
    deployed.pve.lab("kill", vm_id=201)
    code, output = deployed.run("discover", "--timeout", "3")
    assert code == 4, output
    assert "agent1: guest agent is silent" in output
    assert "lb2: is not running" in output
    assert set(_facts(deployed)["machines"]) == {*SERVERS, "lb1"}

    # What was known of a machine that is merely silent stays known.
    deployed.pve.lab("agent", vm_id=220, silent=False)
    deployed.run("discover", "--timeout", "3")
    known = _facts(deployed)["machines"]["agent1"]
    deployed.pve.lab("agent", vm_id=220, silent=True)
    deployed.run("discover", "--timeout", "3")
    assert _facts(deployed)["machines"]["agent1"] == known


def test_machines_that_are_gone_are_dropped_and_with_the_last_server_that_founded_the_founding(deployed: EmulatedEstate) -> None:
    _found(deployed)
    code, output = deployed.run("discover")
    assert code == 0, output
    assert _facts(deployed)["founded"]["servers"].keys() == set(SERVERS)

    # Everything destroyed (`cdktf destroy` does it; here PVE forgets) and deployed anew: another cluster will live here.
    for vm_id in deployed.vms():
        deployed.destroy(vm_id)
    code, output = deployed.run("discover")
    assert code == 4, output
    assert "does not exist on Proxmox" in output
    assert _facts(deployed) == {"cluster": "quickstart", "founded": None, "machines": {}, "mesh_keys": {}, "unknown": []}
    deployed.deploy()
    assert set(_facts(deployed)["machines"]) == {*SERVERS, "lb1", "lb2", "agent1"}


def test_servers_made_anew_are_not_founded_and_one_that_survived_keeps_the_founding(deployed: EmulatedEstate) -> None:
    _found(deployed)
    for vm_id in (210, 211):
        deployed.destroy(vm_id)
    assert "not founded" not in deployed.deploy()
    assert _facts(deployed)["founded"] is not None
    deployed.destroy(212)
    assert "it counts as not founded" in deployed.deploy()
    assert _facts(deployed)["founded"] is None
