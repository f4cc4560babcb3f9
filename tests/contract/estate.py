"""An emulated PVE on free ports of the loopback, and a client that speaks to it as a program would."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from lab.machines.hypervisor import Hypervisor
from lab.patience import patient
from lab.pve import PowerFlags, access_key, create_app, serving, start_sshd
from lab.pve.sshd import END_WITH_PARENT
from lab.pve.storage import Storage
from lab.settings import LabSettings, Network, PveNode
from tests.engines import CHEAPER

NODES = ("pve1", "pve2", "pve3")
PATIENCE = 20.0
USUAL = {"local": "dir", "local-lvm": "lvmthin"}


@dataclass(frozen=True)
class Answer:
    """What PVE answered. `data` is what the body has under that key."""

    status: int
    reason: str
    data: Any
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """How a task ended: 'OK' or its error."""

    status: str
    log: list[str]


@dataclass
class Estate:
    """A running emulated PVE."""

    settings: LabSettings
    token: str
    ssh_ports: dict[str, int]
    hypervisor: Hypervisor
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.verify = f"{self.settings.directory}/ca.pem"
        self.session.headers["Authorization"] = f"PVEAPIToken={self.token}"

    @property
    def directory(self) -> Path:
        """Where the lab keeps its files."""
        return Path(self.settings.directory)

    def ask(self, method: str, path: str, /, **parameters: Any) -> Answer:
        """One request; parameters go where PVE wants them. A trailing underscore of a name is dropped, others become dashes."""
        named = {name.rstrip("_").replace("__", "-"): value for name, value in parameters.items()}
        place = {"data": named} if method in {"POST", "PUT"} else {"params": named}
        answer = self.session.request(method, f"{self.settings.endpoint}/api2/json{path}", timeout=30, **place)  # type: ignore[arg-type]
        body = answer.json()
        return Answer(answer.status_code, answer.reason, body["data"], body.get("errors", {}))

    def get(self, path: str, /, **parameters: Any) -> Any:
        """The data of a request that succeeds."""
        return self.granted("GET", path, parameters)

    def granted(self, method: str, path: str, parameters: dict[str, str] | None = None) -> Any:
        """The data of any request that must not be refused."""
        answer = self.ask(method, path, **(parameters or {}))
        assert answer.status == 200, (method, path, answer)
        return answer.data

    def listed(self) -> list[dict[str, Any]]:
        """The VMs in the list of the whole cluster, once their PVE nodes have told it what they do."""
        self.lab("pvestatd")
        found: list[dict[str, Any]] = self.get("/cluster/resources", type_="vm")
        return found

    def do(self, method: str, path: str, /, **parameters: Any) -> Task:
        """A request that starts a task; how the task ended."""
        answer = self.ask(method, path, **parameters)
        assert answer.status == 200, answer
        return self.wait(answer.data)

    def wait(self, upid: str) -> Task:
        """How a task ended."""
        node, deadline = upid.split(":")[1], time.monotonic() + patient(PATIENCE)
        while time.monotonic() < deadline:
            status = self.get(f"/nodes/{node}/tasks/{upid}/status")
            if status["status"] == "stopped":
                return Task(status["exitstatus"], [line["t"] for line in self.get(f"/nodes/{node}/tasks/{upid}/log")])
            time.sleep(0.02)
        raise AssertionError(f"{upid} still runs after {PATIENCE} s")

    def lab(self, what: str, /, **body: Any) -> Any:
        """A request to the lab's own side: status and requests are read, all else is asked for."""
        method = "GET" if what in {"status", "requests"} else "POST"
        answer = self.session.request(method, f"{self.settings.endpoint}/lab/{what}", json=body or None, timeout=patient(30))
        assert answer.ok, (answer.reason, answer.text)
        return answer.json()

    def snippet(self, node: str, name: str, content: str, storage: str = "local") -> str:
        """Puts a snippet onto a node's storage as its sshd would; its volume id."""
        kind = next(one.storages[storage] for one in self.settings.pve_nodes if one.name == node)
        (Storage(storage, kind).folder(self.directory / "pve", node) / "snippets" / name).write_text(content)
        return f"{storage}:snippets/{name}"


def settings_in(directory: Path, port: int, nodes: tuple[str, ...] = NODES, storages: dict[str, str] | None = None) -> LabSettings:
    """A lab on one loopback address."""
    return LabSettings(
        "contract", str(directory), tuple(PveNode(name, "127.0.0.1", dict(storages or USUAL)) for name in nodes),
        (Network("vmbr0", "192.168.1.1/24"),), "none", f"https://127.0.0.1:{port}",
    )  # fmt: skip


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def estate(
    directory: Path, *, ssh: bool = False, hypervisor: Hypervisor | None = None, storages: dict[str, str] | None = None
) -> Iterator[Estate]:
    """An emulated PVE for as long as the block runs; with `ssh`, one sshd a node (needs root). `storages`: id -> type, on each node."""
    port, *ssh_ports = free_ports(1 + len(NODES))
    settings = settings_in(directory, port, storages=storages)
    token = f"root@pam!stardock={secrets.token_hex(16)}"
    machines = hypervisor or PowerFlags(directory / "pve" / "power.json")
    sshds: list[subprocess.Popen[bytes]] = []
    with serving(create_app(settings, machines, token), settings):
        try:
            if ssh:
                sshds += [
                    start_sshd(settings, node, port=one, prefix=END_WITH_PARENT)
                    for node, one in zip(settings.pve_nodes, ssh_ports, strict=True)
                ]
            yield Estate(settings, token, dict(zip(NODES, ssh_ports, strict=True)), machines)
        finally:
            for process in sshds:
                process.terminate()
                process.wait()


def provider_environment(made: Estate) -> dict[str, str]:
    """What the provider reads, over the process's own environment; never an agent of the caller's."""
    home = made.directory / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROXMOX_VE", "SSH_", "TF_"))}
    return (
        kept
        | CHEAPER
        | {
            "HOME": str(home),
            "TMPDIR": str(home),
            "SSL_CERT_FILE": f"{made.directory}/ca.pem",
            "PROXMOX_VE_API_TOKEN": made.token,
            "PROXMOX_VE_SSH_USERNAME": made.settings.ssh_user,
            "PROXMOX_VE_SSH_PRIVATE_KEY": access_key(made.directory).read_text(),
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
        }
    )
