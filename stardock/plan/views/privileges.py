"""What this plan needs of Proxmox, and no more: which privileges on which path, and what for.

What a kind's role has must not depend on the plan, only its paths may: when the role is given anew after an edit, what is now to be undone
(HA, membership of a pool, a device, a NIC) needs what the last plan needed, and no command takes an ACL away.

By the methods that the provider (0.111.1) and `stardock.estate` call, what the published schema asks for each, and what PVE's code asks
beyond it (PVE::API2::Qemu, PVE::Storage, PVE::GuestHelpers). Machines are granted on /vms and not one by one: when a VM is destroyed, PVE
takes the ACLs on it away, so that a replacement could not be made. Nor through a pool: a new VM's tags are looked at on its own path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from stardock.model.machine import Interface, Machine
from stardock.model.plan import Plan
from stardock.spec.trunks import vlans_of

#: VLANs of a NIC of which each gets its own path; a longer trunk gets the bridge, which holds for all below it.
MANY_VLANS = 16
#: What PVE calls the zone of the bridges that its nodes have themselves.
LOCAL_ZONE = "localnetwork"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role's privileges on some paths. `kind` names the role; `propagate`: whether they hold below the paths, too."""

    kind: str
    what_for: str
    privileges: tuple[str, ...]
    paths: tuple[str, ...]
    propagate: bool = True


def grants(plan: Plan) -> tuple[Grant, ...]:
    """List what the plan needs, without what it has no use for; in a fixed order."""
    every = (_estate(), _ha(plan), _machines(), _nodes(plan), _images(plan), _snippets(plan), _disks(plan), _bridges(plan))
    return tuple(grant for grant in (*every, _devices(plan), _pools(plan)) if grant.paths)


def needed(plan: Plan) -> dict[str, frozenset[str]]:
    """The privileges by path."""
    found: dict[str, frozenset[str]] = {}
    for grant in grants(plan):
        for path in grant.paths:
            found[path] = found.get(path, frozenset()) | frozenset(grant.privileges)
    return found


def _sorted(paths: set[str]) -> tuple[str, ...]:
    return tuple(sorted(paths))


def _estate() -> Grant:
    """PVE asks for Sys.Modify on / itself to set a VM's startup order.

    With Sys.Audit there, PVE nodes may fetch from any URL, too: Sys.AccessNetwork on each would add nothing.
    """
    return Grant(
        kind="estate",
        what_for="startup order of machines, quorum, download of images",
        privileges=("Sys.Audit", "Sys.Modify"),
        paths=("/",),
        propagate=False,
    )


def _ha(plan: Plan) -> Grant:
    """A role of its own, which stays as it is when no machine is to be under HA any more: the next deploy still takes them out."""
    paths = ("/",) if any(machine.ha for machine in plan.machines) else ()
    return Grant(kind="ha", what_for="machines under PVE HA", privileges=("Sys.Console",), paths=paths, propagate=False)


def _machines() -> Grant:
    """VM.Config.Cloudinit and .CDROM are not among them: VM.Config.Network suffices for snippets, and the seed's drive is never changed."""
    config = ("CPU", "Disk", "HWType", "Memory", "Network", "Options")
    return Grant(
        kind="machines",
        what_for="VMs, made, changed, started, destroyed; addresses and host keys through the guest agent; consoles",
        privileges=(
            *("VM.Allocate", "VM.Audit"),
            *(f"VM.Config.{name}" for name in config),
            *("VM.Console", "VM.GuestAgent.Audit", "VM.GuestAgent.FileRead", "VM.PowerMgmt"),
        ),
        paths=("/vms",),
    )


def _nodes(plan: Plan) -> Grant:
    paths = {f"/nodes/{node.name}" for node in plan.proxmox.nodes}
    return Grant(
        kind="nodes",
        what_for="clock and memory of PVE nodes (doctor, lock memory)",
        privileges=("Sys.Audit",),
        paths=_sorted(paths),
    )


def _images(plan: Plan) -> Grant:
    return Grant(
        kind="images",
        what_for="images, fetched, imported from, deleted",
        privileges=("Datastore.Allocate", "Datastore.AllocateTemplate", "Datastore.Audit"),
        paths=_sorted({f"/storage/{machine.image.datastore}" for machine in plan.machines}),
    )


def _snippets(plan: Plan) -> Grant:
    return Grant(
        kind="snippets",
        what_for="first-boot files, found and deleted (SFTP writes them)",
        privileges=("Datastore.Allocate", "Datastore.Audit"),
        paths=_sorted({f"/storage/{machine.snippet_datastore}" for machine in plan.machines}),
    )


def _disks(plan: Plan) -> Grant:
    return Grant(
        kind="disks",
        what_for="disks of machines",
        privileges=("Datastore.AllocateSpace", "Datastore.Audit"),
        paths=_sorted({f"/storage/{name}" for machine in plan.machines for name in _disk_datastores(machine)}),
    )


def _disk_datastores(machine: Machine) -> set[str]:
    return {machine.disk_datastore, *(disk.datastore for disk in machine.data_disks)}


def _bridges(plan: Plan) -> Grant:
    """A VLAN is a path of its own below its bridge. A vnet's path has its SDN zone, which cluster.yaml names (`zone`)."""
    nics = [nic for machine in plan.machines for nic in machine.interfaces]
    paths = {path for nic in nics for path in _bridge_paths(nic)}
    return Grant(kind="bridges", what_for="NICs", privileges=("SDN.Use",), paths=_sorted(paths))


def perhaps_vnets(plan: Plan) -> tuple[str, ...]:
    """Bridges without a zone whose name is not as PVE calls its own: what is granted for them is no path of a vnet."""
    names = {nic.bridge for machine in plan.machines for nic in machine.interfaces if nic.zone is None}
    return tuple(sorted(name for name in names if not re.fullmatch(r"vmbr\d+", name)))


def _bridge_paths(nic: Interface) -> Iterator[str]:
    """What PVE::GuestHelpers::check_vnet_access asks of: each VLAN, and the bridge where there is none."""
    path, vlans = f"/sdn/zones/{nic.zone or LOCAL_ZONE}/{nic.bridge}", (*((nic.vlan,) if nic.vlan else ()), *vlans_of(nic.trunks))
    if not vlans or len(vlans) > MANY_VLANS:
        yield path
    else:
        yield from (f"{path}/{vlan}" for vlan in vlans)


def _devices(plan: Plan) -> Grant:
    paths = {f"/mapping/pci/{device.mapping}" for machine in plan.machines for device in machine.devices}
    paths |= {f"/mapping/usb/{usb.mapping}" for machine in plan.machines for usb in machine.usb}
    return Grant(kind="devices", what_for="PCI and USB devices by mapping", privileges=("Mapping.Use",), paths=_sorted(paths))


def _pools(plan: Plan) -> Grant:
    """Pool.Allocate is what PVE asks of a pool that a VM joins or leaves later; a new VM may be put into any.

    No plan knows the pool that is left: it was in the plan when the role was last given.
    """
    paths = {f"/pool/{machine.pve_pool}" for machine in plan.machines if machine.pve_pool}
    privileges = ("Pool.Allocate", "Pool.Audit")
    return Grant(kind="pools", what_for="pools that machines join and leave, seen", privileges=privileges, paths=_sorted(paths))
