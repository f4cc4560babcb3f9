"""/nodes/{node}/qemu/{vmid}/agent: what the guest itself tells, once it has an agent that answers.

PVE hands on what the agent said, unchecked: an error of a command without arguments is an answer like any other, 200 with
`{"result": {"error": ...}}`; only what reads files looks at it and dies (PVE::API2::Qemu::Agent, PVE::QemuServer::Agent, PVE::QMPClient).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.machines.agent import AgentError, AgentSilentError, AgentTimeoutError, GuestAgent
from lab.pve.agents import restricted
from lab.pve.drives import boot_disk
from lab.pve.errors import failed
from lab.pve.routes.handler import Request, Routes
from lab.pve.state import Vm

_AGENT = "/nodes/{node}/qemu/{vmid}/agent"
#: What PVE reads of a file at most, and at once, in bytes.
MAX_READ, CHUNK = 16 * 1024**2, 1024**2
#: What QEMU says of a VM whose processors run.
_RUNS = frozenset({"", "running"})


@dataclass(frozen=True, slots=True)
class _Monitor:
    """PVE's side of the channel."""

    vm_id: int
    agent: GuestAgent

    def command(self, name: str, **arguments: object) -> Any:
        """mon_cmd: what the agent returned, or its error as a value. Raises PveError when nothing came."""
        try:
            return self.agent.execute(name, arguments)
        except AgentError as error:
            return {"error": error.answer}
        except (AgentSilentError, AgentTimeoutError):
            raise failed(f"VM {self.vm_id} qga command '{name}' failed - got timeout") from None

    def answers(self) -> bool:
        """qga_check_running: an error is an answer, too."""
        try:
            self.agent.execute("guest-ping", {})
        except AgentError:
            return True
        except (AgentSilentError, AgentTimeoutError):
            return False
        return True


def _guest(request: Request) -> _Monitor:
    """The agent that is asked. Raises PveError with the words of PVE's assert_agent_available."""
    vm = request.vm()
    if "agent" not in vm.config:
        raise failed("No QEMU guest agent configured")
    if not request.estate.is_running(vm):
        raise failed(f"VM {vm.vm_id} is not running")
    monitor = _Monitor(vm.vm_id, _agent(request, vm))
    if request.estate.conditions.qmp.get(vm.vm_id, "") not in _RUNS or not monitor.answers():
        raise failed("QEMU guest agent is not running")
    return monitor


def _agent(request: Request, vm: Vm) -> GuestAgent:
    disk = boot_disk(vm)
    agent = request.estate.hypervisor.agent(vm.vm_id)
    return restricted(agent, request.estate.conditions.agent(vm.vm_id), disk.image if disk else "")


def _checked(answer: Any, words: str) -> Any:
    """check_agent_error. Raises PveError."""
    if isinstance(answer, Mapping) and isinstance(answer.get("error"), Mapping) and answer["error"].get("desc"):
        raise failed(f"Agent error: {answer['error']['desc']}")
    if answer is None:
        raise failed(f"Agent error: {words}")
    return answer


def _handed_on(command: str) -> Callable[[Request], dict[str, Any]]:
    def handle(request: Request) -> dict[str, Any]:
        return {"result": _guest(request).command(command)}

    return handle


def file_read(request: Request) -> dict[str, Any]:
    """GET agent/file-read: opened, read in pieces, closed. PVE puts the bytes into JSON one by one: what is no ASCII is Latin-1."""
    guest = _guest(request)
    handle = _checked(guest.command("guest-file-open", path=request["file"]), "can't open file")
    offset, count = int(request.get("offset") or 0), int(request.get("count") or MAX_READ)
    if offset:
        _checked(guest.command("guest-file-seek", handle=handle, offset=offset, whence="set"), "can't seek to offset position")
    content, ended = _read(guest, handle, count)
    guest.command("guest-file-close", handle=handle)
    text = content.decode("latin-1") if request.flag("decode", default=True) else base64.b64encode(content).decode()
    return {"content": text, "bytes-read": len(content)} | ({} if ended else {"truncated": 1})


def _read(guest: _Monitor, handle: object, count: int) -> tuple[bytes, bool]:
    content, ended = b"", False
    while len(content) < count and not ended:
        size = min(CHUNK, count - len(content))
        piece = _checked(guest.command("guest-file-read", handle=handle, count=size), "can't read from file")
        content += base64.b64decode(piece["buf-b64"])
        ended = bool(piece["eof"])
    return content, ended


ROUTES: Routes = {
    ("POST", f"{_AGENT}/ping"): _handed_on("guest-ping"),
    ("POST", f"{_AGENT}/fsfreeze-status"): _handed_on("guest-fsfreeze-status"),
    ("GET", f"{_AGENT}/network-get-interfaces"): _handed_on("guest-network-get-interfaces"),
    ("GET", f"{_AGENT}/file-read"): file_read,
}
