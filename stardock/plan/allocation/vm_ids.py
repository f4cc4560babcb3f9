"""VM ids: the one that was given, or counted up from a pool's own start, or from its role's over all pools that have none of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stardock.errors import Problem
from stardock.model.lock import LockedMachine
from stardock.plan.allocation import identity
from stardock.plan.allocation.counting import Numbers
from stardock.plan.allocation.declared import Declared
from stardock.spec.places import at

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec
    from stardock.spec.pools import Pool


def vm_ids(every: Sequence[Declared], locked: Mapping[str, LockedMachine], numbers: Mapping[str, Numbers]) -> dict[str, int]:
    """Explicit, locked, or the next of the pool that nobody has; a pool without a start of its own leaves the ranges of others alone."""
    taken = {machine.record.vm_id for machine in locked.values()} | {declared.own.vm_id for declared in every if declared.own.vm_id}
    ranges = frozenset(number for pool in {id(declared.pool): declared.pool for declared in every}.values() for number in _range(pool))
    given = {}
    for declared in every:
        number = declared.own.vm_id or (locked[declared.name].record.vm_id if declared.name in locked else None)
        others = taken if declared.pool.vm_id_start else taken | ranges
        given[declared.name] = number or identity.vm_id(declared.pool.first_vm_id, numbers[declared.name].ordinal, others)
        taken.add(given[declared.name])
    return given


def _range(pool: Pool) -> range:
    """The ids of a pool that says where its own start."""
    return range(pool.vm_id_start, pool.vm_id_start + len(pool.members)) if pool.vm_id_start else range(0)


def range_problems(spec: Spec, locked: Mapping[str, LockedMachine]) -> Iterator[Problem]:
    """Ranges that were written and meet, and a new pool's that holds ids of machines that exist; told at the pool that is new."""
    ranges = [(p, _range(pool)) for p, pool in enumerate(spec.pools) if _range(pool)]
    for number, (p, one) in enumerate(ranges):
        for q, other in ranges[number + 1 :]:
            if one.start < other.stop and other.start < one.stop:
                yield _meet(spec, locked, *_newer((p, one), (q, other), spec, locked))
    for p, own in ranges:
        existing = [(name, q) for q, pool in enumerate(spec.pools) if not pool.vm_id_start for name in _names(pool, locked)]
        there = [(name, q) for name, q in existing if locked[name].record.vm_id in own]
        if there and not _names(spec.pools[p], locked):
            (name, q), number = there[0], locked[there[0][0]].record.vm_id
            message = (
                f"the VM ids of pool {spec.pools[p].name} ({_shown(own)}) hold {number}, which {name} of pool {spec.pools[q].name} has"
            )
            yield at(spec, ("pools", p, "vm_id_start"), message, _cure(spec, locked, p, own.start + 1))


def _names(pool: Pool, locked: Mapping[str, LockedMachine]) -> list[str]:
    """The machines of a pool that are locked."""
    return [member.name for member in pool.members if member.name in locked]


def _newer(
    one: tuple[int, range], other: tuple[int, range], spec: Spec, locked: Mapping[str, LockedMachine]
) -> tuple[tuple[int, range], tuple[int, range]]:
    """The pool that is to move, then the other: the one of which nothing exists, else the one that begins later."""
    first, second = sorted((one, other), key=lambda item: (not _names(spec.pools[item[0]], locked), item[1].start, item[0]))
    return second, first


def _meet(spec: Spec, locked: Mapping[str, LockedMachine], told: tuple[int, range], other: tuple[int, range]) -> Problem:
    (p, own), (q, its) = told, other
    message = f"the VM ids of pool {spec.pools[p].name} ({_shown(own)}) meet those of pool {spec.pools[q].name} ({_shown(its)})"
    return at(spec, ("pools", p, "vm_id_start"), message, _cure(spec, locked, p, its.stop))


def _cure(spec: Spec, locked: Mapping[str, LockedMachine], p: int, first: int) -> str:
    """Where the pool's range has room, from `first` on."""
    pool = spec.pools[p]
    own = {member.name for member in pool.members}
    taken = {machine.record.vm_id for name, machine in locked.items() if name not in own}
    taken |= {number for q, other in enumerate(spec.pools) if q != p for number in _range(other)}
    start = first
    while met := taken & set(range(start, start + len(own))):
        start = max(met) + 1
    keep = "; machines that exist keep their id" if _names(pool, locked) else ""
    return f"start {pool.name} at {start} or later, or delete the line: the next free ids are taken then{keep}"


def _shown(numbers: range) -> str:
    return f"{numbers.start} to {numbers.stop - 1}"
