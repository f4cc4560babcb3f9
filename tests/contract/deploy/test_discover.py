"""`runner discover` against the emulated PVE: bounded, honest about what it does not know, and forgetful of what is gone."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.contract.deploy.estate import EmulatedEstate, until
from tests.contract.deploy.guests import host_key

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
    assert _facts(deployed) == {"cluster": "quickstart", "founded": None, "machines": {}}
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


@pytest.mark.proves("reality A8")
@pytest.mark.parametrize(
    ("privilege", "words"),
    [
        ("VM.GuestAgent.Audit", "the API token lacks VM.GuestAgent.Audit on /vms/220"),
        ("VM.GuestAgent.FileRead", "the API token lacks VM.GuestAgent.FileRead on /vms/220"),
    ],
)
def test_a_missing_privilege_is_named_at_once_and_what_the_other_one_reads_is_kept(
    deployed: EmulatedEstate, privilege: str, words: str
) -> None:
    _path(deployed).unlink()
    deployed.take_role(without=privilege)
    began = time.monotonic()
    code, output = deployed.run("discover", "--timeout", "120")
    assert (code, time.monotonic() - began < 60) == (4, True), output
    assert words in output
    assert "waiting longer would not help" in output
    known = _facts(deployed)["machines"]["agent1"]
    assert bool(known["addresses"]) != bool(known["host_keys"])


@pytest.mark.proves("reality A7", "reality A8")
def test_what_waiting_cannot_cure_is_not_waited_for_and_the_others_finish(deployed: EmulatedEstate) -> None:
    _path(deployed).unlink()
    deployed.pve.lab("agent", vm_id=220, disabled=["guest-file-open"])
    deployed.pve.lab("agent", vm_id=210, disabled=["guest-network-get-interfaces"])
    deployed.pve.lab("config", vm_id=211, delete=["agent"])
    deployed.pve.lab("agent", vm_id=212, silent=True)
    process = deployed.start("discover", "--timeout", "120")
    time.sleep(6)
    assert process.poll() is None, "server3 is merely silent"
    deployed.pve.lab("agent", vm_id=212, silent=False)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 4, output
    assert "agent1: guest agent may not do guest-file-open: it is disabled there" in output
    assert "server1: guest agent may not do guest-network-get-interfaces" in output
    assert "server2: has no guest agent configured on Proxmox" in output
    assert "FILTER_RPC_ARGS" in output
    facts = _facts(deployed)["machines"]
    assert set(facts) == {"server1", "server3", "agent1", "lb1", "lb2"}
    assert (facts["agent1"]["addresses"], facts["agent1"]["host_keys"]) == ({"ens18": ["192.168.1.220"]}, [])
    assert facts["server1"]["host_keys"], "what was read is not lost with what was not"


@pytest.mark.proves("reality A7")
def test_odd_answers_are_told_and_cost_no_address_that_was_read(deployed: EmulatedEstate) -> None:
    _path(deployed).unlink()
    (mac,) = (mac for mac, address in deployed.guests.addresses.items() if address == "192.168.1.220")
    odd = [None, {"name": 3}, {"hardware-address": mac, "ip-addresses": [{"ip-address": "999.1.1.1"}, {"ip-address": "192.168.1.220/24"}]}]
    deployed.pve.lab("agent", vm_id=220, answers={"guest-network-get-interfaces": odd})
    deployed.pve.lab("agent", vm_id=212, answers={"guest-network-get-interfaces": {"error": {"class": "x", "desc": "out of luck"}}})
    code, output = deployed.run("discover", "--timeout", "3")
    assert code == 4, output
    assert "'999.1.1.1'" in output
    assert "server3: guest agent answers: out of luck" in output
    assert _facts(deployed)["machines"]["agent1"]["addresses"] == {"ens18": ["192.168.1.220"]}


@pytest.mark.proves("reality B9", "selinux 2")
def test_where_selinux_keeps_host_keys_first_boots_copy_is_read_and_without_one_addresses_are_kept_and_the_way_on_is_named(
    deployed: EmulatedEstate,
) -> None:
    _path(deployed).unlink()
    for vm_id in (212, 220):
        deployed.pve.lab("agent", vm_id=vm_id, denied=["/etc/ssh/ssh_host_"])
    deployed.guests.files[220] = {"/etc/stardock/host-keys.pub": f"{host_key('copied')} root@agent1\n".encode()}
    code, output = deployed.run("discover", "--timeout", "3")
    assert code == 4, output
    assert "silent" not in output
    assert "server3: keeps its SSH host keys from the guest agent (Permission denied: SELinux)" in output
    assert "--accept-new-host-keys" in output
    facts = _facts(deployed)["machines"]
    assert facts["agent1"]["host_keys"] == [host_key("copied")]
    assert (facts["server3"]["addresses"], facts["server3"]["host_keys"]) == ({"ens18": ["192.168.1.52"]}, [])


@pytest.mark.proves("reality A5")
def test_a_vm_is_asked_whatever_the_old_list_says_of_its_power(deployed: EmulatedEstate) -> None:
    _path(deployed).unlink()
    deployed.pve.lab("kill", vm_id=220)
    deployed.pve.lab("pvestatd", held=True)
    deployed.pve.granted("POST", _start(deployed, 220))
    until(lambda: deployed.vms()[220] == "running")
    deployed.pve.lab("kill", vm_id=201)
    deployed.pve.lab("qmp", vm_id=212, status="paused")
    code, output = deployed.run("discover", "--timeout", "3")
    assert code == 4, output
    assert "lb2: is not running" in output
    assert "server3: is not being run by QEMU (paused)" in output
    assert set(_facts(deployed)["machines"]) == {"server1", "server2", "lb1", "agent1"}


def _on(estate: EmulatedEstate, vm_id: int) -> str:
    return str(next(vm["node"] for vm in estate.pve.get("/cluster/resources", type_="vm") if vm["vmid"] == vm_id))


def _start(estate: EmulatedEstate, vm_id: int) -> str:
    return f"/nodes/{_on(estate, vm_id)}/qemu/{vm_id}/status/start"
