"""A machine of the test's own that has only Python: system programs, an sshd, an account with a fresh home, a memory of its own.

A mount namespace: /etc/passwd names another home, /dev/shm is another tmpfs. The network is this machine's.
"""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.patience import patient
from tests.contract.test_jump_host import SSHD, made_key, public
from tests.waiting import until

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Bare:
    """`home` is the account's on it; `pid` keeps the namespace."""

    folder: Path
    pid: int
    port: int
    host_key: str
    key: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def place(self) -> str:
        """For --via."""
        return f"root@127.0.0.1:{self.port}"

    def inside(self, *words: str) -> list[str]:
        """A command in its namespace."""
        return ["nsenter", "--mount", f"--target={self.pid}", "--", *words]

    def told(self, *words: str) -> str:
        """What a command there prints."""
        return subprocess.run(self.inside(*words), capture_output=True, text=True, check=False, timeout=patient(60)).stdout

    def memory(self) -> list[str]:
        """What lies in its memory, but for a lock that nobody holds."""
        found = self.told("find", "/dev/shm", "-mindepth", "2").split()
        return [name for name in found if not name.endswith(".pid")]

    def has(self, process: Path) -> bool:
        """Whether a process of /proc is on it. OSError where that has ended."""
        return (process / "ns/mnt").stat().st_ino == Path(f"/proc/{self.pid}/ns/mnt").stat().st_ino

    def running(self) -> list[str]:
        """The processes of a run there."""
        token = b"STARDOCK_RUN="
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and self.has(entry):
                    found += [(entry / "comm").read_text().strip()] if token in (entry / "environ").read_bytes() else []
            except OSError:
                continue
        return found


@contextmanager
def bare(folder: Path, config: str = "") -> Iterator[Bare]:
    """The machine, which lets one key in."""
    (folder / "home").mkdir(parents=True)
    key, host_key = made_key(folder / "a key"), made_key(folder / "host")
    (folder / "authorized").write_text(public(key) + "\n")
    (folder / "config").write_text(config + SSHD.format(key=host_key, authorized=folder / "authorized") + f"SetEnv PATH={_PATH}\n")
    me = pwd.getpwuid(os.getuid())
    accounts = (f"{me.pw_name}:x:{me.pw_uid}:{me.pw_gid}::{folder}/home:/bin/sh", "sshd:x:105:65534::/run/sshd:/bin/false")
    (folder / "passwd").write_text("".join(f"{account}\n" for account in accounts))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    Path("/run/sshd").mkdir(exist_ok=True)
    script = (
        f'mount --bind "{folder}/passwd" /etc/passwd && mount -t tmpfs -o mode=1777 tmpfs /dev/shm'
        f' && exec /usr/sbin/sshd -D -e -f "{folder}/config" -o ListenAddress=127.0.0.1 -p {port}'
    )
    clean = {"PATH": _PATH, "LANG": "C.UTF-8"}
    command = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(command, stderr=log, env=clean, start_new_session=True)
    try:
        until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "an sshd to listen")
        yield Bare(folder, running.pid, port, public(host_key), key)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
