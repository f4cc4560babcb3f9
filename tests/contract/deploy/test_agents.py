"""`runner discover` against guest agents that refuse, lie, or are refused: each is told as what it is, and costs nothing that was read.

The machines were made by requests of the test's own: neither tofu nor the provider has a part in it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.patience import patient
from stardock.drift import place
from stardock.drift.look import look
from stardock.errors import ConditionError
from stardock.estate.connection import Estate
from stardock.estate.role import role_name
from stardock.model.labels import tags
from stardock.model.plan import Plan
from stardock.plan.views.privileges import grants
from stardock.terraform.lost import await_agents
from stardock.workspace.workspace import open_workspace
from tests.contract.deploy.estate import EmulatedEstate, emulated_estate, until
from tests.contract.deploy.guests import host_key

pytestmark = pytest.mark.contract


@pytest.fixture
def existing(tmp_path: Path) -> Iterator[EmulatedEstate]:
    """The quick start's machines, running, of which nothing was asked yet."""
    with emulated_estate(tmp_path) as estate:
        plan = open_workspace(estate.file).plan
        for machine in plan.machines:
            (nic,) = machine.interfaces
            options = {"name": machine.hostname, "tags": ";".join(sorted(tags(plan.cluster, machine))), "agent": "enabled=1"}
            drives = {"net0": f"virtio={nic.mac},bridge={nic.bridge}", "scsi0": "local-lvm:8", "scsi1": "local-lvm:cloudinit"}
            assert estate.pve.do("POST", f"/nodes/{machine.pve_node}/qemu", vmid=machine.vm_id, **options, **drives).status == "OK"
            assert estate.pve.do("POST", f"{_vm(estate, machine.name)}/status/start").status == "OK"
        yield estate


def _vm(estate: EmulatedEstate, name: str) -> str:
    machine = open_workspace(estate.file).plan.machine(name)
    return f"/nodes/{machine.pve_node}/qemu/{machine.vm_id}"


def _withdraw(estate: EmulatedEstate, privilege: str) -> None:
    """Take one privilege out of the role that has it."""
    plan = open_workspace(estate.file).plan
    grant = next(grant for grant in grants(plan) if privilege in grant.privileges)
    kept = ",".join(name for name in grant.privileges if name != privilege)
    estate.pve.granted("PUT", f"/access/roles/{role_name(plan, grant)}", {"privs": kept})


def _facts(estate: EmulatedEstate) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((estate.folder / "cluster.facts.json").read_text())
    return facts


@pytest.mark.proves("reality A8")
@pytest.mark.parametrize(
    ("privilege", "words"),
    [
        ("VM.GuestAgent.Audit", "the API token lacks VM.GuestAgent.Audit on /vms/220"),
        ("VM.GuestAgent.FileRead", "the API token lacks VM.GuestAgent.FileRead on /vms/220"),
    ],
)
def test_a_missing_privilege_is_named_at_once_and_what_the_other_one_reads_is_kept(
    existing: EmulatedEstate, privilege: str, words: str
) -> None:
    _withdraw(existing, privilege)
    began = time.monotonic()
    code, output = existing.run("discover", "--timeout", "120")
    assert (code, time.monotonic() - began < 120) == (4, True), output
    assert words in output
    assert "waiting longer would not help" in output
    known = _facts(existing)["machines"]["agent1"]
    assert bool(known["addresses"]) != bool(known["host_keys"])


@pytest.mark.proves("reality A7", "reality A8")
def test_what_waiting_cannot_cure_is_not_waited_for_and_the_others_finish(existing: EmulatedEstate) -> None:
    existing.pve.lab("agent", vm_id=220, disabled=["guest-file-open"])
    existing.pve.lab("agent", vm_id=210, disabled=["guest-network-get-interfaces"])
    existing.pve.lab("config", vm_id=211, delete=["agent"])
    existing.pve.lab("agent", vm_id=212, silent=True)
    process = existing.start("discover", "--timeout", "120")
    until(lambda: len([item for item in existing.pve.lab("requests") if "/qemu/212/agent/" in item["path"]]) > 1)
    assert process.poll() is None, "server3 is merely silent"
    existing.pve.lab("agent", vm_id=212, silent=False)
    output, _ = process.communicate(timeout=patient(60))
    assert process.returncode == 4, output
    assert "agent1: guest agent may not do guest-file-open: it is disabled there" in output
    assert "server1: guest agent may not do guest-network-get-interfaces" in output
    assert "server2: has no guest agent configured on Proxmox" in output
    assert "FILTER_RPC_ARGS" in output
    facts = _facts(existing)["machines"]
    assert set(facts) == {"server1", "server3", "agent1", "lb1", "lb2"}
    assert (facts["agent1"]["addresses"], facts["agent1"]["host_keys"]) == ({"ens18": ["192.168.1.60"]}, [])
    assert facts["server1"]["host_keys"], "what was read is not lost with what was not"


