"""What was once allocated: the lock as values. Reading and writing it is `stardock.workspace.workspace.lock`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stardock.model.machine import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedMachine:
    """What a name was given, and how it was last planned.

    `pool` and `ordinal` (from 0, never shifted) are where VM ids are counted; the pool is that of the first allocation, so a
    machine that changes its pool frees nothing there. `place` is the ordinal within the role: addresses and windows are counted
    by it. `record` holds the allocated values themselves (PVE node, VM id, MACs, addresses). `retired`: taken out under
    `remove:`; the values wait for the name's return, and others get them last.
    """

    pool: str
    ordinal: int
    place: int
    record: Machine
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """An image's content, as `runner image pin` found it. Machines made before keep what their record says."""

    checksum: str  # sha256:HEX or sha512:HEX
    date: str  # when it was looked up, YYYY-MM-DD in UTC
    checksum_url: str | None = None  # the publisher's file; None: computed from a local image
    virtual_bytes: int | None = None  # the size of a local image's disk; None: not looked at, or the publisher's
    published: str | None = None  # the name that the publisher's file gives it, where that is another


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """All that was allocated to the names of one cluster.

    `vrid` is None until there was a VIP; `images` are pins by source; `memory` is that of PVE nodes in MiB, as once read from Proxmox;
    `distribution_version` is the release of Kubernetes that the cluster began with (None: a lock from before it was kept), and
    `former_release` that of another Kubernetes, which cluster.yaml named before; `channels` are DISTRIBUTION/CHANNEL -> the release that
    `runner lock channel` found it at; `mesh` is name -> address in the mesh, of machines and hosts,
    `sites` name -> site of machines, as cluster.yaml said it last: one that stays although its lines went is still there; `relays` pair
    of sites (`stardock.model.mesh.pair_of`) -> who carries between them, `mesh_port` the UDP port of all (None: no mesh).
    """

    cluster: str
    founder: str
    vrid: int | None = None
    machines: Mapping[str, LockedMachine] = field(default_factory=dict)
    images: Mapping[str, Pin] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)
    distribution_version: str | None = None
    former_release: str | None = None
    channels: Mapping[str, str] = field(default_factory=dict)
    mesh: Mapping[str, str] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    relays: Mapping[str, str] = field(default_factory=dict)
    mesh_port: int | None = None

    def active(self) -> dict[str, LockedMachine]:
        """The machines that exist or are about to: those not retired."""
        return {name: machine for name, machine in self.machines.items() if not machine.retired}


def allocation(machine: LockedMachine) -> tuple[object, ...]:
    """What was given to the name, without what merely describes it."""
    record = machine.record
    nics = tuple((nic.name, nic.mac, nic.address, nic.ipv6) for nic in record.interfaces)
    return machine.pool, machine.ordinal, machine.place, record.pve_node, record.vm_id, record.seed_interface, nics


def gains(before: Lock | None, after: Lock) -> tuple[str, ...]:
    """What `after` holds and `before` does not: machines whose allocation is new or different, `vrid`, `founder`."""
    locked = before.machines if before else {}
    names = [name for name, machine in after.active().items() if name not in locked or allocation(locked[name]) != allocation(machine)]
    cluster = [key for key in ("founder", "vrid") if getattr(before, key, None) != getattr(after, key)]
    mesh = [f"{name} in the mesh" for name in after.mesh if after.mesh[name] != (before.mesh if before else {}).get(name)]
    relays = [f"the relay of {pair}" for pair in after.relays if after.relays[pair] != (before.relays if before else {}).get(pair)]
    return (*names, *cluster, *mesh, *relays)
