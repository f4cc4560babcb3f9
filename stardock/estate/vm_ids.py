"""Which VM ids nobody has, and which this token may give to a new VM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from proxmoxer.core import ResourceException

from stardock.estate.connection import Estate
from stardock.estate.questions import WORKERS, Question, ask
from stardock.estate.shapes import rights

_TAKEN = 400
#: What PVE asks on a new VM's own path for its tags: it is in no pool yet (PVE::GuestHelpers::assert_tag_permissions).
TAGS = "VM.Config.Options"


def is_taken(estate: Estate, vm_id: int) -> bool:
    """Whether a VM or container has this id, also one that the token may not see (PVE::API2::Cluster, `nextid`)."""
    try:
        estate.read(lambda api: api.cluster.nextid.get(vmid=vm_id))
    except ResourceException as error:
        if error.status_code == _TAKEN:
            return True
        raise
    return False


def granted(estate: Estate, vm_ids: Iterable[int]) -> list[int]:
    """Those of the ids on which the token may set tags. PVE takes the ACL of an id away with the VM that has it."""
    paths = {vm_id: f"/vms/{vm_id}" for vm_id in vm_ids}
    with ThreadPoolExecutor(WORKERS) as pool:
        told = ask(estate, pool, {vm_id: _rights(path) for vm_id, path in paths.items()})
    return [vm_id for vm_id, answer in told.items() if TAGS in ((answer.value or {}).get(paths[vm_id]) or {})]


def may(estate: Estate, path: str, privilege: str) -> bool:
    """Whether the token has a privilege on a path of PVE's ACL. Raises ConditionError where Proxmox does not say."""
    return privilege in (estate.insist(_rights(path)).get(path) or {})


def _rights(path: str) -> Question:
    return lambda api: rights(api.access.permissions.get(path=path))


def usable(estate: Estate, vm_ids: Iterable[int], count: int) -> tuple[int, ...]:
    """So many ids that are free and granted, the lowest; fewer where there are no more."""
    return tuple(islice(_free(estate, granted(estate, vm_ids)), count))


def _free(estate: Estate, vm_ids: Iterable[int]) -> Iterator[int]:
    yield from (vm_id for vm_id in vm_ids if not is_taken(estate, vm_id))
