"""A command as a person runs it: in a terminal of a given width, or through a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

COMMAND = (sys.executable, "-c", "from stardock.cli.main import main; main()")
_READ = 65536


def in_terminal(*arguments: str, cwd: Path, columns: int = 80, environ: dict[str, str] | None = None, typed: str = "") -> tuple[int, str]:
    """Run `runner` in a terminal of that width, where somebody has `typed` that already; exit code and what it shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = _environ() | {"TERM": "xterm-256color"} | (environ or {})
    process = subprocess.Popen([*COMMAND, *arguments], cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return process.wait(), shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    """Linux says EIO where the last writer is gone."""
    try:
        return os.read(terminal, _READ)
    except OSError:
        return b""


def piped(*arguments: str, cwd: Path, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `runner` without a terminal, stdin included."""
    env = _environ() | (environ or {})
    return subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, encoding="utf-8"
    )


def _environ() -> dict[str, str]:
    """What a person has, without what a test runner adds."""
    return {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLUMNS", "FORCE_COLOR", "STARDOCK_FILE"}}
