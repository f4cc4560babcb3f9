"""A whole cluster in a lab of its own, driven only through the commands that a person types."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATH = os.pathsep.join((str(BIN), str(ROOT / "node_modules/.bin"), os.environ["PATH"]))

Result = subprocess.CompletedProcess[str]


@dataclass
class Cluster:
    """One cluster in one lab. `folder` is where the lab keeps its working copy of the cluster file."""

    name: str
    example: Path
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = ROOT / "build/lab" / self.name

    @property
    def file(self) -> Path:
        """The working copy that the lab made."""
        return self.folder / "cluster.yaml"

    def command(self, *words: str, check: bool = True, timeout: float = 600) -> Result:
        """A `runner` command, from outside."""
        environment = {**os.environ, "PATH": PATH, "STARDOCK_LOCK": "write"}
        done = subprocess.run(["runner", *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode:
            raise AssertionError(f"runner {' '.join(words)} gave {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}")
        return done

    def inside_argv(self, *words: str) -> list[str]:
        """How a command is entered into the lab's network."""
        return ["runner", "lab", "run", "-f", str(self.example), "--", *words]

    def inside(self, *words: str, check: bool = True, timeout: float = 600) -> Result:
        """Any command, in the lab's network and environment."""
        return self.command(*self.inside_argv(*words)[1:], check=check, timeout=timeout)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The same, without waiting."""
        environment = {**os.environ, "PATH": PATH, "STARDOCK_LOCK": "write"}
        return subprocess.Popen(
            self.inside_argv(*words), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def up(self) -> None:
        """A new lab, nothing in it."""
        self.command("lab", "down", "-f", str(self.example), check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.command("lab", "up", "-f", str(self.example))

    def down(self) -> None:
        """Nothing left."""
        self.command("lab", "down", "-f", str(self.example))

    def deploy(self, *words: str, check: bool = True) -> Result:
        """`runner deploy`, without questions."""
        return self.inside("runner", "deploy", "-f", str(self.file), "--yes", *words, check=check)

    def cdktf(self, verb: str) -> None:
        """`cdktf deploy` or `cdktf destroy`."""
        out = str(self.folder / "cdktf.out")
        self.inside("cdktf", verb, "--auto-approve", "--skip-provider-lock", "--output", out, self.name)

    def plan_is_clean(self) -> None:
        """The engine has nothing to do in the stack's folder as it lies there."""
        stack = self.folder / "cdktf.out/stacks" / self.name
        self.inside("sh", "-c", f"cd {stack} && $TERRAFORM_BINARY_NAME plan -detailed-exitcode -no-color -input=false")

    def bootstrap(self, *words: str, check: bool = True) -> Result:
        """`runner bootstrap`."""
        return self.inside("runner", "bootstrap", "-f", str(self.file), *words, check=check)

    def kubectl(self, *words: str, check: bool = True) -> Result:
        """kubectl with the kubeconfig that bootstrap wrote."""
        return self.inside("kubectl", "--kubeconfig", str(self.file.with_suffix(".kubeconfig")), *words, check=check)

    def ssh(self, machine: str, script: str, *, check: bool = True) -> str:
        """What a root shell on a machine prints."""
        return self.command("lab", "ssh", "-f", str(self.example), machine, "--", script, check=check).stdout

    def wait_for_ssh(self, machine: str, seconds: float = 60) -> None:
        """Until a machine that was started lets us in."""
        deadline = time.monotonic() + seconds
        while self.command("lab", "ssh", "-f", str(self.example), machine, "--", "true", check=False).returncode:
            assert time.monotonic() < deadline, f"{machine} does not answer within {seconds} s"
            time.sleep(0.5)

    def wait_for_api(self, seconds: float = 60) -> None:
        """Until the API says that it is ready, to who has the kubeconfig that bootstrap wrote."""
        deadline = time.monotonic() + seconds
        while self.kubectl("get", "--raw", "/readyz", check=False).returncode:
            assert time.monotonic() < deadline, f"the API is not ready within {seconds} s"
            time.sleep(0.5)

    def reboot(self, machine: str) -> None:
        """From inside; returns once its next boot lets us in (its sshd may still answer while it goes down)."""
        before = self.boots([machine])
        self.ssh(machine, "systemctl reboot", check=False)
        deadline = time.monotonic() + 60
        while self.boots([machine], check=False) in (before, {machine: ""}):
            assert time.monotonic() < deadline, f"{machine} did not boot again within 60 s"
            time.sleep(0.5)

    def plan(self) -> dict[str, Any]:
        """`runner plan --format json`."""
        plan: dict[str, Any] = json.loads(self.command("plan", "-f", str(self.file), "--format", "json").stdout)
        return plan

    def edit(self, pattern: str, replacement: str) -> None:
        """Changes the working copy by a regular expression that must match exactly once."""
        text, count = re.subn(pattern, replacement, self.file.read_text(), flags=re.MULTILINE)
        assert count == 1, f"{pattern!r} matched {count} times"
        self.file.write_text(text)

    def nodes(self) -> dict[str, dict[str, str]]:
        """Node name -> its conditions, as kubectl sees them through the kubeconfig's address."""
        listed = json.loads(self.kubectl("get", "nodes", "-o", "json").stdout)
        return {
            node["metadata"]["name"]: {condition["type"]: condition["status"] for condition in node["status"]["conditions"]}
            for node in listed["items"]
        }

    def voters(self) -> list[str]:
        """The names of the nodes that vote in etcd."""
        return sorted(name for name, conditions in self.nodes().items() if conditions.get("EtcdIsVoter") == "True")

    def boots(self, machines: Sequence[str], *, check: bool = True) -> dict[str, str]:
        """When each machine's own systemd started: changes with every boot."""
        asked = "systemctl show --property=UserspaceTimestampMonotonic,UserspaceTimestamp"
        with ThreadPoolExecutor() as pool:
            return dict(zip(machines, pool.map(lambda name: self.ssh(name, asked, check=check), machines), strict=True))


def example_as(name: str, folder: Path, source: str = "quickstart") -> Path:
    """A copy of an example under another cluster name, in a folder of its own."""
    text = (ROOT / "examples" / source / "cluster.yaml").read_text()
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / "cluster.yaml"
    copy.write_text(re.sub(r"^cluster: .*$", f"cluster: {name}", text, flags=re.MULTILINE))
    return copy
