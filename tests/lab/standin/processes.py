"""Several stand-ins on one machine, each in a network namespace of its own on one bridge; no address is reachable from outside."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import yaml

from lab.patience import patient
from lab.standin import build_release
from lab.standin.payload.flavor import K3S, of
from tests import waiting

VERSION = "v1.36.5+rke2r1"
TOKEN = "server-secret"
AGENT_TOKEN = "agent-secret"
NETWORK = "10.66.0"


def tools(folder: Path) -> Path:
    """Link the built tools into one folder, as a machine of the lab sees them."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "stardock"
    cache = Path(os.environ.get("STARDOCK_CACHE", default)) / "tools"
    folder.mkdir(parents=True)
    etcd = cache / "etcd/current/bin"
    (folder / "front").symlink_to(cache / "front/current/bin/front")
    (folder / "etcd").symlink_to(etcd / "etcd" if (etcd / "etcd").exists() else etcd / "server")
    for name in ("kube-apiserver", "kubectl"):
        (folder / name).symlink_to(cache / "kubernetes/current/bin" / name)
    missing = [link.name for link in folder.iterdir() if not link.exists()]
    assert not missing, f"not built: {missing}; run tools/install etcd kubernetes front"
    return folder


class Namespace:
    """A network namespace that lives as long as its one sleeping process."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"], stdout=subprocess.PIPE
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"up\n"
        self.prefix = ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net"]
        self.pid = self._holder.pid

    def run(self, command: str) -> None:
        """Run one command inside."""
        subprocess.run([*self.prefix, *shlex.split(command)], check=True)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()


class Lab:
    """The bridge, the tools, the unpacked release; `close` ends everything."""

    def __init__(self, folder: Path, version: str = VERSION) -> None:
        self.folder = folder
        self.flavor = of(version)
        self.tools = tools(folder / "tools")
        self.program = self.release(version)
        self.stack = ExitStack()
        self.hub = Namespace()
        self.stack.callback(self.hub.close)
        self.hub.run("ip link add br0 type bridge")
        self.hub.run(f"ip address add {NETWORK}.1/24 dev br0")
        self.hub.run("ip link set br0 up")

    def release(self, version: str) -> Path:
        """Unpack a release of this version; returns its program."""
        folder = self.folder / version
        file = build_release(folder / "release", version)
        if of(version) == K3S:
            return file
        subprocess.run(["tar", "-xzf", file, "-C", folder], check=True)
        return folder / "bin/rke2"

    def machine(self, name: str, number: int) -> Machine:
        """A machine with the address NETWORK.number."""
        machine = Machine(self, name, number)
        self.stack.callback(machine.close)
        return machine

    def curl(self, url: str, *options: str) -> tuple[int, str]:
        """Status (0: no answer) and body of a request that verifies nothing."""
        command = [*self.hub.prefix, "curl", "-sk", "--max-time", f"{patient(5):g}", "-w", "\n%{http_code}", *options, url]
        body, _, status = subprocess.run(command, capture_output=True, text=True, check=False).stdout.rpartition("\n")
        return int(status or 0), body

    def close(self) -> None:
        self.stack.close()


class Machine:
    """One machine: a root folder, an address, and the program under something that restarts it, as systemd would."""

    def __init__(self, lab: Lab, name: str, number: int) -> None:
        self.lab, self.name, self.address = lab, name, f"{NETWORK}.{number}"
        self.root = lab.folder / name
        self.program = lab.program
        self.flavor = lab.flavor
        self.data = self.root / self.flavor.data.lstrip("/")
        self.journal = lab.folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._namespace = Namespace()
        lab.hub.run(f"ip link add v{number} type veth peer name eth0 netns {self._namespace.pid}")
        lab.hub.run(f"ip link set v{number} master br0 up")
        self._namespace.run(f"ip address add {self.address}/24 dev eth0")
        self._namespace.run("ip link set eth0 up")

    def configure(self, **values: Any) -> None:
        """Write config.yaml; underscores stand for hyphens."""
        file = self.root / f"etc/rancher/{self.flavor.name}/config.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        content = {"node-name": self.name, "node-ip": self.address, **{key.replace("_", "-"): value for key, value in values.items()}}
        file.write_text(yaml.safe_dump(content))

    def run(self, *words: str) -> tuple[int, str]:
        """Run one command of the program to its end: exit code and output."""
        return self.run_as(self.program, *words)

    def run_as(self, program: Path, *words: str) -> tuple[int, str]:
        """The same, of a program that is called by another name."""
        command = [*self._namespace.prefix, sys.executable, str(program), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self._environment(), timeout=patient(60))
        return done.returncode, done.stdout + done.stderr

    def start(self, role: str) -> None:
        """Run the program in this role, again and again."""
        program = f"{sys.executable} {self.program} {role}"
        loop = f"trap 'kill $! 2>/dev/null; wait; exit' TERM; while :; do {program} & wait $!; sleep 1; done"
        with self.journal.open("ab") as log:
            command = [*self._namespace.prefix, "sh", "-c", loop]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment(), start_new_session=True)

    def kill(self) -> None:
        """As when the machine loses its power."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """As systemctl stop does."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(patient(30))
        self._process = None

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "STANDIN_ROOT": str(self.root), "STANDIN_TOOLS": str(self.lab.tools)}

    def log(self) -> str:
        return self.journal.read_text() if self.journal.exists() else ""

    @property
    def url(self) -> str:
        """Where machines join."""
        return f"https://{self.address}:{self.flavor.supervisor_port}"

    def ready(self) -> bool:
        """Whether supervisor and API both say so."""
        status, _ = self.lab.curl(f"{self.url}{self.flavor.routes}/readyz", "-u", f"node:{AGENT_TOKEN}")
        return status == 200

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl on this machine. Raises CalledProcessError."""
        return subprocess.run(self._kubectl(*arguments), capture_output=True, text=True, check=True).stdout

    def begin_kubectl(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, without waiting."""
        return subprocess.Popen(self._kubectl(*arguments), stdout=subprocess.PIPE, text=True)

    def _kubectl(self, *arguments: str) -> list[str]:
        config = self.root / f"etc/rancher/{self.flavor.name}/{self.flavor.name}.yaml"
        program = str(self.data / self.flavor.programs / "kubectl")
        timeout = [] if "--watch-only" in arguments else [f"--request-timeout={patient(5):g}s"]
        return [*self._namespace.prefix, program, *timeout, f"--kubeconfig={config}", *arguments]

    def nodes(self) -> dict[str, dict[str, Any]]:
        """Nodes by name; none while the API does not answer."""
        try:
            items = json.loads(self.kubectl("get", "nodes", "-o", "json"))["items"]
        except (subprocess.CalledProcessError, FileNotFoundError):
            return {}
        return {item["metadata"]["name"]: item for item in items}

    def condition(self, node: str, kind: str) -> str:
        """The status of a condition of a Node, or nothing."""
        found = self.nodes().get(node, {}).get("status", {}).get("conditions", [])
        return next((str(entry["status"]) for entry in found if entry["type"] == kind), "")

    def beat(self, node: str) -> str:
        """When a Node last renewed its lease; nothing while the API does not answer."""
        lease = ("get", "lease", node, "--namespace=kube-node-lease", "--output=jsonpath={.spec.renewTime}")
        with suppress(subprocess.CalledProcessError, FileNotFoundError):
            return self.kubectl(*lease)
        return ""

    def close(self) -> None:
        self.kill()
        self._namespace.close()


def until(what: str, done: Callable[[], object], seconds: float = 60, machines: Mapping[str, Machine] | None = None) -> float:
    """Wait, and say for how long it took; on failure show the journals' ends."""
    return waiting.until(
        done, what, seconds, lambda: "\n".join(f"--- {name}\n{each.log()[-3000:]}" for name, each in (machines or {}).items())
    )
