"""`runner machine` against the emulated Proxmox, with exactly the role that `runner proxmox-role` prints, over TLS."""

from __future__ import annotations

import json
import os
import signal
from http import HTTPStatus
from typing import Any

import pytest

from lab.patience import patient
from stardock.workspace.workspace import open_workspace
from tests.contract.deploy.estate import EmulatedEstate

pytestmark = [pytest.mark.contract, pytest.mark.proves("feature machines' power")]


def vm_id(estate: EmulatedEstate, name: str) -> int:
    return open_workspace(estate.file).plan.machine(name).vm_id


def status(estate: EmulatedEstate, *names: str) -> tuple[int, dict[str, Any]]:
    """Exit code, and what each machine is."""
    code, output = estate.run("machine", "status", "--format", "json", *names)
    document = json.loads(output)
    assert document["format"] == 1
    return code, {one["name"]: one for one in document["machines"]}


def test_status_tells_what_runs_where_and_the_exit_code_whether_all_do(deployed: EmulatedEstate) -> None:
    code, found = status(deployed)
    assert code == 0
    assert {one["runs"] for one in found.values()} == {True}
    assert {one["agent"] for one in found.values()} == {"answers"}
    hung, off, paused = (vm_id(deployed, name) for name in ("agent1", "server2", "server3"))
    deployed.guests.deaf.add(hung)
    deployed.guests.stop(off)
    deployed.pve.lab("qmp", vm_id=paused, status="io-error")
    code, found = status(deployed)
    assert code == 2
    assert (found["agent1"]["runs"], found["agent1"]["agent"]) == (True, "silent")
    assert (found["server2"]["runs"], found["server2"]["power"]) == (False, "stopped")
    assert (found["server3"]["runs"], found["server3"]["qemu"]) == (False, "io-error")
    assert status(deployed, "agent1")[0] == 0, "it runs, and hangs"
    code, table = deployed.run("machine", "status")
    assert "paused (io-error)" in table
    assert "Nodes are not known: no cluster is known to be founded" in table


def test_a_machine_of_another_pve_node_is_told_where_it_is_and_a_node_that_is_off_makes_it_unknown(deployed: EmulatedEstate) -> None:
    place = {vm["vmid"]: vm["node"] for vm in deployed.pve.listed()}[vm_id(deployed, "agent1")]
    deployed.pve.lab("node", name=place, offline=True)
    code, found = status(deployed, "agent1")
    assert (code, found["agent1"]["runs"], found["agent1"]["pve_node"]) == (4, None, place)


def test_stop_asks_first_and_says_what_it_would_do_and_start_brings_it_back(deployed: EmulatedEstate) -> None:
    agent = vm_id(deployed, "agent1")
    code, output = deployed.run("machine", "stop", "agent1", "--dry-run")
    assert code == 0
    assert f"1. stop   ask the guest of VM {agent} on pve1 to shut down, at most 180 s" in output
    assert "agent1 is not drained: no server could be asked: no cluster is known to be founded" in output
    code, output = deployed.run("machine", "stop", "agent1")
    assert code == 5, output
    assert "no terminal to ask at, and no --yes" in output
    assert deployed.vms()[agent] == "running"
    assert not deployed.accepted("POST", "/status/shutdown")
    assert not list((deployed.folder.parent / "home").glob("stardock-*")), "nothing is left of what was refused"
    code, output = deployed.run("machine", "stop", "agent1", "--yes")
    assert (code, deployed.vms()[agent]) == (0, "stopped"), output
    code, output = deployed.run("machine", "stop", "agent1", "--yes")
    assert code == 0
    assert "agent1 is off" in output
    code, output = deployed.run("machine", "start", "agent1")
    assert (code, deployed.vms()[agent]) == (0, "running"), output
    assert "until its guest agent answers" in output
    code, output = deployed.run("machine", "start", "agent1")
    assert code == 0
    assert "agent1 runs already" in output
    assert len(deployed.accepted("POST", "/status/start")) == 1


def test_a_guest_that_hangs_is_not_cut_off_unasked_and_force_cuts_it(deployed: EmulatedEstate) -> None:
    agent = vm_id(deployed, "agent1")
    deployed.guests.deaf.add(agent)
    code, output = deployed.run("machine", "stop", "agent1", "--yes", "--timeout", "1")
    assert code == 4, output
    assert "Proxmox did not shutdown agent1" in output
    assert "`runner machine stop agent1 --force` cuts its power" in output
    assert deployed.vms()[agent] == "running"
    code, output = deployed.run("machine", "stop", "agent1", "--yes", "--timeout", "1", "--force")
    assert (code, deployed.vms()[agent]) == (0, "stopped"), output


