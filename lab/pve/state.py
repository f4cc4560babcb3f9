"""What an emulated PVE cluster remembers: VMs, their disks, and a catalog of small files. On disk after every change, read at start.

Never here: power (the hypervisor's), the content of snippets and images (files in each PVE node's own storage directory), tasks.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Config = dict[str, Any]


@dataclass(slots=True)
class Disk:
    """A volume of a VM. `size` in bytes; `generation` is new whenever the content was made anew; `node`: the PVE node that has it.

    `image` is the name of the image that it was imported from, as its publisher has it; empty for a disk that began empty.
    """

    size: int
    vm_id: int
    generation: str
    node: str = ""  # everyone, on a shared storage
    image: str = ""


@dataclass(slots=True)
class Vm:
    """A VM's configuration as PVE keeps it: normalised, integers as integers."""

    vm_id: int
    node: str
    config: Config
    disks: dict[str, Disk] = field(default_factory=dict)  # by volume id


@dataclass(slots=True)
class Mapping:
    """A resource mapping: which device it is on which PVE node. Each `devices` is a property string, as it was given."""

    devices: list[str]
    description: str | None = None


class State:
    """All VMs of the estate. Change it only inside `with state:`, which saves when it ends."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.RLock()
        self._depth = 0
        self.vms: dict[int, Vm] = {}
        self.catalog: dict[str, str] = {}  # URL -> file of the lab's own
        self.mappings: dict[str, Mapping] = {}  # PCI devices, by the name of the mapping
        self.usb: dict[str, Mapping] = {}  # USB devices, by the name of the mapping
        self.ha: dict[str, dict[str, Any]] = {}  # what the HA manager looks after, by resource id (vm:100)
        self.ha_rules: dict[str, dict[str, Any]] = {}
        self.orphans: dict[str, Disk] = {}  # disks of no VM, by volume id; a test leaves them
        if file.exists():
            self._load(json.loads(file.read_text(encoding="utf-8")))

    def __enter__(self) -> State:
        self._lock.acquire()
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        try:
            if self._depth == 0:
                self._save()
        finally:
            self._lock.release()

    def _load(self, saved: dict[str, Any]) -> None:
        self.catalog = saved["catalog"]
        self.mappings = {name: Mapping(**mapping) for name, mapping in saved.get("mappings", {}).items()}
        self.usb = {name: Mapping(**mapping) for name, mapping in saved.get("usb", {}).items()}
        self.ha, self.ha_rules = saved.get("ha", {}), saved.get("ha_rules", {})
        for record in saved["vms"]:
            disks = {name: Disk(**disk) for name, disk in record.pop("disks").items()}
            self.vms[record["vm_id"]] = Vm(**record, disks=disks)

    def _save(self) -> None:
        mappings = {name: asdict(mapping) for name, mapping in self.mappings.items()}
        saved = {
            "catalog": self.catalog,
            "mappings": mappings,
            "usb": {name: asdict(mapping) for name, mapping in self.usb.items()},
            "ha": self.ha,
            "ha_rules": self.ha_rules,
            "vms": [asdict(vm) for vm in self.vms.values() if vm.config],  # not one that is still being made
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:  # cipassword may be in it
            json.dump(saved, stream)
        fresh.replace(self._file)
