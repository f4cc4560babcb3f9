"""Takes VMs and files away, one by one, each waited for. Who calls this has made sure that they are theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from proxmoxer.core import ResourceException

from stardock.errors import ConditionError
from stardock.estate.answers import shown
from stardock.estate.connection import Estate
from stardock.estate.machines import GONE, EstateMachine
from stardock.estate.power import power_of
from stardock.estate.shapes import rows
from stardock.estate.switch import UPID, cut, ended, went_well

#: Seconds for PVE to delete a VM with its disks, or a file.
DELETION_SECONDS = 300.0
#: Of a task's log.
_LINES = 200
_NOT_THERE = (GONE, "no such volume", "No such file")


def destroy(estate: Estate, vm: EstateMachine) -> None:
    """Cut its power and delete it with the disks of its configuration, detached ones too. One that is gone already is no error.

    Not with `destroy-unreferenced-disks`: PVE then frees every volume whose name has this id, on all enabled storages, whoever made it
    (PVE::QemuServer, `destroy_vm`). Raises ConditionError with PVE's words.
    """
    power = power_of(estate, vm)
    if power is not None and power.running:
        cut(estate, vm, power)
    _delete(estate, f"VM {vm.vm_id} on {vm.pve_node}", lambda api: api.nodes(vm.pve_node).qemu(vm.vm_id).delete(purge=1))


def delete_volume(estate: Estate, pve_node: str, datastore: str, volume: str) -> None:
    """Delete a file of a datastore. One that is gone already is no error. Raises ConditionError with PVE's words."""
    name = quote(volume, safe=":")
    _delete(estate, f"{volume} on {pve_node}", lambda api: api.nodes(pve_node).storage(datastore).content(name).delete())


def volumes_on(estate: Estate, pve_node: str, datastore: str) -> frozenset[str]:
    """The volume ids that this token is shown of a datastore. Raises ConditionError."""
    listed = estate.insist(lambda api: rows(api.nodes(pve_node).storage(datastore).content.get(), "volid"))
    return frozenset(str(item["volid"]) for item in listed)


def warnings_of(estate: Estate, pve_node: str, vm_id: int, since: int) -> list[str]:
    """What PVE warned of while VMs with this id were deleted, since a second of its clock: it could not remove a disk, and went on.

    This is the only place where that stands: whoever was granted the id is shown none of its disks any more, since PVE takes an ACL away
    with its VM (PVE::QemuServer, `destroy_vm`; PVE::Storage, `check_volume_access`). A token is told of its own tasks. Raises
    ConditionError.
    """
    asked = {"source": "all", "typefilter": "qmdestroy", "vmid": vm_id, "since": since}
    told = estate.insist(lambda api: api.nodes(pve_node).tasks.get(**asked))
    tasks = [task for task in told or () if isinstance(task, dict) and str(task.get("status") or "").startswith("WARNINGS")]
    upids = [upid for task in tasks if UPID.fullmatch(upid := str(task.get("upid")))]
    return [line for upid in upids for line in _log_of(estate, pve_node, upid) if line.startswith("WARN")]


def _log_of(estate: Estate, pve_node: str, upid: str) -> list[str]:
    lines = estate.insist(lambda api: rows(api.nodes(pve_node).tasks(upid).log.get(limit=_LINES), "t"))
    return [shown(line["t"]) for line in lines]


def running_tasks(estate: Estate, pve_nodes: Iterable[str], concerns: Callable[[str], bool]) -> list[str]:
    """The tasks of this token's user that run on these PVE nodes and whose subject `concerns`: a VM id, a file's name."""
    told = [task for node in pve_nodes for task in _active(estate, node)]
    return [str(task.get("upid")) for task in told if task.get("user") == estate.user and concerns(str(task.get("id") or ""))]


def _active(estate: Estate, pve_node: str) -> list[dict[str, Any]]:
    """PVE::API2::Tasks: one without an end runs."""
    told = estate.insist(lambda api: api.nodes(pve_node).tasks.get(source="active"))
    return [task for task in told or () if isinstance(task, dict) and not task.get("endtime")]


def _delete(estate: Estate, what: str, request: Callable[[Any], Any]) -> None:
    try:
        upid = estate.read(request)
    except ResourceException as error:
        said = shown(error.content or error.status_message or error.status_code)
        if any(words in said for words in _NOT_THERE):
            return
        raise _refused(what, said) from error
    end = ended(estate, str(upid), DELETION_SECONDS) if upid else "OK"
    if not went_well(end) and not any(words in end for words in _NOT_THERE):
        raise _refused(what, end)


def _refused(what: str, said: str) -> ConditionError:
    return ConditionError(f"Proxmox did not delete {what}: {said}", cure="look at the task's log in Proxmox")
