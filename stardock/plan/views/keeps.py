"""Edits that change nothing of machines that exist, because the lock holds what they were given: told, so that nobody waits for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from stardock.model.lock import Lock, LockedMachine
from stardock.plan.allocation import addresses, identity
from stardock.plan.allocation.declared import V4, Declared
from stardock.spec.rules.addresses import unfit

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.interface import Static, StaticV6


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """A machine that keeps a `value` which `key` of cluster.yaml, as it is now (`wants`), would not give."""

    machine: str
    value: str
    key: str
    wants: str


def keeps(every: Sequence[Declared], lock: Lock | None) -> Iterator[Keep]:
    """What existing machines keep, in declared order; explicit values are no such thing (`stardock.plan.machine.kept`)."""
    locked = lock.active() if lock else {}
    ids = {machine.record.vm_id for machine in locked.values()}
    for declared in every:
        if declared.name in locked:
            yield from _addresses(declared, locked[declared.name])
            yield from _vm_id(declared, locked[declared.name], ids)


def _addresses(declared: Declared, locked: LockedMachine) -> Iterator[Keep]:
    nics = {nic.name: nic for nic in locked.record.interfaces}
    for nic, static in declared.ranges:
        record, version = nics.get(nic.name), static.base.version
        if record is None or declared.explicit(nic.name, version) is not None:
            continue
        kept = record.address if version == V4 else record.ipv6 and record.ipv6.address
        counted = str(addresses.counted(static.base, static.offset, declared.counter(locked.ordinal, locked.place)))
        if kept and kept != counted and unfit(ip_address(kept), static.network) is None:
            yield Keep(machine=declared.name, value=kept, key="offset", wants=_range(static))


def _range(static: Static | StaticV6) -> str:
    return f"{static.offset} of {static.base}"


def _vm_id(declared: Declared, locked: LockedMachine, ids: set[int]) -> Iterator[Keep]:
    kept, start = locked.record.vm_id, declared.pool.vm_id_start
    if declared.own.vm_id is None and start and kept != identity.vm_id(start, locked.ordinal, ids - {kept}):
        yield Keep(machine=declared.name, value=f"VM id {kept}", key="vm_id_start", wants=str(start))
