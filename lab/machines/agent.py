"""The guest agent as the emulated PVE speaks to it: commands of its own protocol, each with a result or an error.

A machine with a virtio channel gives its real qemu-guest-agent; where there is none, `ImitatedAgent` answers as qemu-ga does
(qga/commands-posix.c, qapi/qmp-dispatch.c), and no more than that: what it does not know has "not been found".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class AgentSilentError(Exception):
    """No guest agent answers in this machine (yet): PVE says 'QEMU guest agent is not running'."""


class AgentTimeoutError(Exception):
    """The guest agent took the command and did not answer it in time: PVE says 'got timeout'."""


class AgentError(Exception):
    """The agent's own answer `{"error": {"class": kind, "desc": text}}`."""

    def __init__(self, text: str, kind: str = "GenericError") -> None:
        super().__init__(text)
        self.text = text
        self.kind = kind

    @property
    def answer(self) -> dict[str, str]:
        """As it came over the channel."""
        return {"class": self.kind, "desc": self.text}


class GuestAgent(Protocol):
    """One machine's agent, for the length of one request to PVE."""

    def execute(self, command: str, arguments: Mapping[str, Any]) -> Any:
        """Give the agent's `return` for a command (`guest-ping`, ...). Raises AgentError, AgentSilentError, AgentTimeoutError."""


@dataclass(frozen=True, slots=True)
class AgentInterface:
    """One entry of the guest agent's network-get-interfaces."""

    name: str
    mac: str
    addresses: tuple[tuple[str, int], ...]  # address, prefix length


_COUNTERS = [f"{way}-{what}" for way in ("rx", "tx") for what in ("bytes", "dropped", "errs", "packets")]
_FIRST_HANDLE = 1000


@dataclass(slots=True)
class ImitatedAgent:
    """An agent made of two questions. Both raise AgentSilentError; `read` raises OSError as the guest's kernel would."""

    interfaces: Callable[[], tuple[AgentInterface, ...]]
    read: Callable[[str], bytes]
    _open: dict[int, tuple[bytes, int]] = field(default_factory=dict)  # handle -> content, position

    def execute(self, command: str, arguments: Mapping[str, Any]) -> Any:
        """As `GuestAgent` says."""
        self.interfaces()  # silent in everything, or in nothing
        commands: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "guest-ping": lambda _: {},
            "guest-fsfreeze-status": lambda _: "thawed",
            "guest-network-get-interfaces": lambda _: [_described(one) for one in self.interfaces()],
            "guest-file-open": self._file_open,
            "guest-file-seek": self._file_seek,
            "guest-file-read": self._file_read,
            "guest-file-close": self._file_close,
        }
        if command not in commands:
            raise AgentError(f"The command {command} has not been found", "CommandNotFound")
        return commands[command](arguments)

    def _file_open(self, arguments: Mapping[str, Any]) -> int:
        path = str(arguments["path"])
        try:
            content = self.read(path)
        except OSError as error:
            raise cannot_open(path, error.strerror or "No such file or directory") from None
        handle = _FIRST_HANDLE + len(self._open)
        self._open[handle] = content, 0
        return handle

    def _file_seek(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        content, _ = self._found(arguments)
        self._open[arguments["handle"]] = content, int(arguments["offset"])
        return {"position": int(arguments["offset"]), "eof": False}

    def _file_read(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        content, start = self._found(arguments)
        piece = content[start : start + int(arguments["count"])]
        self._open[arguments["handle"]] = content, start + len(piece)
        return {"count": len(piece), "buf-b64": base64.b64encode(piece).decode(), "eof": start + len(piece) >= len(content)}

    def _file_close(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self._found(arguments)
        del self._open[arguments["handle"]]
        return {}

    def _found(self, arguments: Mapping[str, Any]) -> tuple[bytes, int]:
        handle = arguments["handle"]
        if handle not in self._open:
            raise AgentError(f"handle '{handle}' has not been found")
        return self._open[handle]


def cannot_open(path: str, reason: str) -> AgentError:
    """qemu-ga's words for a file that it may not or cannot open (safe_open_or_create)."""
    return AgentError(f"failed to open file '{path}' (mode: 'r'): {reason}")


def _described(interface: AgentInterface) -> dict[str, Any]:
    addresses = [
        {"ip-address": address, "ip-address-type": "ipv6" if ":" in address else "ipv4", "prefix": prefix}
        for address, prefix in interface.addresses
    ]
    return {
        "name": interface.name,
        "hardware-address": interface.mac.lower(),
        "ip-addresses": addresses,
        "statistics": dict.fromkeys(_COUNTERS, 0),
    }
