"""A whole cluster in a lab of its own, driven only through the commands that a person types."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, ClassVar

from lab.patience import patient
from lab.settings import Nodes
from tests.waiting import until

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATH = os.pathsep.join((str(BIN), str(ROOT / "node_modules/.bin"), os.environ["PATH"]))

Result = subprocess.CompletedProcess[str]


@dataclass
class Cluster:
    """One cluster in one lab. `folder` is where the lab keeps its working copy of the cluster file."""

    name: str
    example: Path
    kind: Nodes = "emulated"
    folder: Path = field(init=False)
    boot_seconds: ClassVar[float] = 60

    def __post_init__(self) -> None:
        self.folder = ROOT / "build/lab" / self.name

    @property
    def file(self) -> Path:
        """The working copy that the lab made."""
        return self.folder / "cluster.yaml"

    @property
    def kubeconfig(self) -> Path:
        """What bootstrap writes for kubectl."""
        return self.file.with_suffix(".kubeconfig")

    def command(self, *words: str, check: bool = True, timeout: float = 600) -> Result:
        """A `runner` command, from outside; `timeout` as on an idle machine."""
        environment = {**os.environ, "PATH": PATH, "STARDOCK_LOCK": "write"}
        done = subprocess.run(
            ["runner", *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=patient(timeout), check=False
        )
        if check and done.returncode:
            raise AssertionError(f"runner {' '.join(words)} gave {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}")
        return done

    def inside_argv(self, *words: str) -> list[str]:
        """How a command is entered into the lab's network."""
        return ["runner", "lab", "run", "-f", str(self.example), "--", *words]

    def inside(self, *words: str, check: bool = True, timeout: float = 600) -> Result:
        """Any command, in the lab's network and environment."""
        return self.command(*self.inside_argv(*words)[1:], check=check, timeout=timeout)

    def begin(self, *words: str, output: IO[str] | int = subprocess.PIPE) -> subprocess.Popen[str]:
        """The same, without waiting. It ends with this process, also where that is killed: it would hold the lab's network."""
        environment = {**os.environ, "PATH": PATH, "STARDOCK_LOCK": "write"}
        argv = ["setpriv", "--pdeathsig", "KILL", "--", *self.inside_argv(*words)]
        return subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True)

    def up(self) -> None:
        """A new lab, nothing in it."""
        self.command("lab", "down", "-f", str(self.example), check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.command("lab", "up", "-f", str(self.example), "--nodes", self.kind)

    def down(self) -> None:
        """Nothing left."""
        self.command("lab", "down", "-f", str(self.example))

    @contextmanager
    def deployed(self) -> Iterator[Cluster]:
        """A new lab with all of its machines; it ends with the block."""
        self.up()
        try:
            self.deploy()
            yield self
        finally:
            self.down()

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

    def add_images(self, name: str, archive: Path) -> None:
        """Machines find the images of this tarball where the air gap's lie: beside the release."""
        artifacts = Path(self.inside("printenv", "STARDOCK_ARTIFACTS").stdout.strip())
        file = artifacts / f"rke2-images-{name}.linux-amd64.tar"
        shutil.copyfile(archive, file)
        with (artifacts / "sha256sum-amd64.txt").open("a") as sums, file.open("rb") as content:
            sums.write(f"{hashlib.file_digest(content, 'sha256').hexdigest()}  {file.name}\n")

    def kubectl(self, *words: str, check: bool = True) -> Result:
        """kubectl with the kubeconfig that bootstrap wrote."""
        return self.inside("kubectl", "--kubeconfig", str(self.kubeconfig), *words, check=check)

    def files(self) -> Iterator[Path]:
        """All that lies in its folder, but for the machines' own disks."""
        found = (path for path in self.folder.rglob("*") if path.relative_to(self.folder).parts[0] != "lab")
        return (path for path in found if path.is_file() and path.stat().st_size < 1 << 22)

    def ssh(self, machine: str, script: str, *, check: bool = True) -> str:
        """What a root shell on a machine prints."""
        return self.command("lab", "ssh", "-f", str(self.example), machine, "--", script, check=check).stdout

    def kill(self, machine: str) -> None:
        """Cuts a machine's power; returns when it is off. Its Node stays Ready for as long as its lease runs."""
        self._switch("kill", machine)

    def start(self, machine: str) -> None:
        """Switches a machine on; returns when all that a next step may need of it works again (`await_machine`)."""
        since = time.time()
        self._switch("start", machine)
        self.await_machine(machine, since)

    def reboot(self, machine: str) -> None:
        """From inside; returns when all that a next step may need of it works again (its sshd may still answer while it goes down)."""
        before = self.boots([machine])
        self.ssh(machine, "systemctl reboot", check=False)
        until(lambda: self.boots([machine], check=False) not in (before, {machine: ""}), f"{machine} to boot again", self.boot_seconds)
        self.await_machine(machine, time.time())

    def await_machine(self, machine: str, since: float) -> None:
        """Until a machine lets us in, has ended its boot and, where it is a Node, has said so itself after `since` (seconds of the epoch).

        A Node's Ready alone says nothing: for the length of its lease it is that of the boot before.
        """
        until(lambda: self._runner_ssh(machine, "true").returncode == 0, f"the sshd of {machine}", self.boot_seconds)
        ended = "timeout 60 systemctl is-system-running --wait || true"
        until(
            lambda: self._runner_ssh(machine, ended).stdout.strip() in {"running", "degraded"},
            f"the end of the boot of {machine}",
            self.boot_seconds,
            evidence=lambda: self._runner_ssh(machine, "systemctl list-jobs").stdout,
        )
        if self.kubeconfig.exists() and self._role(machine) != "loadbalancer":
            until(lambda: self._beats(machine, since), f"the Node {machine} to beat and be Ready", 120, lambda: self._node(machine))

    def wait_for_api(self) -> None:
        """Until the API says that it is ready, to who has the kubeconfig that bootstrap wrote."""
        until(lambda: self.kubectl("get", "--raw", "/readyz", check=False).returncode == 0, "the API to be ready")

    def _switch(self, verb: str, machine: str) -> None:
        self.command("lab", verb, "-f", str(self.example), machine)

    def _runner_ssh(self, machine: str, script: str) -> Result:
        return self.command("lab", "ssh", "-f", str(self.example), machine, "--", script, check=False)

    def _role(self, machine: str) -> str:
        return next(str(one["role"]) for one in self.plan()["machines"] if one["name"] == machine)

    def _beats(self, node: str, since: float) -> bool:
        """Whether a Node has renewed its lease after `since` and is Ready. No, while the API does not answer."""
        asked = ("get", "lease", node, "--namespace=kube-node-lease", "--output=jsonpath={.spec.renewTime}")
        renewed = self.kubectl(*asked, check=False).stdout.strip()
        if not renewed or datetime.fromisoformat(renewed).timestamp() <= since:
            return False
        return self.kubectl("wait", "--for=condition=Ready", f"node/{node}", "--timeout=5s", check=False).returncode == 0

    def _node(self, node: str) -> str:
        shown = self.kubectl("describe", "node", node, check=False)
        return shown.stdout + shown.stderr

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


def changed(said: str) -> list[str]:
    """The stages that changed something, of what a bootstrap said."""
    done = [line.split() for line in said.splitlines() if "changed: " in line]
    return [words[0] for words in done if "nothing" not in words]


def example_as(name: str, folder: Path, source: str = "quickstart") -> Path:
    """A copy of an example under another cluster name, in a folder of its own."""
    text = (ROOT / "examples" / source / "cluster.yaml").read_text()
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / "cluster.yaml"
    copy.write_text(re.sub(r"^cluster: .*$", f"cluster: {name}", text, flags=re.MULTILINE))
    return copy


@contextmanager
def bootstrapped_single(name: str, folder: Path, more: str, kind: Nodes = "emulated") -> Iterator[Cluster]:
    """examples/single under another name, with `more` in place of its last line, deployed and bootstrapped; it ends with the block."""
    source = example_as(name, folder, "single")
    head, line, _ = source.read_text().partition("protect: false")
    assert line
    source.write_text(f"{head}{more}\n")
    with Cluster(name, source, kind).deployed() as cluster:
        cluster.bootstrap()
        yield cluster