def test_a_hung_machine_is_reset_and_waited_for(deployed: EmulatedEstate) -> None:
    agent = vm_id(deployed, "agent1")
    deployed.guests.deaf.add(agent)
    before = len(deployed.guests.starts)
    code, output = deployed.run("machine", "reset", "agent1", "--yes")
    assert code == 0, output
    assert "agent1 is not drained: no server could be asked" in output
    assert [vm for vm, _ in deployed.guests.starts[before:]] == [agent]
    deployed.guests.stop(agent)
    code, output = deployed.run("machine", "reset", "agent1", "--yes")
    assert code == 4
    assert "there is nothing to reset" in output


def test_a_server_that_nobody_could_ask_about_is_not_stopped_unless_that_is_said(deployed: EmulatedEstate) -> None:
    code, output = deployed.run("machine", "stop", "server1", "--yes")
    assert code == 5, output
    assert "nobody could say whether etcd needs server1" in output
    assert "--accept-standstill" in output
    assert not deployed.accepted("POST", "/status/shutdown")
    code, output = deployed.run("machine", "stop", "server1", "--yes", "--accept-standstill")
    assert (code, deployed.vms()[vm_id(deployed, "server1")]) == (0, "stopped"), output


def test_the_last_load_balancer_says_what_goes_with_it(deployed: EmulatedEstate) -> None:
    assert "goes with lb1" not in deployed.run("machine", "stop", "lb1", "--dry-run")[1]
    assert deployed.run("machine", "stop", "lb2", "--yes")[0] == 0
    code, output = deployed.run("machine", "stop", "lb1", "--dry-run")
    assert code == 0
    assert "192.168.1.40 goes with lb1, and nobody reaches the API by it" in output


def test_what_ha_looks_after_is_stopped_and_started_by_its_manager(deployed: EmulatedEstate) -> None:
    agent = vm_id(deployed, "agent1")
    assert deployed.pve.ask("POST", "/cluster/ha/resources", sid=f"vm:{agent}").status == HTTPStatus.OK
    deployed.guests.deaf.add(agent)
    code, output = deployed.run("machine", "stop", "agent1", "--yes", "--timeout", "1")
    assert (code, deployed.vms()[agent]) == (0, "stopped"), output
    assert "a guest that has not shut down after 1 s loses its power, also without --force" in output
    assert deployed.pve.get(f"/cluster/ha/resources/{agent}")["state"] == "stopped", "the manager keeps it off"
    code, output = deployed.run("machine", "start", "agent1")
    assert (code, deployed.vms()[agent]) == (0, "running"), output
    assert "by PVE's HA manager" in output
    assert status(deployed, "agent1")[1]["agent1"]["ha"] == "started"


def test_locked_and_foreign_vms_are_left_alone(deployed: EmulatedEstate) -> None:
    agent = vm_id(deployed, "agent1")
    deployed.pve.lab("config", vm_id=agent, set={"lock": "backup"})
    code, output = deployed.run("machine", "stop", "agent1", "--yes")
    assert code == 4
    assert "VM is locked (backup)" in output
    assert "qm unlock" in output
    assert status(deployed, "agent1")[1]["agent1"]["lock"] == "backup"
    deployed.pve.lab("config", vm_id=agent, delete=["lock"], set={"name": "agent2"})
    deployed.pve.lab("pvestatd", held=True)
    code, output = deployed.run("machine", "stop", "agent1", "--yes")
    assert code == 5, output
    assert "is called agent2 on Proxmox, and agent1 would be agent1" in output
    deployed.pve.lab("config", vm_id=agent, set={"tags": "somebody"})
    for words in (("stop", "agent1", "--yes"), ("reset", "agent1", "--yes"), ("start", "agent1"), ("console", "agent1")):
        code, output = deployed.run("machine", *words)
        assert code == 5, output
        assert "is not agent1 of this cluster" in output
    code, output = deployed.run("machine", "stop", "agent9", "--yes")
    assert code == 5
    assert "no machine has this name" in output


