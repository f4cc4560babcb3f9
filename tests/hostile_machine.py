"""A machine that belongs to somebody else: a real sshd on loopback that answers each of Ansible's modules with what a test wants.

Nothing that Ansible sends is run. One sshd plays several machines, one for each address of 127.0.0.0/8.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.access import ensure_ssh_key
from stardock.model.facts import Facts, Founded, MachineFacts
from stardock.workspace.facts import save_facts
from stardock.workspace.workspace import open_workspace
from stardock.yamltext import yaml_text
from tests.waiting import until

#: What answers instead of the shell. Each answer is text, said once or (where a number stands beside it) that many times.
_PROGRAM = r"""
import json, os, sys
folder, command = sys.argv[1], os.environ.get("SSH_ORIGINAL_COMMAND", "")
sent = sys.stdin.buffer.read().decode(errors="replace") if "python3" in command else ""
address = os.environ["SSH_CONNECTION"].split()[2]
with open(f"{folder}/asked", "a") as asked:
    asked.write(json.dumps([address, command, sent]) + "\n")
with open(f"{folder}/answers.json") as file:
    answers = json.load(file)
for who, needle, text, times in answers:
    if who in ("", address) and needle in f"{command}\n{sent}":
        for _ in range(times):
            sys.stdout.write(text)
        break
"""

_CONFIG = """\
ListenAddress 0.0.0.0:{port}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
ForceCommand {python} -I {folder}/program.py {folder}
"""

# /run/sshd is for sshd alone, and an account is locked where its password says so: both in a mount namespace of its own.
_SCRIPT = """\
set -eu
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd
mount --bind "$1/shadow" /etc/shadow
exec "$(command -v sshd || echo /usr/sbin/sshd)" -D -e -f "$1/sshd_config"
"""

#: What an honest machine of no kind would say: done, nothing there.
NOTHING = {"changed": False, "rc": 0, "stdout": "", "stderr": "", "pending": [], "paths": [], "diff": [], "stat": {"exists": False}}


@dataclass(slots=True)
class HostileMachine:
    """`folder` is the sshd's own; answers given first win."""

    folder: Path
    port: int
    answers: list[tuple[str, str, str, int]] = field(default_factory=list)

    @property
    def key(self) -> Path:
        """The private key that it lets in."""
        return self.folder / "id_ed25519"

    @property
    def host_key(self) -> str:
        """Its host key, without comment."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    def says(self, needle: str, text: str, *, address: str = "", times: int = 1) -> None:
        """Answer whatever holds the needle (in the command or the module that is sent) with a text as it is."""
        self.answers.append((address, needle, text, times))
        (self.folder / "answers.json").write_text(json.dumps([*self.answers, *_usual()]))

    def returns(self, needle: str, *, address: str = "", **result: Any) -> None:
        """Answer a module with a result."""
        self.says(needle, json.dumps({**NOTHING, **result}), address=address)

    def forget(self) -> None:
        """Back to a machine that has nothing and says nothing."""
        self.answers.clear()
        (self.folder / "answers.json").write_text(json.dumps(_usual()))
        (self.folder / "asked").unlink(missing_ok=True)

    def asked(self) -> list[tuple[str, str, str]]:
        """All that was sent: address, command, standard input."""
        file = self.folder / "asked"
        return [tuple(json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def _usual() -> list[tuple[str, str, str, int]]:
    return [("", "first boot is done", "first boot is done\n", 1), ("", "python3", json.dumps(NOTHING), 1), ("", "", "", 1)]


@contextlib.contextmanager
def hostile_machine(folder: Path) -> Iterator[HostileMachine]:
    """Start it; it ends with the test. Needs root."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("host_key", "id_ed25519"):
        ensure_ssh_key(folder / name)
    shutil.copyfile(folder / "id_ed25519.pub", folder / "authorized_keys")
    (folder / "program.py").write_text(_PROGRAM)
    (folder / "shadow").write_text("root:*:1::::::\nsshd:*:1::::::\nnobody:*:1::::::\n")
    with socket.socket() as free:
        free.bind(("0.0.0.0", 0))  # noqa: S104 -- all of 127.0.0.0/8 are its addresses
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(_CONFIG.format(folder=folder, port=port, python=sys.executable))
    machine = HostileMachine(folder, port)
    machine.forget()
    command = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", _SCRIPT, "sh", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until(lambda: _listens(port) or process.poll() is not None, "sshd", 10)
        assert process.poll() is None, (folder / "log").read_text()
        yield machine
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


#: Of the question which MACs a machine has; what a test lets it answer before `hostile_cluster` wins over the planned one.
MACS = "/sys/class/net/*/address"

#: Machine of `hostile_cluster` -> its address.
ADDRESSES = {"server1": "127.0.0.1", "server2": "127.0.0.2", "server3": "127.0.0.3", "agent1": "127.0.0.4"}


def hostile_cluster(folder: Path, machine: HostileMachine, *, founded: str = "", keys_known: bool = True) -> Path:
    """A cluster.yaml of machines which are all the hostile one, with facts beside it. `founded`: the sha256 that the facts hold."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        "cluster": "hostile",
        "proxmox": {"endpoint": "https://192.0.2.1:8006", "nodes": ["pve1"]},
        "image": {"system": "debian"},
        "ssh": {"keys": [machine.key.with_suffix(".pub").read_text().strip()], "private_key": str(machine.key), "port": machine.port},
        "pools": [
            {"name": "servers", "role": "server", "machines": ["server1", "server2", "server3"]},
            {"name": "agents", "role": "agent", "machines": ["agent1"]},
        ],
    }
    path = folder / "cluster.yaml"
    path.write_text(yaml_text(data))
    keys = (machine.host_key,) if keys_known else ()
    known = {name: MachineFacts(addresses={"ens18": (address,)}, host_keys=keys) for name, address in ADDRESSES.items()}
    facts = Facts(cluster="hostile", machines=known, founded=Founded(ca_sha256=founded) if founded else None)
    save_facts(folder / "cluster.facts.json", facts)
    for planned in open_workspace(path).plan.machines:
        machine.says(MACS, f"{planned.interfaces[0].mac.lower()}\n00:00:00:00:00:00\n", address=ADDRESSES[planned.name])
    return path


#: Runs a command and writes to a file how many KiB the largest process of it had in memory at its most.
_MEASURE = """import pathlib, resource, subprocess, sys
code = subprocess.run(sys.argv[2:], check=False).returncode
pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)"""


def measured(cluster: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], int]:
    """The same as `bootstrap`, with the MiB that the largest of its processes had in memory at its most: of this run, and no other."""
    peak = cluster.parent / "peak"
    done = bootstrap(cluster, *arguments, before=[sys.executable, "-c", _MEASURE, str(peak)])
    size = int(peak.read_text()) // 1024
    peak.unlink()
    return done, size


def bootstrap(cluster: Path, *arguments: str, seconds: float = 120, before: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """The real command, in an environment of its own; its working folder is the cluster's. `before`: words that run it."""
    passed = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
    environment = {**passed, "HOME": str(cluster.parent), "STARDOCK_LOCK": "write"}
    command = [*before, str(Path(sys.executable).with_name("runner")), "bootstrap", "-f", cluster.name, "--timeout", "5", *arguments]
    return subprocess.run(
        command, cwd=cluster.parent, env=environment, capture_output=True, text=True, errors="replace", check=False, timeout=seconds
    )
