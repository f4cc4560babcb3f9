"""Rules of machines that PVE's HA manager may move: what they start from must be wherever they may go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stardock.errors import Problem
from stardock.fold import fold
from stardock.model.machine import Machine
from stardock.plan.allocation.declared import Declared
from stardock.spec.places import at

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec

#: A majority of two PVE nodes is both of them.
QUORATE = 3


def ha_problems(spec: Spec, every: Sequence[Declared], machines: Mapping[str, Machine]) -> Iterator[Problem]:
    """Disks that stay behind; `machines` are as they are, since a disk is never moved by an edit."""
    behind: defaultdict[tuple[Keys, str, str], list[str]] = defaultdict(list)
    for declared in every:
        for what, datastore in _disks(machines[declared.name]) if machines[declared.name].ha else ():
            if datastore not in spec.proxmox.datastores.shared:
                behind[declared.said_at("ha"), what, datastore].append(declared.name)
    for (keys, what, datastore), names in behind.items():
        who = "the machine without its" if len(names) == 1 else "each machine without its"
        message = f"{fold(names)}: HA moves {who} {what}, which is on {datastore}"
        yield at(spec, keys, message, f"put it on a shared datastore; is {datastore} one, name it under proxmox.datastores.shared")


def _disks(machine: Machine) -> Iterator[tuple[str, str]]:
    yield "disk", machine.disk_datastore
    yield from ((f"data disk {disk.name}", disk.datastore) for disk in machine.data_disks)


def ha_warnings(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[str]:
    """Where HA cannot do what it is for."""
    managed = {name: machine.ha for name, machine in machines.items() if machine.ha}
    if managed and len(spec.proxmox.nodes) < QUORATE:
        yield f"{fold(list(managed))}: HA needs the majority of at least {QUORATE} PVE nodes; {len(spec.proxmox.nodes)} are named"
    alone = [name for name, ha in managed.items() if len(ha.nodes) == 1]
    if alone:
        yield f"{fold(alone)}: one PVE node is allowed (`nodes`), so that HA has nowhere to move to"