def test_the_console_shows_what_is_printed_from_then_on_and_obeys_and_sends_nothing(deployed: EmulatedEstate) -> None:
    agent = vm_id(deployed, "agent1")
    deployed.pve.lab("console", vm_id=agent, text="earlier\r\n")
    process = deployed.start("machine", "console", "agent1")
    try:
        deployed.wait_for("POST", "/termproxy", process)
        assert process.stdout is not None
        said = process.stdout.readline() + process.stdout.readline()
        assert "starting serial terminal on interface serial0" in said
        deployed.pve.lab("console", vm_id=agent, text="\x1b[0;32m  OK  \x1b[0m up\r\n\x1b]52;c;cm0gLXJm\x07login: \x9b\x01\r\n")
        assert process.stdout.readline() == "  OK   up\n"
        assert process.stdout.readline() == "login: \ufffd?\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=patient(20)) == 0
        assert process.stdout.read() == ""
    finally:
        process.kill()
        process.communicate()
    assert deployed.pve.lab("status")["typed"] == []


def test_the_console_ends_by_itself_after_seconds_or_with_its_machine(deployed: EmulatedEstate) -> None:
    agent = vm_id(deployed, "agent1")
    code, output = deployed.run("machine", "console", "agent1", "--seconds", "0.5")
    assert code == 0, output
    process = deployed.start("machine", "console", "agent1")
    assert process.stdout is not None
    while "starting serial terminal" not in process.stdout.readline():
        assert process.poll() is None
    deployed.guests.stop(agent)
    output, _ = process.communicate(timeout=patient(20))
    assert process.returncode == 0, output
    code, output = deployed.run("machine", "console", "agent1")
    assert code == 4
    assert "agent1 is off" in output


def test_a_path_behind_the_endpoint_and_a_netrc_of_the_persons_stop_no_console(deployed: EmulatedEstate) -> None:
    (deployed.folder.parent / "home").mkdir(exist_ok=True)
    (deployed.folder.parent / "home" / ".netrc").write_text("machine 127.0.0.1 login somebody password hunter2\n")
    del deployed.data["proxmox"]["endpoint"]
    deployed.write()
    endpoint = f"{deployed.endpoint}/api2/json"
    code, output = deployed.run("machine", "console", "agent1", "--seconds", "0.5", PROXMOX_VE_ENDPOINT=endpoint)
    assert code == 0, output
    assert "starting serial terminal" in output


def test_an_older_proxmox_that_knows_no_tokens_at_consoles_is_told_with_the_way_out(deployed: EmulatedEstate) -> None:
    deployed.pve.lab("console", tokens=False)
    code, output = deployed.run("machine", "console", "agent1")
    assert code == 4
    assert "it does not take our API token there, or another PVE node took the connection" in output
    assert "qm terminal" in output


def test_a_role_of_before_lacks_the_console_and_the_cure_is_told(deployed: EmulatedEstate) -> None:
    deployed.renew_role(without="VM.Console")
    code, output = deployed.run("machine", "console", "agent1")
    assert code == 4
    assert "VM.Console" in output
    assert "runner proxmox-role" in output


def test_killed_while_it_waits_the_next_one_waits_for_the_shutdown_that_goes_on(deployed: EmulatedEstate) -> None:
    agent = vm_id(deployed, "agent1")
    deployed.pve.lab("delay", tasks=8)
    process = deployed.start("machine", "stop", "agent1", "--yes")
    deployed.wait_for("POST", "/status/shutdown", process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert deployed.vms()[agent] == "running", "it goes off in a moment"
    code, output = deployed.run("machine", "start", "agent1")
    assert (code, deployed.vms()[agent]) == (0, "running"), output
    assert "until Proxmox, which is switching it off, has done so" in output
    assert len(deployed.accepted("POST", "/status/start")) == 1


def test_a_shutdown_that_waits_for_a_guest_that_hangs_is_overruled(deployed: EmulatedEstate) -> None:
    agent = vm_id(deployed, "agent1")
    deployed.guests.deaf.add(agent)
    process = deployed.start("machine", "stop", "agent1", "--yes", "--timeout", "30")
    deployed.wait_for("POST", "/status/shutdown", process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    code, output = deployed.run("machine", "stop", "agent1", "--yes", "--force", "--timeout", "1")
    assert code == 4, output
    assert "`runner machine stop agent1 --timeout 0 --force`, which ends a shutdown" in output
    code, output = deployed.run("machine", "stop", "agent1", "--yes", "--force", "--timeout", "0")
    assert (code, deployed.vms()[agent]) == (0, "stopped"), output


def test_an_agent_that_is_not_configured_is_not_waited_for(deployed: EmulatedEstate) -> None:
    agent = vm_id(deployed, "agent1")
    deployed.pve.lab("config", vm_id=agent, delete=["agent"])
    code, output = deployed.run("machine", "start", "agent1")
    assert code == 4, output
    assert "agent1 runs, and cannot be waited for: agent1 has no guest agent configured on Proxmox" in output
