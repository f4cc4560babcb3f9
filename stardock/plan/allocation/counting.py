"""Where a name is counted: its ordinal in the pool and its place in the role, counted once and kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import count

from stardock.model.lock import LockedMachine
from stardock.model.machine import Role
from stardock.plan.allocation import addresses
from stardock.plan.allocation.declared import Declared
from stardock.spec.rules.addresses import unfit


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """`ordinal` (VM ids) within `pool`, the one of the first allocation; `place` (addresses, windows) within the role. From 0."""

    pool: str
    ordinal: int
    place: int


class Counters:
    """Gives the lowest numbers never used. A retired name's are used too; they are given away only where no address is left."""

    def __init__(self, locked: Mapping[str, LockedMachine], declared: Mapping[str, str]) -> None:
        """`locked` are the names that the lock holds, `declared` those of cluster.yaml, each with its pool there."""
        self.locked = locked
        self.reused: set[str] = set()
        self._ordinals = _free(_ordinals(locked, declared))
        self._places = _free((machine.record.role, machine.place) for machine in self.locked.values())
        self._retired = _retired((name, machine) for name, machine in self.locked.items() if name not in declared)

    def numbers(self, declared: Declared) -> Numbers:
        """What a machine was given, or the next."""
        if declared.name in self.locked:
            return _numbers(self.locked[declared.name])
        following = self.following(declared.pool.name, declared.role)
        if self._retired[declared.pool.name] and not _has_address(declared, following):
            return self._given_away(declared.pool.name)
        self._ordinals[declared.pool.name].take()
        self._places[declared.role].take()
        return following

    def following(self, pool: str, role: Role) -> Numbers:
        """What the next new name of a pool would be given."""
        return Numbers(pool=pool, ordinal=self._ordinals[pool].following, place=self._places[role].following)

    def _given_away(self, pool: str) -> Numbers:
        name = self._retired[pool].pop(0)
        self.reused.add(name)
        return _numbers(self.locked[name])


def _ordinals(locked: Mapping[str, LockedMachine], declared: Mapping[str, str]) -> Iterable[tuple[str, int]]:
    """(pool, ordinal) of every name: in the pool of its first allocation, and in that where it is now.

    The second, so that a pool that was renamed, or took in another's machines, goes on counting after them.
    """
    for name, machine in locked.items():
        yield machine.pool, machine.ordinal
        yield declared.get(name, machine.record.pool), machine.ordinal


class _Free:
    """The numbers from 0 that are not used, in order."""

    def __init__(self, used: Collection[int] = ()) -> None:
        self._numbers = (number for number in count() if number not in used)
        self.take()

    def take(self) -> None:
        self.following = next(self._numbers)


def _free(used: Iterable[tuple[str, int]]) -> defaultdict[str, _Free]:
    groups: defaultdict[str, set[int]] = defaultdict(set)
    for group, number in used:
        groups[group].add(number)
    return defaultdict(_Free, {group: _Free(numbers) for group, numbers in groups.items()})


def _retired(machines: Iterable[tuple[str, LockedMachine]]) -> defaultdict[str, list[str]]:
    """Pool -> the names whose numbers may be given away, the lowest first."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, machine in sorted(machines, key=lambda item: item[1].ordinal):
        if machine.retired:
            names[machine.pool].append(name)
    return names


def _numbers(machine: LockedMachine) -> Numbers:
    return Numbers(pool=machine.pool, ordinal=machine.ordinal, place=machine.place)


def _has_address(declared: Declared, numbers: Numbers) -> bool:
    """Whether every range that the machine counts in still has an address for it."""
    found = (
        (addresses.counted(static.base, static.offset, declared.counter(numbers.ordinal, numbers.place)), static.network)
        for nic, static in declared.ranges
        if declared.explicit(nic.name, static.base.version) is None
    )
    return all(unfit(address, network) is None for address, network in found)
