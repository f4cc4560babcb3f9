"""Disks of a proof's that no VM has, or will have: PVE shows them to its token only as long as the token is granted the id that they name.

An ACL on an id goes with the VM (PVE::AccessControl, `remove_vm_access`), and the listing of a datastore leaves disks out without it
(PVE::Storage, `check_volume_access`). So they are looked for before, and PVE's own warnings are read behind.
"""

from __future__ import annotations

from collections.abc import Iterable

from stardock.estate.answers import shown
from stardock.estate.configs import every_config
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine
from stardock.estate.removal import volumes_on, warnings_of
from stardock.prove.journal import Written
from stardock.prove.leftovers import owner
from stardock.prove.things import Vm

#: Seconds by which this clock may be ahead of PVE's.
_SKEW = 3600
#: Of disks that are told: as many have no VM only where somebody means ill.
_MOST = 32


def loose(estate: Estate, vms: Iterable[EstateMachine], places: Iterable[tuple[str, str]]) -> list[str]:
    """Disks with the id of one of these VMs that its configuration does not name, in words. `places`: PVE nodes and datastores.

    Deleting the VM would leave them. Of many the first, for the journal keeps them. Raises ConditionError for what Proxmox does not say.
    """
    own = {vm.vm_id: vm for vm in vms}
    if not own:
        return []
    named = {str(value).partition(",")[0] for config in every_config(estate, own.values()).values() for value in config.values()}
    there = {(volume, node) for node, store in places for volume in volumes_on(estate, node, store) if owner(volume) in own}
    found = sorted((volume, node) for volume, node in there if volume not in named)
    return [f"{shown(volume)} on {node}" for volume, node in found[:_MOST]] + _rest(len(found) - _MOST)


def _rest(count: int) -> list[str]:
    return [f"{count} more disks that no VM has"] if count > 0 else []


def warned(estate: Estate, written: Written) -> list[str]:
    """What PVE says that it could not remove with one of the proof's VMs, whoever had it deleted."""
    since = max(0, written.began - _SKEW)
    vms = [one for one in dict.fromkeys(written.things) if isinstance(one, Vm)]
    found = ((vm, line) for vm in vms for line in warnings_of(estate, vm.pve_node, vm.vm_id, since) if f"vm-{vm.vm_id}-" in line)
    return [f"VM {vm.vm_id} on {vm.pve_node} was deleted: {line}" for vm, line in dict.fromkeys(found)]
