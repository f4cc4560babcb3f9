"""Storage of the nodes' own held against the machines: disks that volumes lie on, how many copies there can be, what kernels need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stardock.addons import longhorn, piraeus
from stardock.errors import Problem
from stardock.model.machine import Machine
from stardock.plan.hosts import hosts_of
from stardock.spec.places import at
from stardock.systems import SYSTEMS, system

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.addon_storage import Longhorn, Piraeus
    from stardock.spec.cluster import Spec
    from stardock.spec.keypath import Keys


def addon_storage_problems(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[Problem]:
    """All of them; `machines` are all that will exist."""
    every = tuple(machines.values())
    if spec.addons.longhorn:
        yield from _longhorn(spec, spec.addons.longhorn, every)
    if spec.addons.piraeus:
        yield from _piraeus(spec, spec.addons.piraeus, every)


def _longhorn(spec: Spec, wanted: Longhorn, machines: Sequence[Machine]) -> Iterator[Problem]:
    keys: Keys = ("addons", "longhorn")
    on = longhorn.with_disk(machines, wanted.disk) if wanted.disk else ()
    if wanted.disk and not on:
        cure = f"write it on a pool: data_disks: [{{name: {wanted.disk}, size: 100GiB, mount: /var/lib/longhorn}}]"
        yield at(spec, (*keys, "disk"), f"no node has a data disk `{wanted.disk}` that is mounted", cure)
        return
    places = sorted({str(longhorn.mount_of(machine, wanted.disk)) for machine in on}) if wanted.disk else []
    if len(places) > 1:
        message = f"`{wanted.disk}` is mounted at {' and '.join(places)}, and Longhorn knows one path for all nodes"
        yield at(spec, (*keys, "disk"), message, f"write `mount: {places[0]}` on all of them")
    count = len(on) if wanted.disk else len(longhorn.without_disk((*machines, *hosts_of(spec))))
    yield from _copies(spec, keys, wanted.replicas, count)


def _piraeus(spec: Spec, wanted: Piraeus, machines: Sequence[Machine]) -> Iterator[Problem]:
    keys: Keys = ("addons", "piraeus")
    on = piraeus.nodes(machines, wanted.disk)
    mounted = [machine.name for machine in on for disk in machine.data_disks if disk.name == wanted.disk and disk.mount]
    if not on:
        cure = f"write it on a pool: data_disks: [{{name: {wanted.disk}, size: 100GiB}}]"
        yield at(spec, (*keys, "disk"), f"no node has a data disk `{wanted.disk}`", cure)
    elif mounted:
        message = f"`{wanted.disk}` of {mounted[0]} has a file system, and LINSTOR takes the whole disk"
        yield at(spec, (*keys, "disk"), message, "delete its `mount`, or name another disk")
    else:
        yield from _copies(spec, keys, wanted.replicas, len(on))
    without = [one for one in machines if one.role != "loadbalancer" and system(one.image.system).drbd is None]
    if without:
        able = ", ".join(name for name, one in SYSTEMS.items() if one.drbd is not None)
        message = f"DRBD's module cannot be built on {without[0].name} ({system(without[0].image.system).title})"
        yield at(spec, keys, message, f"nodes of {able} can have it; or take `longhorn`")


def _copies(spec: Spec, keys: Keys, wanted: int | None, nodes: int) -> Iterator[Problem]:
    if wanted is not None and wanted > nodes:
        message = f"{wanted} copies need as many nodes with room for them, and there {'is' if nodes == 1 else 'are'} {nodes}"
        yield at(spec, (*keys, "replicas"), message, f"write `replicas: {nodes}`, or add nodes")
