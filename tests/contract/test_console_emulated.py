"""The emulated PVE's consoles: who gets one, and what goes through it, as PVE, pveproxy and termproxy have it."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import aiohttp
import pytest

from tests.contract.estate import Estate
from tests.contract.test_emulator import make, started
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.proves("feature machines' power")]


@pytest.fixture
def vm(pve: Estate) -> str:
    """A VM that runs, with a serial port."""
    vm = make(pve)
    assert pve.ask("PUT", f"{vm}/config", serial0="socket").status == 200
    started(pve, vm)
    return vm


def opened(pve: Estate, vm: str, ticket: dict[str, Any], line: str, *, pieces: int = 2, then: str = "") -> list[bytes]:
    """The first pieces that come through the WebSocket, once that line was said; fewer, where it ends."""

    async def follow() -> list[bytes]:
        trust = ssl.create_default_context(cafile=f"{pve.directory}/ca.pem")
        url = f"{pve.settings.endpoint}/api2/json{vm}/vncwebsocket"
        asked = {"port": str(ticket["port"]), "vncticket": ticket["ticket"]}
        headers = {"Authorization": f"PVEAPIToken={pve.token}"}
        async with aiohttp.ClientSession(headers=headers) as session, session.ws_connect(url, params=asked, ssl=trust) as socket:
            await socket.send_str(line)
            heard = []
            async for message in socket:
                heard.append(bytes(message.data))
                if then:
                    await socket.send_str(then)
                    then_said(pve)
                if len(heard) == pieces:
                    break
            return heard

    return asyncio.run(follow())


def then_said(pve: Estate) -> None:
    pve.lab("console", vm_id=100, text="login: ")


def begun(pve: Estate, vm: str, **options: Any) -> tuple[dict[str, Any], str]:
    ticket = pve.granted("POST", f"{vm}/termproxy", {"serial": "serial0", **options})
    return ticket, f"{ticket['user']}:{ticket['ticket']}\n"


def test_who_says_its_ticket_hears_ok_and_what_is_printed_from_then_on(pve: Estate, vm: str) -> None:
    pve.lab("console", vm_id=100, text="before\r\n")
    ticket, line = begun(pve, vm)
    assert ticket["user"] == pve.token.partition("=")[0], "a token's ticket is the token's"
    heard = opened(pve, vm, ticket, line, pieces=3, then="2")
    assert heard == [b"OK", b"starting serial terminal on interface serial0\r\n", b"login: "]
    assert pve.wait(ticket["upid"]).status == "OK"
    assert pve.lab("status")["typed"] == [], "a sign of life is nothing for the guest"


def test_what_is_typed_reaches_the_guest(pve: Estate, vm: str) -> None:
    ticket, line = begun(pve, vm)
    opened(pve, vm, ticket, line, pieces=3, then="0:2:ls")
    until(lambda: "ls" in pve.lab("status")["typed"], "the guest to read it")


@pytest.mark.parametrize("said", ["root@pam:{ticket}\n", "{user}:PVEVNC:00000000::00\n", "nonsense\n"])
def test_another_user_or_ticket_hears_nothing(pve: Estate, vm: str, said: str) -> None:
    ticket, _ = begun(pve, vm)
    assert opened(pve, vm, ticket, said.format(**ticket)) == []
    assert "authentication request failed" in pve.wait(ticket["upid"]).status


def test_before_qemu_server_9_1_7_a_token_is_nobody_to_termproxy(pve: Estate, vm: str) -> None:
    pve.lab("console", tokens=False)
    ticket, line = begun(pve, vm)
    assert opened(pve, vm, ticket, line) == []


def test_a_ticket_is_of_one_vm_and_port(pve: Estate, vm: str) -> None:
    pve.lab("delay", unauthorized=0)
    ticket, _ = begun(pve, vm)
    other = make(pve, vm_id=101)
    asked = {"vncticket": ticket["ticket"], "port": ticket["port"]}
    assert pve.ask("GET", f"{vm}/vncwebsocket", **asked).data == {"port": str(ticket["port"])}
    for path, more in ((other, {}), (vm, {"port": 5999}), (vm, {"vncticket": "x"})):
        answer = pve.ask("GET", f"{path}/vncwebsocket", **{**asked, **more})
        assert (answer.status, answer.reason) == (401, "permission denied - invalid PVEVNC ticket")


def test_what_qm_terminal_refuses_is_printed_and_ends_it(pve: Estate, vm: str) -> None:
    bare = make(pve, vm_id=101)
    ticket, line = begun(pve, bare)
    assert opened(pve, bare, ticket, line) == [b"OK", b"serial interface 'serial0' is not configured\r\n"]
    assert pve.do("POST", f"{vm}/status/stop").status == "OK"
    ticket, line = begun(pve, vm)
    assert opened(pve, vm, ticket, line) == [b"OK", b"VM 100 not running\r\n"]


def test_a_vm_that_proxmox_works_on_is_left_alone(pve: Estate, vm: str) -> None:
    pve.lab("config", vm_id=100, set={"lock": "backup"})
    for verb in ("shutdown", "stop", "reset"):
        assert pve.do("POST", f"{vm}/status/{verb}").status == "VM is locked (backup)"
    assert pve.get(f"{vm}/status/current")["lock"] == "backup"


@pytest.mark.parametrize("state", ["paused", "prelaunch", "suspended"])
def test_a_vm_whose_processors_stand_still_is_shut_down_by_force_only(pve: Estate, vm: str, state: str) -> None:
    pve.lab("qmp", vm_id=100, status=state)
    assert pve.ask("POST", f"{vm}/status/shutdown").reason == "VM is paused - cannot shutdown"
    assert pve.do("POST", f"{vm}/status/shutdown", forceStop=1).status == "OK"


def test_a_reset_of_one_that_stands_still_begins_nothing(pve: Estate, vm: str) -> None:
    pve.lab("qmp", vm_id=100, status="io-error")
    assert pve.do("POST", f"{vm}/status/reset").status == "OK"
    assert pve.get(f"{vm}/status/current")["qmpstatus"] == "prelaunch"
