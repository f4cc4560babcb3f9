"""Takes away what a proof made, after its end or after a kill at any moment: what its journal names and every sign says is its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from stardock.errors import ConditionError, RefusedError
from stardock.estate.answers import shown
from stardock.estate.connection import Estate
from stardock.estate.identity import name_of
from stardock.estate.machines import machines_on, named
from stardock.estate.removal import delete_volume, destroy, running_tasks, volumes_on
from stardock.estate.vm_ids import is_taken, may
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.prove import journal
from stardock.prove.journal import Written
from stardock.prove.leftovers import Leftovers, leftovers, stray, stray_vms
from stardock.prove.loose import loose, warned
from stardock.prove.place import Place
from stardock.prove.things import Vm, Volume, datastores
from stardock.spec.load import load
from stardock.step import Say
from stardock.workspace.run_lock import only_run

#: Seconds for one answer, and for what a killed run ordered: an image on a slow line.
ANSWER_SECONDS = 15.0
TASK_SECONDS = 1800.0
_POLL_SECONDS = 1.0
_SEES = "Datastore.Allocate"

Confirm = Callable[[str], bool]


def clean(place: Place, say: Say, confirm: Confirm | None) -> bool:
    """Remove what is left; whether there was anything. `confirm`: asked first; None: nobody is there.

    Whoever calls holds `alone`. Raises RefusedError where nobody says yes, ConditionError for what could not be removed or seen, or was
    left alone because it is not surely the proof's: the journal is kept then.
    """
    written = journal.read(place.journal)
    if written is None:
        place.forget()
        return False
    plan = _own_plan(place)
    estate = estate_of(plan, written)
    with only_run(place.own.run_lock, say):  # ends the engine of a killed run first
        _await_tasks(estate, written, say)
        found = look(estate, written)
        _show(found, say)
        if found.vms or found.volumes:
            _ask(confirm)
        told = loose(estate, found.vms, _places(plan, written))
        journal.tell(place.journal, [one for one in told if one not in written.told])
        written = journal.read(place.journal) or written
        _remove(estate, written, found, say)
        _refuse_remains(estate, written, place, [*_strays(estate, plan, written), *warned(estate, written)])
    journal.finish(place.journal)
    place.forget()
    return True


def _own_plan(place: Place) -> Plan:
    """By its own cluster file, for the person's may name another Proxmox by now. ConditionError where that is gone."""
    path = place.own.spec
    if not path.exists():
        cure = f"look in Proxmox for VMs and files with `prove-` in their names, then delete {place.journal}"
        raise ConditionError(f"{path} is not there, which says on which Proxmox the proof was", cure=cure)
    return build(load(path), None, str(path))[0]


def estate_of(plan: Plan, written: Written) -> Estate:
    """The Proxmox that the proof was made on.

    Raises ConditionError for another than the journal's (the environment may say which), and for a token that is not shown all.
    """
    estate = Estate.from_environment(plan.proxmox, seconds=ANSWER_SECONDS)
    _refuse_other(estate, written.proxmox)
    _refuse_blind(estate, written)
    return estate


def _refuse_other(estate: Estate, made_on: journal.Proxmox) -> None:
    """What is not there on another Proxmox is not gone; and of what another user's token ordered nobody is told that it goes on."""
    if estate.endpoint != made_on.endpoint:
        cure = f"export PROXMOX_VE_ENDPOINT={made_on.endpoint}, with a token of its own"
        raise ConditionError(f"the proof was made on {made_on.endpoint}, and this is {estate.endpoint}", cure=cure)
    if estate.user != made_on.user:
        message = f"the proof was made as {made_on.user}, and this is a token of {estate.user}"
        raise ConditionError(message, cure=f"export PROXMOX_VE_API_TOKEN, of {made_on.user}: `runner proxmox-role --prove` makes another")
    if (name := name_of(estate)) != made_on.name:
        message = f"{estate.endpoint} was the PVE cluster {made_on.name} when the proof was made, and is {shown(name)} now"
        raise ConditionError(message, cure=f"clean up where {made_on.name} answers now: nothing was removed here")


def _refuse_blind(estate: Estate, written: Written) -> None:
    """An empty list says nothing of itself: PVE leaves snippets out of it without this privilege (PVE::Storage, `check_volume_access`)."""
    stores = sorted({one.datastore for one in written.things if isinstance(one, Volume)})
    blind = [store for store in stores if not may(estate, f"/storage/{store}", _SEES)]
    if blind:
        cure = "use the token that the proof was made with, or run the commands of `runner proxmox-role --prove` again"
        raise ConditionError(f"this token lacks {_SEES} on {', '.join(blind)}, so it is not shown what the proof left there", cure=cure)


