"""The emulated PVE's agent endpoints refuse as PVE and qemu-ga do, with their words and status codes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.estate import Estate
from tests.contract.test_emulator import MAC, make, started

pytestmark = pytest.mark.contract

KEY = "/etc/ssh/ssh_host_ed25519_key.pub"
MICROOS = "https://images.example/openSUSE-MicroOS.x86_64.qcow2"


@pytest.fixture
def vm(pve: Estate) -> str:
    """A VM that runs, whose agent answers."""
    vm = make(pve)
    started(pve, vm)
    pve.lab("agent", vm_id=100, interfaces=[{"name": "ens18", "mac": MAC, "addresses": [["192.168.1.50", 24]]}], files={KEY: "a key\n"})
    return f"{vm}/agent"


def _refused(pve: Estate, path: str, **options: Any) -> tuple[int, str]:
    answer = pve.ask("GET", path, **options)
    return answer.status, answer.reason


@pytest.mark.proves("reality A7")
def test_an_error_of_the_agent_is_an_answer_like_any_other(pve: Estate, vm: str) -> None:
    pve.lab("agent", vm_id=100, disabled=["guest-network-get-interfaces"])
    words = "Command guest-network-get-interfaces has been disabled: the command is not allowed"
    assert pve.get(f"{vm}/network-get-interfaces") == {"result": {"error": {"class": "CommandNotFound", "desc": words}}}


@pytest.mark.proves("feature discovery")
@pytest.mark.parametrize("told", [[], "text", 7, None, {"odd": 1}, [None], [{"hardware-address": 3}]])
def test_whatever_the_agent_answers_is_handed_on_unchecked(pve: Estate, vm: str, told: Any) -> None:
    pve.lab("agent", vm_id=100, answers={"guest-network-get-interfaces": told})
    assert pve.get(f"{vm}/network-get-interfaces") == {"result": told}


@pytest.mark.proves("reality B9")
def test_a_file_that_selinux_keeps_from_the_agent_is_refused_in_the_agents_words(pve: Estate, vm: str) -> None:
    pve.lab("agent", vm_id=100, denied=["/etc/ssh/ssh_host_"])
    words = f"Agent error: failed to open file '{KEY}' (mode: 'r'): Permission denied"
    assert _refused(pve, f"{vm}/file-read", file=KEY) == (500, words)


@pytest.mark.proves("reality B9", "selinux 2")
def test_a_machine_made_from_an_image_of_microos_denies_host_keys_and_var_lib_by_itself(pve: Estate) -> None:
    pve.do("POST", "/nodes/pve1/storage/local/download-url", content="import", filename="openSUSE-MicroOS.qcow2", url=MICROOS)
    disk = "local-lvm:0,import-from=local:import/openSUSE-MicroOS.qcow2"
    assert pve.do("POST", "/nodes/pve1/qemu", vmid=101, name="m", agent="1", memory=1024, scsi0=disk, boot="order=scsi0").status == "OK"
    assert pve.do("POST", "/nodes/pve1/qemu/101/status/start").status == "OK"
    pve.lab("agent", vm_id=101, interfaces=[], files={KEY: "a", "/var/lib/x": "b", "/etc/stardock/host-keys.pub": "c"})
    path = "/nodes/pve1/qemu/101/agent/file-read"
    assert "Permission denied" in _refused(pve, path, file=KEY)[1]
    assert "Permission denied" in _refused(pve, path, file="/var/lib/x")[1]
    assert pve.get(path, file="/etc/stardock/host-keys.pub")["content"] == "c"


def test_a_disabled_file_open_is_an_error_of_file_read(pve: Estate, vm: str) -> None:
    pve.lab("agent", vm_id=100, disabled=["guest-file-open"])
    words = "Agent error: Command guest-file-open has been disabled: the command is not allowed"
    assert _refused(pve, f"{vm}/file-read", file=KEY) == (500, words)


def test_frozen_file_systems_disable_all_but_a_few_commands_and_the_status_tells(pve: Estate, vm: str) -> None:
    pve.lab("agent", vm_id=100, frozen=True)
    assert "has been disabled" in pve.get(f"{vm}/network-get-interfaces")["result"]["error"]["desc"]
    assert pve.ask("POST", f"{vm}/fsfreeze-status").data == {"result": "frozen"}
    pve.lab("agent", vm_id=100, frozen=False)
    assert pve.ask("POST", f"{vm}/fsfreeze-status").data == {"result": "thawed"}


def test_a_command_that_hangs_times_out_in_pves_words(pve: Estate, vm: str) -> None:
    pve.lab("agent", vm_id=100, hangs=["guest-network-get-interfaces"])
    words = "VM 100 qga command 'guest-network-get-interfaces' failed - got timeout"
    assert _refused(pve, f"{vm}/network-get-interfaces") == (500, words)


def test_an_agent_that_is_not_configured_and_one_of_a_paused_vm_are_told_apart(pve: Estate, vm: str) -> None:
    pve.lab("qmp", vm_id=100, status="paused")
    assert pve.get("/nodes/pve1/qemu/100/status/current")["qmpstatus"] == "paused"
    assert _refused(pve, f"{vm}/network-get-interfaces") == (500, "QEMU guest agent is not running")
    pve.lab("config", vm_id=100, delete=["agent"])
    assert _refused(pve, f"{vm}/network-get-interfaces") == (500, "No QEMU guest agent configured")
