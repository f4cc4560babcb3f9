"""The emulated PVE for the real `runner deploy`: its API on a free port of the loopback, an sshd per PVE node, guests that talk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lab.patience import patient
from lab.pve import access_key
from stardock.workspace.run_lock import marked_processes
from tests.contract import pveum
from tests.contract.deploy.guests import TalkingGuests
from tests.contract.estate import USUAL, Estate, estate
from tests.engines import CHEAPER, chosen_engine
from tests.plans import document

ROOT = Path(__file__).parents[3]


@dataclass
class EmulatedEstate:
    """The estate and one cluster file on it; `token` is whom commands are, `pve` is asked as root."""

    folder: Path
    pve: Estate
    guests: TalkingGuests
    data: dict[str, Any]
    token: str
    exported: dict[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        """Where its API answers."""
        return self.pve.settings.endpoint

    @property
    def file(self) -> Path:
        """The cluster file."""
        return self.folder / "cluster.yaml"

    def write(self) -> None:
        """Write `data` to the cluster file; guests will have the addresses that the plan gives them."""
        with self.file.open("w", encoding="utf-8") as stream:
            YAML().dump(self.data, stream)
        from stardock.workspace.workspace import open_workspace  # noqa: PLC0415 -- after the file is there

        for machine in open_workspace(self.file).plan.machines:
            self.guests.addresses |= {nic.mac: nic.address or f"192.168.1.{machine.vm_id % 250}" for nic in machine.interfaces}

    def take_role(self, *, without: str = "nothing") -> None:
        """From now on, be whom `runner proxmox-role` makes for the cluster file as it is, less one privilege: nobody here has more."""
        self.token = pveum.run((line.replace(f" {without}", "") for line in self._role()), self.pve.granted)

    def renew_role(self, *, without: str = "nothing") -> None:
        """Run what it prints again, after an edit of the cluster file, or less one privilege; the token stays."""
        pveum.again((line.replace(f" {without}", "") for line in self._role()), self.pve.granted)

    def _role(self) -> Iterator[str]:
        from stardock.estate.role import commands  # noqa: PLC0415 -- after the file is there
        from stardock.estate.token import default_user  # noqa: PLC0415
        from stardock.workspace.workspace import open_workspace  # noqa: PLC0415

        plan = open_workspace(self.file).plan
        return commands(plan, default_user(plan.cluster))

    def environ(self) -> dict[str, str]:
        """What a person would have exported."""
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG") if name in os.environ}
        home = self.folder.parent / "home"
        home.mkdir(exist_ok=True)
        return (
            kept
            | CHEAPER
            | {
                "HOME": str(home),
                "TMPDIR": str(home),
                "SSL_CERT_FILE": f"{self.pve.directory}/ca.pem",
                "PROXMOX_VE_API_TOKEN": self.token,
                "TERRAFORM_BINARY_NAME": str(chosen_engine()),
                "TF_CLI_CONFIG_FILE": str(ROOT / "build/mirror/terraform.rc"),
                "STARDOCK_LOCK": "write",
            }
            | self.exported
        )

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start the real command line, as whoever says yes to a deploy."""
        return self.start_unasked(*arguments, *(["--yes"] if arguments[0] == "deploy" else []), **environ)

    def start_unasked(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start the real command line where nobody can be asked."""
        # Whoever runs tests in the background has Ctrl-C ignored, and so would what they start.
        heard = ["env", "--default-signal=INT"]
        command = [*heard, sys.executable, "-c", "from stardock.cli.main import main; main()", *arguments, "-f", "cluster.yaml"]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environ() | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, **environ: str) -> tuple[int, str]:
        """Run the real command line; exit code and all that it said."""
        process = self.start(*arguments, **environ)
        output, _ = process.communicate(timeout=patient(180))
        return process.returncode, output

    def deploy(self, *arguments: str) -> str:
        """Deploy; must succeed. Gives what it said."""
        code, output = self.run("deploy", "--timeout", "20", *arguments)
        assert code == 0, output
        return output

    @property
    def stack(self) -> Path:
        """The folder of the Terraform JSON."""
        (folder,) = self.folder.glob("cdktf.out/stacks/*")
        return folder

    def engine(self, *arguments: str) -> str:
        """Run the engine, bare, over what was synthesized last; must succeed. Gives what it said."""
        command = [str(chosen_engine()), *arguments]
        done = subprocess.run(
            command, cwd=self.stack, env=self.environ(), capture_output=True, text=True, check=False, timeout=patient(120)
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def plans_nothing(self) -> None:
        """A second deploy would find nothing to change: what it would find, without the rest of it. Fails with the changes."""
        self.engine("plan", "-input=false", "-no-color", "-detailed-exitcode")

    def kill(self, process: subprocess.Popen[str], *, engine: bool) -> None:
        """SIGKILL the command, and the engine with its provider, too, when asked."""
        token = self.file.with_suffix(".pid").read_text().splitlines()[1]
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it ended before it was killed"
        if process.stdout:
            process.stdout.close()
        for pid in marked_processes(token) if engine else ():
            os.kill(pid, signal.SIGKILL)

    def accepted(self, method: str, ending: str) -> list[dict[str, Any]]:
        """Requests that were accepted, whose path ends so."""
        asked = [item for item in self.pve.lab("requests") if item["status"] == HTTPStatus.OK]
        return [item for item in asked if item["method"] == method and item["path"].endswith(ending)]

    def vms(self) -> dict[int, str]:
        """VM id -> power, of all that the estate holds."""
        return {int(vm_id): vm["status"] for vm_id, vm in self.pve.lab("status")["vms"].items()}

    def destroy(self, vm_id: int) -> None:
        """Destroy a VM as a person does in Proxmox, behind Stardock's back."""
        node = next(item["node"] for item in self.pve.granted("GET", "/cluster/resources?type=vm") if item["vmid"] == vm_id)
        self.pve.granted("POST", f"/nodes/{node}/qemu/{vm_id}/status/stop")
        until(lambda: self.vms()[vm_id] == "stopped")
        self.pve.granted("DELETE", f"/nodes/{node}/qemu/{vm_id}")
        until(lambda: vm_id not in self.vms())

    def wait_for(self, method: str, ending: str, process: subprocess.Popen[str]) -> None:
        """Wait until such a request was accepted."""
        deadline = time.monotonic() + patient(180)
        while not self.accepted(method, ending):
            assert process.poll() is None, process.stdout.read() if process.stdout else ""
            assert time.monotonic() < deadline
            time.sleep(0.1)


def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + patient(20)
    while not condition():
        assert time.monotonic() < deadline, "the emulated PVE did not come to it within 20 s"
        time.sleep(0.05)


@contextmanager
def emulated_estate(directory: Path, storages: dict[str, str] | None = None) -> Iterator[EmulatedEstate]:
    """Serve an empty estate and write the quick start for it, its machines not yet made; `storages` (id -> type) beside the usual ones."""
    for part in ("cluster", "lab"):
        (directory / part).mkdir(parents=True)
    with served(directory, storages) as made:
        made.write()
        made.take_role()
        yield made


@contextmanager
def served(directory: Path, storages: dict[str, str] | None = None) -> Iterator[EmulatedEstate]:
    """Serve what lies in a folder, on ports that nobody has; no guest runs yet."""
    guests = TalkingGuests()
    with estate(directory / "lab", ssh=True, hypervisor=guests, storages=USUAL | (storages or {})) as pve:
        yield EmulatedEstate(directory / "cluster", pve, guests, _data(pve), pve.token)


def _data(pve: Estate) -> dict[str, Any]:
    data = document()
    data["proxmox"] |= {
        "endpoint": pve.settings.endpoint,
        "nodes": [{"name": name, "address": "127.0.0.1", "ssh_port": port} for name, port in pve.ssh_ports.items()],
        "ssh": {"user": "root", "private_key": str(access_key(pve.directory))},
    }
    return data
