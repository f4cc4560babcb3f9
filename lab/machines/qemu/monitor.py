"""QEMU's own monitor: one command, over the socket that it listens on."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

_TIMEOUT = 10.0


def monitor(path: Path, command: str, **arguments: object) -> Any:
    """What QEMU returns for a command of QMP. Raises OSError when it does not answer, ValueError with its words when it refuses."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(_TIMEOUT)
        channel.connect(str(path))
        with channel.makefile("rw") as stream:
            stream.readline()  # its greeting
            for asked in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                stream.write(json.dumps(asked) + "\n")
                stream.flush()
                answer = _answer(stream)
    return answer


def _answer(stream: Any) -> Any:
    """The next line that is no event."""
    for line in stream:
        said = json.loads(line)
        if "error" in said:
            raise ValueError(said["error"]["desc"])
        if "return" in said:
            return said["return"]
    raise OSError("QEMU closed its monitor")
