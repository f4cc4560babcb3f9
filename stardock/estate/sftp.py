"""One session of sftp with a PVE node, bounded in time, memory and disk: whoever answers there may send without an end, or never."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

from stardock.estate.answers import shown
from stardock.estate.ssh import Door, environment_key, sftp_command

#: Of one file, and of what sftp prints: PVE reads 1 MiB of a snippet (`stardock.plan.rules.snippets`).
MOST_BYTES = 2 << 20
#: KiB of address space: sftp gathers a whole listing before it prints any of it (OpenSSH 10, `sftp_readdir`).
_MOST_MEMORY = 512 << 10
#: In units of 512 bytes (POSIX, ulimit). A shell sets it, so that it holds for ssh below sftp, too, and from the first byte.
_LIMITS = f'ulimit -f {MOST_BYTES // 512} && ulimit -v {_MOST_MEMORY} && exec "$@"'
_NOISE = ("Warning:", "Connection closed", "**")


@dataclass(frozen=True, slots=True)
class Session:
    """What sftp printed, and its last words; `ended`: why it was not let go on, in words, empty where it was."""

    code: int
    out: str
    said: str
    ended: str = ""


def session(door: Door, environ: Mapping[str, str], batch: str, seconds: float) -> Session:
    """Run these commands of sftp; what is fetched is readable for its owner alone."""
    with environment_key(door, environ) as key, TemporaryFile() as out, TemporaryFile() as err:
        process = subprocess.Popen(
            ["sh", "-c", _LIMITS, "sh", *sftp_command(door, key, "-")],
            stdin=subprocess.PIPE, stdout=out, stderr=err, env=dict(environ), umask=0o077, start_new_session=True,
        )  # fmt: skip
        try:
            process.communicate(batch.encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            return Session(-1, "", "", f"no answer within {seconds:.0f} s")
        finally:
            _end(process)
        return _told(process.returncode, _text(out), _text(err))


def _end(process: subprocess.Popen[bytes]) -> None:
    """With ssh, which goes on where sftp was killed."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(MOST_BYTES).decode(errors="replace")


def _told(code: int, out: str, err: str) -> Session:
    """A file that grew too large ends whoever writes it by SIGXFSZ; no memory, by ssh's own words."""
    lines = [line for line in err.splitlines() if line and not line.startswith(_NOISE)]
    said = shown(lines[-1]) if lines else ""
    full = code == -signal.SIGXFSZ or max(len(out), len(err)) >= MOST_BYTES - 4
    starved = code != 0 and ("memory" in said or "alloc" in said)
    return Session(code, out, said, f"it sends more than {MOST_BYTES >> 20} MiB, and was ended" if full or starved else "")