@pytest.mark.proves("reality A7")
def test_odd_answers_are_told_and_cost_no_address_that_was_read(existing: EmulatedEstate) -> None:
    (mac,) = (mac for mac, address in existing.guests.addresses.items() if address == "192.168.1.60")
    odd = [None, {"name": 3}, {"hardware-address": mac, "ip-addresses": [{"ip-address": "999.1.1.1"}, {"ip-address": "192.168.1.60/24"}]}]
    existing.pve.lab("agent", vm_id=220, answers={"guest-network-get-interfaces": odd})
    existing.pve.lab("agent", vm_id=212, answers={"guest-network-get-interfaces": {"error": {"class": "x", "desc": "out of luck"}}})
    code, output = existing.run("discover", "--timeout", "3")
    assert code == 4, output
    assert "'999.1.1.1'" in output
    assert "server3: guest agent answers: out of luck" in output
    assert _facts(existing)["machines"]["agent1"]["addresses"] == {"ens18": ["192.168.1.60"]}


@pytest.mark.proves("reality B9", "selinux 2")
def test_where_selinux_keeps_host_keys_first_boots_copy_is_read_and_without_one_addresses_are_kept_and_the_way_on_is_named(
    existing: EmulatedEstate,
) -> None:
    for vm_id in (212, 220):
        existing.pve.lab("agent", vm_id=vm_id, denied=["/etc/ssh/ssh_host_"])
    existing.guests.files[220] = {"/etc/stardock/host-keys.pub": f"{host_key('copied')} root@agent1\n".encode()}
    code, output = existing.run("discover", "--timeout", "3")
    assert code == 4, output
    assert "silent" not in output
    assert "server3: keeps its SSH host keys from the guest agent (Permission denied: SELinux)" in output
    assert "--accept-new-host-keys" in output
    facts = _facts(existing)["machines"]
    assert facts["agent1"]["host_keys"] == [host_key("copied")]
    assert (facts["server3"]["addresses"], facts["server3"]["host_keys"]) == ({"ens18": ["192.168.1.52"]}, [])


@pytest.mark.proves("reality A5")
def test_a_vm_is_asked_whatever_the_old_list_says_of_its_power(existing: EmulatedEstate) -> None:
    existing.pve.lab("kill", vm_id=220)
    existing.pve.lab("pvestatd", held=True)
    existing.pve.granted("POST", _vm(existing, "agent1") + "/status/start")
    until(lambda: existing.vms()[220] == "running")
    existing.pve.lab("kill", vm_id=201)
    existing.pve.lab("qmp", vm_id=212, status="paused")
    code, output = existing.run("discover", "--timeout", "3")
    assert code == 4, output
    assert "lb2: is not running" in output
    assert "server3: is not being run by QEMU (paused)" in output
    assert set(_facts(existing)["machines"]) == {"server1", "server2", "lb1", "agent1"}


def _asked(estate: EmulatedEstate) -> tuple[Estate, Plan]:
    """What commands ask with, and the plan."""
    plan = open_workspace(estate.file).plan
    return Estate.from_environment(plan.proxmox, estate.environ()), plan


@pytest.mark.proves("reality A5", "reality A8")
def test_an_import_waits_only_for_agents_of_vms_that_run_and_not_for_one_that_will_never_tell(existing: EmulatedEstate) -> None:
    asked, plan = _asked(existing)
    places = [f"{machine.pve_node}/{machine.vm_id}" for machine in plan.machines]
    existing.pve.lab("pvestatd", held=True)
    existing.pve.lab("kill", vm_id=201)
    existing.pve.lab("agent", vm_id=201, silent=True)
    await_agents(asked, places, pytest.fail, 60)
    existing.pve.lab("agent", vm_id=220, disabled=["guest-network-get-interfaces"])
    with pytest.raises(ConditionError, match=r"agent1.*: guest agent may not do guest-network-get-interfaces") as refused:
        await_agents(asked, places, lambda _line: None, 60)
    assert "FILTER_RPC_ARGS" in str(refused.value.cure)


@pytest.mark.proves("reality A5")
def test_drift_finds_a_vm_that_stopped_or_is_held_by_qemu_whatever_the_old_list_says(existing: EmulatedEstate) -> None:
    asked, plan = _asked(existing)
    existing.pve.lab("pvestatd", held=True)
    existing.pve.lab("kill", vm_id=201)
    existing.pve.lab("qmp", vm_id=212, status="io-error")
    found = {finding.subject: finding.found for finding in place.check(look(asked, plan)) if finding.kind == "stopped"}
    assert found == {"lb2": "stopped", "server3": "io-error"}
