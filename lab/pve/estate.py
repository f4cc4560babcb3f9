"""The emulated cluster as its routes see it: state, storages, tasks, and the hypervisor that runs the VMs."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.machines.hypervisor import Guest, Hypervisor
from lab.pve.access.store import Access
from lab.pve.access.tickets import Tickets
from lab.pve.conditions import Conditions
from lab.pve.consoles import Consoles
from lab.pve.errors import failed, no_such_vm
from lab.pve.pvestatd import Pvestatd
from lab.pve.schema import Schema
from lab.pve.state import State, Vm
from lab.pve.storage import Storages
from lab.pve.tasks import Tasks
from lab.settings import LabSettings

#: The version that the emulated hosts tell.
VERSION = "9.1.2"
#: How long PVE waits for a VM's configuration lock, in seconds.
LOCK_TIMEOUT = 10.0


class Estate:
    """One emulated PVE cluster. Its methods may be called from any thread."""

    def __init__(self, settings: LabSettings, hypervisor: Hypervisor, schema: Schema) -> None:
        self.settings = settings
        self.hypervisor = hypervisor
        self.schema = schema
        self.state = State(Path(settings.directory) / "pve" / "state.json")
        self.access = Access(Path(settings.directory) / "pve" / "access.json")
        self.tickets = Tickets()
        self.storages = Storages(settings, self.state)
        self.tasks = Tasks()
        self.consoles = Consoles()
        self.pvestatd = Pvestatd(self._as_they_are)
        self.conditions = Conditions()
        self.started = time.time()
        self.guests: dict[int, Guest] = {}  # what each running VM was started with, for a reset
        self.reserved: dict[int, frozenset[str]] = {}  # PCI devices that each VM was started with
        self.ha_states: dict[str, str] = {}  # what the HA manager says of each resource
        self.ha_log: list[str] = []
        self._locks: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The PVE nodes' names, in declared order."""
        return tuple(node.name for node in self.settings.pve_nodes)

    def vm(self, node: str, vm_id: str | int) -> Vm:
        """The VM of that id on that PVE node. Raises PveError (500, 'does not exist') when there is none."""
        self.storages.of_node(node)
        found = self.state.vms.get(int(vm_id))
        if found is None or found.node != node:
            raise no_such_vm(node, int(vm_id))
        return found

    def is_running(self, vm: Vm) -> bool:
        """Asked of the hypervisor each time: a guest may have powered off by itself, or been killed."""
        return self.hypervisor.is_running(vm.vm_id)

    def _as_they_are(self) -> dict[int, dict[str, Any]]:
        return {
            vm.vm_id: {
                "name": vm.config.get("name", f"VM {vm.vm_id}"),
                "status": self.power(vm),
                "template": int(vm.config.get("template", 0)),
            }
            for vm in list(self.state.vms.values())
        }

    def power(self, vm: Vm) -> str:
        """PVE's word for it."""
        return "running" if self.is_running(vm) else "stopped"

    @contextmanager
    def locked(self, vm_id: int) -> Iterator[None]:
        """The VM's configuration lock: one change at a time. Raises PveError as PVE does when it does not get it."""
        lock = self._locks[vm_id]
        if not lock.acquire(timeout=LOCK_TIMEOUT):
            raise failed(f"can't lock file '/var/lock/qemu-server/lock-{vm_id}.conf' - got timeout")
        try:
            yield
        finally:
            lock.release()
