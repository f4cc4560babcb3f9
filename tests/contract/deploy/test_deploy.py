"""`runner deploy` with the real tofu and the real provider against the emulated PVE: from nothing to known machines, and again."""

from __future__ import annotations

import json
import shutil
import time

import pytest

from tests.contract.deploy.estate import EmulatedEstate

pytestmark = pytest.mark.contract

MACHINES = {200, 201, 210, 211, 212, 220}


HASH = "$6$planted$notarealhash"


@pytest.mark.proves("feature Terraform half")
def test_deploy_makes_the_machines_and_knows_them_and_a_second_changes_nothing(estate: EmulatedEstate) -> None:
    (estate.folder.parent / "ada.hash").write_text(HASH)
    estate.data["cloud_init"] = {"users": [{"name": "ada", "password_hash": {"file": "../ada.hash"}}]}
    estate.write()
    estate.pve.lab("delay", tasks=0.1)  # each task is found running first; in other tests none is
    first = estate.deploy()
    assert set(estate.vms()) == MACHINES
    assert "machine server1: created" in first
    facts = json.loads((estate.folder / "cluster.facts.json").read_text())
    assert facts["machines"]["server1"]["addresses"] == {"ens18": ["192.168.1.50"]}
    assert len((estate.folder / "cluster.known_hosts").read_text().splitlines()) == len(MACHINES)
    assert "deploy: done in " in first
    assert "Machines with address and SSH host key: lb1, lb2, server1..server3 (3), agent1. Next: runner bootstrap " in first
    second = estate.deploy()
    assert "nothing to change" in second
    modes = {path.name: path.stat().st_mode & 0o777 for path in estate.folder.glob("*.tfstate*")}
    assert modes == {"cluster.tfstate": 0o600, "cluster.tfstate.backup": 0o600}
    assert not list(estate.folder.rglob("*.tfplan"))
    written = {path.name for path in estate.folder.rglob("*") if path.is_file() and HASH.encode() in path.read_bytes()}
    assert written <= {"cluster.tfstate", "cluster.tfstate.backup"}
    assert "cluster.tfstate" in written
    assert HASH not in first + second


@pytest.mark.proves("feature state beside the file")
def test_a_lost_state_is_healed_by_import_and_no_machine_is_touched(deployed: EmulatedEstate) -> None:
    starts = list(deployed.guests.starts)
    for path in deployed.folder.glob("*.tfstate*"):
        path.unlink()
    shutil.rmtree(deployed.folder / "cdktf.out")
    output = deployed.deploy()
    assert "taken back" in output
    assert deployed.guests.starts == starts
    assert not deployed.accepted("POST", "/status/stop")
    assert not deployed.accepted("POST", "/qemu")
    deployed.plans_nothing()


def test_an_import_does_not_wait_for_a_silent_agent_without_a_word(deployed: EmulatedEstate) -> None:
    for path in deployed.folder.glob("*.tfstate*"):
        path.unlink()
    deployed.pve.lab("agent", vm_id=min(MACHINES), silent=True)
    code, output = deployed.run("deploy", "--timeout", "3")
    assert code == 4, output
    assert f"VM {min(MACHINES)}" in output
    assert "start qemu-guest-agent" in output
    deployed.pve.lab("agent", vm_id=min(MACHINES), silent=False)
    assert "taken back" in deployed.deploy()


@pytest.mark.proves("reality A5")
def test_an_import_waits_for_the_agent_of_a_vm_that_runs_and_for_no_other_whatever_the_old_list_says(deployed: EmulatedEstate) -> None:
    for path in deployed.folder.glob("*.tfstate*"):
        path.unlink()
    deployed.pve.lab("pvestatd", held=True)
    deployed.pve.lab("kill", vm_id=min(MACHINES))
    deployed.pve.lab("agent", vm_id=min(MACHINES), silent=True)
    code, output = deployed.run("deploy", "--timeout", "3")
    assert "an import waits for" not in output
    assert "taken back" in output
    assert deployed.vms()[min(MACHINES)] == "running"
    assert (code, "guest agent is silent" in output) == (4, True), output


@pytest.mark.proves("reality A8")
def test_an_import_does_not_wait_for_an_agent_that_will_never_tell(deployed: EmulatedEstate) -> None:
    for path in deployed.folder.glob("*.tfstate*"):
        path.unlink()
    deployed.pve.lab("agent", vm_id=min(MACHINES), disabled=["guest-network-get-interfaces"])
    began = time.monotonic()
    code, output = deployed.run("deploy", "--timeout", "120")
    assert (code, time.monotonic() - began < 120) == (4, True), output
    assert "guest agent may not do guest-network-get-interfaces" in output
    assert "FILTER_RPC_ARGS" in output


@pytest.mark.proves("feature discovery")
def test_a_machine_that_is_replaced_by_name_has_its_new_host_key_in_the_facts(deployed: EmulatedEstate) -> None:
    deployed.data["protect"] = True
    deployed.write()
    known = (deployed.folder / "cluster.known_hosts").read_text().splitlines()
    deployed.deploy("--replace", "agent1")
    now = (deployed.folder / "cluster.known_hosts").read_text().splitlines()
    assert len(set(known) & set(now)) == len(MACHINES) - 1
    assert len(now) == len(MACHINES)
    stack = json.loads((deployed.stack / "cdk.tf.json").read_text())
    machines = stack["resource"]["proxmox_virtual_environment_vm"].values()
    assert [machine["lifecycle"]["prevent_destroy"] for machine in machines] == [True] * len(MACHINES)


@pytest.mark.proves("feature discovery")
def test_a_replaced_machine_without_a_guest_agent_is_no_impostor_its_old_host_key_is_forgotten(deployed: EmulatedEstate) -> None:
    deployed.data["pools"][0]["agent"] = {"enabled": False}
    deployed.write()
    deployed.deploy("--replace", "lb2")
    facts = json.loads((deployed.folder / "cluster.facts.json").read_text())["machines"]
    assert facts["lb2"]["host_keys"] == []
    assert all(machine["host_keys"] for name, machine in facts.items() if name != "lb2")
    assert "lb2" not in (deployed.folder / "cluster.known_hosts").read_text()
    code, output = deployed.run("bootstrap")
    assert code == 4, output
    assert "no SSH host key is known for lb2" in output
    assert "pass --accept-new-host-keys to trust the first answer" in output
