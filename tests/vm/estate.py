"""An emulated PVE whose VMs are in QEMU, driven through its API as a user of PVE would, without anything of Stardock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lab import environment, holder
from lab.pve.images import placeholder
from lab.settings import LabSettings, Network, PveNode
from tests.lab.cluster import ROOT

IMAGES = "https://cloud.debian.org/images/cloud"
#: What PVE adds to the user-data of its own making: Debian's images have no agent.
VENDOR = "#cloud-config\npackages: [qemu-guest-agent]\nruncmd: [[systemctl, start, qemu-guest-agent]]\n"


class RefusedError(Exception):
    """PVE's own words."""


@dataclass(frozen=True)
class QemuEstate:
    """One PVE node, pve1, with bridge vmbr0, 192.168.1.0/24."""

    directory: Path
    key: Path

    def ask(self, method: str, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        """The data of an answer. Raises RefusedError."""
        pairs = [f"{name}={value}" for name, value in (parameters or {}).items()]
        command = [*holder.enter(self.directory), sys.executable, "-m", "tests.vm.api", method, path, *pairs]
        variables = environment.inside(self.directory) | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RefusedError(done.stderr.strip())
        return json.loads(done.stdout)

    def do(self, method: str, path: str, parameters: Mapping[str, str] | None = None) -> None:
        """A task, to its end. Raises RefusedError where it failed."""
        task = self.ask(method, f"/nodes/pve1{path}", parameters)
        while (state := self.ask("GET", f"/nodes/pve1/tasks/{task}/status"))["status"] == "running":
            time.sleep(0.2)
        if state["exitstatus"] != "OK":
            raise RefusedError(state["exitstatus"])

    def make(self, vm_id: int, name: str, image: str, hardware: dict[str, str]) -> None:
        """A VM of an image (`debian-13-generic`) that starts; its address is 192.168.1.VM_ID, its user `ops`."""
        imported = self._upload("import", f"{image}-amd64.qcow2", placeholder(f"{IMAGES}/{image}-amd64.qcow2"))
        vendor = self._upload("snippets", "vendor.yaml", VENDOR.encode())
        config = {
            "vmid": str(vm_id), "name": name, "memory": "1024", "cores": "1", "cpu": "x86-64-v2-AES", "ostype": "l26", "agent": "1",
            "scsihw": "virtio-scsi-single", "scsi0": f"local-lvm:0,import-from={imported},discard=on,iothread=1", "boot": "order=scsi0",
            "net0": f"virtio=BC:24:11:00:00:{vm_id:02X},bridge=vmbr0", "serial0": "socket", "cicustom": f"vendor={vendor}",
            "ipconfig0": f"ip=192.168.1.{vm_id}/24,gw=192.168.1.1", "ciuser": "ops", "ciupgrade": "0",
            "sshkeys": quote(self.key.with_suffix(".pub").read_text().strip(), safe=""),
        }  # fmt: skip
        self.do("POST", "/qemu", config | hardware)
        self.do("POST", f"/qemu/{vm_id}/status/start")

    def agent(self, vm_id: int, command: str = "network-get-interfaces", **parameters: str) -> Any:
        """What the VM's agent answers. Raises RefusedError with PVE's words while it does not."""
        return self.ask("GET", f"/nodes/pve1/qemu/{vm_id}/agent/{command}", parameters)

    def answers(self, vm_id: int) -> bool:
        """Whether the VM's agent does."""
        try:
            self.agent(vm_id)
        except RefusedError as error:
            if "QEMU guest agent is not running" not in str(error):
                raise
            return False
        return True

    def console(self, vm_id: int) -> str:
        """What the VM has said on its serial port."""
        file = self.directory / "machines" / str(vm_id) / "console.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def _upload(self, content: str, name: str, data: bytes) -> str:
        """Where an upload would lie on the PVE node's own storage."""
        (self.directory / "pve/pve1/local" / content / name).write_bytes(data)
        return f"local:{content}/{name}"


@contextmanager
def qemu_estate(folder: Path, vms: Mapping[str, str]) -> Iterator[QemuEstate]:
    """Up for as long as the block runs; `vms`: name -> file name of its image."""
    estate = QemuEstate(folder / "lab", folder / "id_ed25519")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(estate.key)], check=True)
    network = Network("vmbr0", "192.168.1.1/24")
    before, os.environ["PYTHONPATH"] = os.environ.get("PYTHONPATH", ""), str(ROOT)
    try:
        holder.up(LabSettings("qemu", str(estate.directory), (PveNode("pve1", "127.0.1.1"),), (network,), vms=dict(vms)))
    finally:
        os.environ["PYTHONPATH"] = before
    try:
        yield estate
    finally:
        holder.down(estate.directory)
