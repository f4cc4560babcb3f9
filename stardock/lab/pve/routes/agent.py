"""/nodes/{node}/qemu/{vmid}/agent: what the guest itself tells, once it has an agent that answers."""

from __future__ import annotations

import base64
import ipaddress
from typing import Any

from stardock.lab.hypervisor import AgentInterface, AgentSilentError
from stardock.lab.pve.errors import PveError, failed
from stardock.lab.pve.routes.handler import Request, Routes
from stardock.lab.pve.state import Vm

_AGENT = "/nodes/{node}/qemu/{vmid}/agent"
#: What PVE reads of a file at most, in bytes.
MAX_READ = 16 * 1024**2
_COUNTERS = [f"{way}-{what}" for way in ("rx", "tx") for what in ("bytes", "dropped", "errs", "packets")]


def _guest(request: Request) -> Vm:
    """The VM whose agent is asked. Raises PveError with the words of PVE's assert_agent_available."""
    vm = request.vm()
    if "agent" not in vm.config:
        raise failed("No QEMU guest agent configured")
    if not request.estate.is_running(vm):
        raise failed(f"VM {vm.vm_id} is not running")
    if vm.vm_id in request.estate.silenced:
        raise _silent()
    return vm


def _silent() -> PveError:
    return failed("QEMU guest agent is not running")


def ping(request: Request) -> dict[str, Any]:
    """POST agent/ping: an agent that tells its interfaces is alive."""
    interfaces(request)
    return {"result": {}}


def interfaces(request: Request) -> dict[str, Any]:
    """GET agent/network-get-interfaces."""
    vm = _guest(request)
    try:
        return {"result": [_described(one) for one in request.estate.hypervisor.interfaces(vm.vm_id)]}
    except AgentSilentError:
        raise _silent() from None


def _described(interface: AgentInterface) -> dict[str, Any]:
    addresses = [
        {"ip-address": address, "ip-address-type": f"ipv{ipaddress.ip_address(address).version}", "prefix": prefix}
        for address, prefix in interface.addresses
    ]
    return {
        "name": interface.name,
        "hardware-address": interface.mac.lower(),
        "ip-addresses": addresses,
        "statistics": dict.fromkeys(_COUNTERS, 0),
    }


def file_read(request: Request) -> dict[str, Any]:
    """PVE puts the file's bytes into JSON one by one: what is no ASCII arrives as Latin-1."""
    content = _content(request)
    offset, count = int(request.get("offset") or 0), int(request.get("count") or MAX_READ)
    piece = content[offset : offset + count]
    text = piece.decode("latin-1") if request.flag("decode", default=True) else base64.b64encode(piece).decode()
    told: dict[str, Any] = {"content": text, "bytes-read": len(piece)}
    return told | ({"truncated": 1} if offset + len(piece) < len(content) else {})


def _content(request: Request) -> bytes:
    vm = _guest(request)
    try:
        return request.estate.hypervisor.read_file(vm.vm_id, request["file"])
    except AgentSilentError:
        raise _silent() from None
    except FileNotFoundError:
        reason = f"Agent error: failed to open file '{request['file']}' (mode: 'r'): No such file or directory"
        raise failed(reason) from None


ROUTES: Routes = {
    ("POST", f"{_AGENT}/ping"): ping,
    ("GET", f"{_AGENT}/network-get-interfaces"): interfaces,
    ("GET", f"{_AGENT}/file-read"): file_read,
}