def look(estate: Estate, written: Written) -> Leftovers:
    """Compare the journal with what is there. Raises ConditionError where Proxmox does not say."""
    ids = {one.vm_id for one in written.things if isinstance(one, Vm)}
    seen = {vm_id: named(estate, vm) for vm_id, vm in machines_on(estate).items() if vm_id in ids}
    places = sorted({(one.pve_node, one.datastore) for one in written.things if isinstance(one, Volume)})
    volumes = frozenset((node, volume) for node, store in places for volume in volumes_on(estate, node, store))
    return leftovers(written, seen, volumes)


def _strays(estate: Estate, plan: Plan, written: Written) -> list[str]:
    """What has a name of the proof's and is in no journal, among the VMs and on every datastore that it used: a VM that a cut
    journal lacks, a disk that nobody's configuration has, a file
    of an engine that was killed. In words: who made them is not known, so they are told and left.
    """
    found = [
        *(f"VM {vm.vm_id} ({shown(vm.name)}) on {vm.pve_node}" for vm in stray_vms(written, machines_on(estate).values())),
        *(
            f"{volume} on {node}"
            for node, store in _places(plan, written)
            for volume in stray(written, node, volumes_on(estate, node, store))
        ),
        *written.told,
    ]
    return [f"{one}: nothing that the proof wrote down says that it is its own" for one in dict.fromkeys(found)]


def _places(plan: Plan, written: Written) -> list[tuple[str, str]]:
    """PVE nodes and datastores that it used, or may have."""
    return sorted({*datastores(plan.proxmox), *((one.pve_node, one.datastore) for one in written.things if isinstance(one, Volume))})


def _await_tasks(estate: Estate, written: Written, say: Say) -> None:
    """A VM that is being made is in no pool yet, and an image that is being fetched in no list: Proxmox goes on when we are killed."""
    nodes = sorted({one.pve_node for one in written.things})
    ids = {str(one.vm_id) for one in written.things if isinstance(one, Vm)}
    until, told = time.monotonic() + TASK_SECONDS, False
    while tasks := running_tasks(estate, nodes, lambda subject: subject in ids or written.scope.cluster in subject):
        if time.monotonic() > until:
            raise ConditionError(f"Proxmox is still at it: {tasks[0]}", cure="when that task has ended: runner prove --clean")
        if not told:
            say(f"  waiting for what Proxmox is at: {len(tasks)} task{'' if len(tasks) == 1 else 's'}")
        told = True
        time.sleep(_POLL_SECONDS)


def _show(found: Leftovers, say: Say) -> None:
    for vm in found.vms:
        say(f"  VM {vm.vm_id} ({vm.name}) on {vm.pve_node}, with its disks")
    for volume in found.volumes:
        say(f"  {volume.volume} on {volume.pve_node}")


def _ask(confirm: Confirm | None) -> None:
    if confirm is None:
        raise RefusedError("nothing was removed: there is no terminal to ask at, and no --yes", cure="add --yes")
    if not confirm("Remove this?"):
        raise RefusedError("you said no: nothing was removed", cure="runner prove --clean")


def _remove(estate: Estate, written: Written, found: Leftovers, say: Say) -> None:
    """VMs before their files: one that starts again needs its snippets. A person may take hours to say yes: each VM is judged again."""
    for vm in found.vms:
        for one in look(estate, written).vms:
            if one.vm_id == vm.vm_id:
                destroy(estate, one)
    for volume in found.volumes:
        delete_volume(estate, volume.pve_node, volume.datastore, volume.volume)
    say(f"  removed: {_count(found.vms, 'VM')}, {_count(found.volumes, 'file')}")


def _count(what: Iterable[object], word: str) -> str:
    number = len(tuple(what))
    return f"{number} {word}{'' if number == 1 else 's'}"


def _refuse_remains(estate: Estate, written: Written, place: Place, strays: Iterable[str]) -> None:
    """Look once more. An id that is taken by what this token is not shown is told, too."""
    found = look(estate, written)
    shown = set(machines_on(estate))
    hidden = sorted({one.vm_id for one in written.things if isinstance(one, Vm)} - shown)
    taken = [f"VM {vm_id}: it exists, and this token is not shown it" for vm_id in hidden if is_taken(estate, vm_id)]
    left = [
        *found.left,
        *strays,
        *taken,
        *(f"VM {vm.vm_id}: still there" for vm in found.vms),
        *(f"{one.volume}: still there" for one in found.volumes),
    ]
    if left:
        lines = "\n".join(f"  {line}" for line in left)
        cure = f"look at each in Proxmox: it may be somebody else's by now; when nothing of the proof's is left, delete {place.journal}"
        raise ConditionError(f"left alone:\n{lines}", cure=cure)
