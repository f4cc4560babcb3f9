"""The gate with the real tofu: nothing goes that was not named, and the named cure works."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.deploy.test_deploy import MACHINES

pytestmark = pytest.mark.contract


def _refused(estate: EmulatedEstate, *arguments: str) -> str:
    made = list(estate.guests.starts)
    code, output = estate.run("deploy", "--timeout", "20", *arguments)
    assert code == 5, output
    assert estate.guests.starts == made
    assert set(estate.vms()) == MACHINES
    return output


def _edit_facts(estate: EmulatedEstate, **values: Any) -> None:
    path = estate.folder / "cluster.facts.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def _without(lock: dict[str, Any], name: str) -> dict[str, Any]:
    return lock | {"machines": {other: machine for other, machine in lock["machines"].items() if other != name}}


@pytest.mark.proves("feature Terraform half")
def test_what_was_not_named_is_refused(deployed: EmulatedEstate) -> None:
    # Somebody takes a name out of cluster.yaml and out of the lock: nothing remembers the machine but the state.
    lock = deployed.folder / "cluster.lock"
    before = lock.read_text()
    lock.write_text(json.dumps(_without(json.loads(before), "agent1")))
    deployed.data["pools"][2]["machines"] = ["agent2"]
    deployed.data["pools"][2]["vm_id_start"] = 230
    deployed.write()
    output = _refused(deployed)
    assert "agent1 would be deleted, and nobody named it" in output
    assert "write agent1 under `remove:`" in output

    # Two load balancers at once, and a server of a founded cluster: refused although named.
    deployed.data["pools"][2] |= {"machines": ["agent1"], "vm_id_start": 220}
    lock.write_text(before)
    deployed.write()
    assert "one load balancer at a time" in _refused(deployed, "--replace", "lb1", "--replace", "lb2")
    _edit_facts(deployed, founded={"ca_sha256": "0" * 64, "servers": {}})
    assert "server1 is a server of a founded cluster" in _refused(deployed, "--replace", "server1")


def test_a_name_under_remove_goes_and_nothing_else(deployed: EmulatedEstate) -> None:
    deployed.data["pools"] = deployed.data["pools"][:2]
    deployed.write()
    deployed.deploy()
    assert set(deployed.vms()) == MACHINES
    deployed.data["remove"] = ["agent1"]
    deployed.write()
    deployed.deploy()
    assert set(deployed.vms()) == MACHINES - {220}
    assert "agent1" not in (deployed.folder / "cluster.known_hosts").read_text()


def test_a_machine_whose_start_fails_during_create_with_protect_is_told_with_its_cure_which_ends_clean(deployed: EmulatedEstate) -> None:
    deployed.data["protect"] = True
    deployed.write()
    deployed.destroy(210)
    deployed.pve.lab("fail", kind="qmstart", subject="210", message="start failed: no space left on device")
    code, output = deployed.run("deploy")
    assert code == 6, output
    assert "no space left on device" in output
    assert "runner deploy --replace server1" in _refused(deployed)
    deployed.deploy("--replace", "server1")
    assert set(deployed.vms().values()) == {"running"}
    deployed.plans_nothing()


def test_a_vm_id_that_a_stranger_has_is_told_and_the_stranger_left_alone(deployed: EmulatedEstate) -> None:
    for path in deployed.folder.glob("*.tfstate*"):
        path.unlink()
    deployed.pve.lab("config", vm_id=220, set={"tags": "mine", "name": "files"})
    deployed.pve.lab("pvestatd")  # whose last round has not seen the name
    code, output = deployed.run("deploy")
    assert code == 4, output
    assert "VM id 220 of agent1 is taken by files on " in output
    assert not deployed.accepted("POST", "/qemu")


def test_with_the_facts_lost_no_server_is_replaced_and_discover_reads_from_the_machines_that_they_are_founded(
    deployed: EmulatedEstate,
) -> None:
    deployed.guests.marks = dict.fromkeys((210, 211, 212), b"ab" * 32 + b"\n")
    (deployed.folder / "cluster.facts.json").unlink()
    assert "runner discover" in _refused(deployed, "--replace", "server1")
    assert deployed.run("discover")[0] == 0
    assert json.loads((deployed.folder / "cluster.facts.json").read_text())["founded"]["ca_sha256"] == "ab" * 32
    assert "server1 is a server of a founded cluster" in _refused(deployed, "--replace", "server1")
