"""A guest's own qemu-guest-agent, asked over its virtio channel as PVE asks it (pve-qemu-server, src/PVE/QMPClient.pm).

Each command has a connection of its own, since the channel has one end only, and comes behind `guest-sync-delimited`: the agent puts a byte
0xff before its answer to that, so whatever it still had to say to an earlier asker is thrown away.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

from lab.machines.agent import AgentError, AgentSilentError, AgentTimeoutError

#: PVE's, in seconds: of guest-ping, by which it finds out whether an agent runs, and of every other command.
_PING_TIMEOUT, _TIMEOUT = 3.0, 5.0
_SHUTDOWN_TIMEOUT = 60.0
_MARK = b"\xff"
_numbers = count(int(time.time()) % 100_000 * 1000 + 1)


@dataclass(frozen=True, slots=True)
class ChannelAgent:
    """The agent behind a channel's unix socket; `lock` lets one ask at a time."""

    path: Path
    lock: Lock = field(default_factory=Lock)

    def execute(self, command: str, arguments: Mapping[str, Any]) -> Any:
        """As `GuestAgent` says: AgentSilentError when a ping got no answer, AgentTimeoutError when another command did not."""
        timeout = {"guest-ping": _PING_TIMEOUT, "guest-shutdown": _SHUTDOWN_TIMEOUT}.get(command, _TIMEOUT)
        try:
            with self.lock, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
                answer = _ask(channel, self.path, command, arguments, time.monotonic() + timeout)
        except (OSError, EOFError) as error:
            silent = command == "guest-ping" or not isinstance(error, TimeoutError)
            raise (AgentSilentError if silent else AgentTimeoutError)(f"{command}: {error}") from error
        if "error" in answer:
            raise AgentError(str(answer["error"].get("desc", "")), str(answer["error"].get("class", "GenericError")))
        return answer["return"]


def _ask(channel: socket.socket, path: Path, command: str, arguments: Mapping[str, Any], deadline: float) -> dict[str, Any]:
    number = next(_numbers)
    channel.settimeout(max(0.1, deadline - time.monotonic()))
    channel.connect(str(path))
    sync = {"execute": "guest-sync-delimited", "arguments": {"id": number}}
    asked = {"execute": command, "arguments": dict(arguments)}
    channel.sendall(b"".join(json.dumps(one).encode() + b"\n" for one in (sync, asked)))
    heard = b""
    while (answer := answer_to(number, heard)) is None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("got timeout")
        channel.settimeout(left)
        piece = channel.recv(1 << 20)
        if not piece:
            raise EOFError("the channel was closed")
        heard += piece
    return answer


def answer_to(number: int, heard: bytes) -> dict[str, Any] | None:
    """What the agent said behind the sync that has our number; None while it has not said it, or not to its end."""
    for piece in heard.split(_MARK)[1:]:
        lines = piece.split(b"\n")
        if len(lines) > 2 and json.loads(lines[0]).get("return") == number:  # noqa: PLR2004 -- sync, answer, and what follows
            answer: dict[str, Any] = json.loads(lines[1])
            return answer
    return None
