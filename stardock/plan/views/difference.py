"""What the next run would do, against what exists. Pure: what exists is given, from the engine's state or from the lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from stardock.model.lock import Lock, gains
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.plan.views.aspects import Aspects, Effect, effect, guards, hardware, setup
from stardock.plan.views.keeps import Keep

#: What was compared with: the engine's state, the machines as the lock last planned them, or nothing at all.
Source = Literal["state", "lock", "nothing"]

NONE = "none"
_MEMBER = "a server of a founded cluster: `runner deploy` refuses it and names the steps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """The VMs that exist, as far as that is known here: name -> hardware, and VM id. A field that is not known is not there."""

    source: Source
    hardware: Mapping[str, Aspects] = field(default_factory=dict)
    vm_ids: Mapping[str, int] = field(default_factory=dict)
    tainted: frozenset[str] = frozenset()  # the engine would make them anew
    members: frozenset[str] = frozenset()  # servers of a founded cluster, which `runner deploy` takes away from nobody
    versions: Mapping[str, str] = field(default_factory=dict)  # the Kubernetes that machines last said they run
    note: str = ""  # why the state was not taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One field of a machine that exists and would be changed."""

    machine: str
    field: str
    old: str
    new: str
    effect: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A machine whose VM would be destroyed, and why."""

    machine: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All that the next `runner deploy` and `runner bootstrap` would do, as far as that is known without asking anybody."""

    source: Source
    note: str = ""  # why the state was not taken
    create: tuple[Machine, ...] = ()
    edits: tuple[Edit, ...] = ()
    remove: tuple[Ending, ...] = ()
    replace: tuple[Ending, ...] = ()
    keeps: tuple[Keep, ...] = ()
    gained: tuple[str, ...] = ()  # names that the lock would gain, `founder`, `vrid`
    retired: tuple[str, ...] = ()  # names that it would retire

    @property
    def changed(self) -> tuple[str, ...]:
        """The machines that would be changed, each once, in plan order."""
        return tuple(dict.fromkeys(edit.machine for edit in self.edits))

    @property
    def empty(self) -> bool:
        """Whether nothing differs from what was compared with; what the lock keeps is nothing that is done."""
        return not (self.create or self.edits or self.remove or self.replace or self.gained or self.retired)

    @property
    def settled(self) -> bool:
        """Whether nothing would be done and a state told so: the lock does not tell which machines exist."""
        return self.empty and self.source == "state"


def existing_by_lock(plan: Plan, lock: Lock | None, versions: Mapping[str, str], note: str) -> Existing:
    """What exists as the lock last planned it; nothing where there is no lock with machines."""
    records = {name: machine.record for name, machine in lock.active().items()} if lock else {}
    if not records:
        return Existing(source="nothing", note=note)
    return Existing(
        source="lock",
        hardware={name: hardware(plan.cluster, record) for name, record in records.items()},
        vm_ids={name: record.vm_id for name, record in records.items()},
        versions=versions,
        note=note,
    )


def difference(plan: Plan, before: Lock | None, after: Lock, existing: Existing, keeps: Iterable[Keep]) -> Difference:
    """Compare. `before` is the lock on disk, `after` what the plan needs there."""
    locked = before.active() if before else {}
    records = {name: machine.record for name, machine in locked.items()}
    present = [machine for machine in plan.machines if machine.name in existing.hardware]
    doomed = tuple(_replaced(present, existing))
    anew = {ending.machine for ending in doomed}
    return Difference(
        source=existing.source,
        note=existing.note,
        create=tuple(machine for machine in plan.machines if machine.name not in existing.hardware),
        edits=tuple(edit for machine in present if machine.name not in anew for edit in _edits(plan, machine, records, existing)),
        remove=tuple(_removed(plan, existing)),
        replace=doomed,
        keeps=tuple(keeps),
        gained=gains(before, after),
        retired=tuple(name for name in locked if after.machines[name].retired),
    )


def _replaced(present: Iterable[Machine], existing: Existing) -> Iterator[Ending]:
    """What the engine can bring with a new VM only, of what the lock has already (`runner lock accept`), and what it does not trust."""
    for machine in present:
        before = existing.vm_ids.get(machine.name, machine.vm_id)
        if before != machine.vm_id:
            yield Ending(machine=machine.name, why=f"VM id {before} -> {machine.vm_id}")
        elif machine.name in existing.tainted:
            yield Ending(machine=machine.name, why="its creation failed half-way")


def _removed(plan: Plan, existing: Existing) -> Iterator[Ending]:
    planned = {machine.name for machine in plan.machines}
    for name in existing.hardware:
        if name not in planned:
            why = "listed under `remove:`" if name in plan.removed else "in the state, and neither in cluster.yaml nor in the lock"
            yield Ending(machine=name, why=f"{why}; {_MEMBER}" if name in existing.members else why)


def _edits(plan: Plan, machine: Machine, records: Mapping[str, Machine], existing: Existing) -> Iterator[Edit]:
    for key, old, new in _different(existing.hardware[machine.name], hardware(plan.cluster, machine), whole=existing.source == "lock"):
        yield Edit(machine=machine.name, field=key, old=old, new=new, effect=effect(key))
    record = records.get(machine.name)
    if record is not None:
        for key, old, new in _different(guards(record), guards(machine)):
            yield Edit(machine=machine.name, field=key, old=old, new=new, effect="live")
        for key, old, new in _different(setup(record), setup(machine)):
            yield Edit(machine=machine.name, field=key, old=old, new=new, effect="bootstrap")
    runs = existing.versions.get(machine.name)
    if runs and machine.role != "loadbalancer" and runs != plan.distribution.version:
        yield Edit(machine=machine.name, field="version", old=runs, new=plan.distribution.version, effect="bootstrap")


def _different(before: Aspects, after: Aspects, *, whole: bool = True) -> Iterator[tuple[str, str, str]]:
    """(field, old, new) in the order of `after`. Where what was is not known whole, a missing field says nothing, but for disks."""
    for key in dict.fromkeys([*after, *before]):
        old, new = before.get(key, ()), after.get(key, ())
        if old != new and (whole or key in before or key.startswith("data_disks.")):
            yield key, *_words(old, new)


def _words(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, str]:
    """Of lists what went and what came; both whole where only their order differs."""
    gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
    if not gone and not come:
        return ", ".join(old), ", ".join(new)
    return ", ".join(gone) or NONE, ", ".join(come) or NONE
