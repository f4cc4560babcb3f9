"""Which of the things that are on Proxmox a proof made: what every sign says is its own, and nothing else. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from stardock.estate.machines import EstateMachine
from stardock.prove.journal import Written
from stardock.prove.scope import Scope
from stardock.prove.things import Vm, Volume

_DISK = re.compile(r"(?:^[^:]*:|/)(?:base-|vm-)(\d{3,9})-")
#: Content type of PVE, as it stands in a volume id, by what it is.
_FOLDER = {"image": "import", "snippet": "snippets"}


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What is to be taken away, and in words what is left alone though the journal names it."""

    vms: tuple[EstateMachine, ...] = ()
    volumes: tuple[Volume, ...] = ()
    left: tuple[str, ...] = ()


def leftovers(written: Written, seen: Mapping[int, EstateMachine], volumes: frozenset[tuple[str, str]]) -> Leftovers:
    """Compare the journal with what Proxmox shows: VMs by id, files as (PVE node, volume id)."""
    planned = [one for one in written.things if isinstance(one, Vm)]
    found = {one.vm_id: (seen[one.vm_id], tuple(strange(written.scope, one, seen[one.vm_id]))) for one in planned if one.vm_id in seen}
    files = [one for one in dict.fromkeys(written.things) if isinstance(one, Volume) and (one.pve_node, one.volume) in volumes]
    own = [one for one in files if is_own(written.scope, one)]
    return Leftovers(
        vms=tuple(vm for vm, signs in found.values() if not signs),
        volumes=tuple(own),
        left=(
            *(f"VM {vm.vm_id} ({vm.name}) on {vm.pve_node}: {', '.join(signs)}" for vm, signs in found.values() if signs),
            *(f"{one.volume} on {one.pve_node}: it does not have the proof's name" for one in files if one not in own),
        ),
    )


def strange(scope: Scope, planned: Vm, seen: EstateMachine) -> Iterator[str]:
    """Every sign by which this VM is not the one that was planned."""
    if planned.vm_id not in scope.ids:
        yield f"its id is outside of {scope.first}-{scope.last}"
    if seen.pool != scope.pool:
        yield f"it is in {'pool ' + seen.pool if seen.pool else 'no pool'}, not in {scope.pool}"
    if seen.name != planned.name or not seen.name.startswith(scope.cluster):
        yield f"it is called {seen.name or 'nothing'}, not {planned.name}"
    if not seen.belongs_to(scope.cluster):
        yield f"it lacks the tags of {scope.cluster}"


def is_own(scope: Scope, volume: Volume) -> bool:
    """Whether a file can be the proof's by its name: a cluster's own files begin with its name and a dot."""
    folder = _FOLDER.get(volume.what)
    return folder is not None and volume.volume.startswith(f"{volume.datastore}:{folder}/{scope.cluster}.")


def stray(written: Written, pve_node: str, volumes: Iterable[str]) -> list[str]:
    """Those of a datastore's volumes that have the proof's name, or the id of one of its VMs, and that its journal does not name.

    A disk is `vm-ID-...` on every storage (PVE::Storage::Plugin, `get_next_vm_diskname`).
    """
    known = {one.volume for one in written.things if isinstance(one, Volume) and one.pve_node == pve_node}
    ids = {one.vm_id for one in written.things if isinstance(one, Vm)}
    return sorted(volume for volume in set(volumes) - known if _has_its_name(written.scope, volume, ids))


def stray_vms(written: Written, seen: Iterable[EstateMachine]) -> list[EstateMachine]:
    """VMs with the tags or the name of this proof that its journal does not name, such as one that was cut off."""
    known, scope = {one.vm_id for one in written.things if isinstance(one, Vm)}, written.scope
    marked = [vm for vm in seen if vm.belongs_to(scope.cluster) or vm.name.startswith(f"{scope.cluster}-")]
    return sorted((vm for vm in marked if vm.vm_id not in known), key=lambda vm: vm.vm_id)


def owner(volume: str) -> int | None:
    """The VM id that a disk has in its name; None for what is no disk."""
    disk = _DISK.search(volume)
    return int(disk[1]) if disk else None


def _has_its_name(scope: Scope, volume: str, ids: Collection[int]) -> bool:
    return f"/{scope.cluster}." in volume or owner(volume) in ids
