"""The machines of a plan as lines for a person: what matters is never cut, and fits 80 columns where names do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import groupby

from stardock.fold import RANGE, follows, runs, span
from stardock.model.facts import Facts, address_of
from stardock.model.machine import ROLES, Machine, Window
from stardock.model.plan import Plan
from stardock.plan.machine import maintenance
from stardock.plan.rules.allocated import self_rebooting
from stardock.plan.views.aspects import size

COLUMNS = ("machine", "PVE node", "VM id", "address", "reboots itself")
#: A group of more machines is folded.
READABLE = 12
#: So many PVE nodes are named in a folded row.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Machines of one make, and their rows, as many cells as `COLUMNS`."""

    title: str
    rows: tuple[tuple[str, ...], ...]


def machine_lines(plan: Plan, facts: Facts, *, every: bool) -> Iterator[str]:
    """All machines, by role and make, in declared order; large groups folded unless `every` one is asked for."""
    groups = [_group(plan, facts, list(machines), every=every) for machines in _groups(plan)]
    rows = [row for group in groups for row in group.rows]
    shown = [number for number in range(len(COLUMNS)) if any(row[number] for row in rows)]
    plain = [row for row in rows if RANGE not in row[0]]  # folded ones are few, and may stick out
    widths = {number: max(len(row[number]) for row in (COLUMNS, *plain)) for number in shown}
    yield _line(COLUMNS, widths)
    for group in groups:
        yield group.title
        yield from (_line(row, widths) for row in group.rows)


def _line(row: Sequence[str], widths: dict[int, int]) -> str:
    return "  " + "  ".join(row[number].ljust(width) for number, width in widths.items()).rstrip()


def _groups(plan: Plan) -> Iterator[Iterator[Machine]]:
    for role in ROLES:
        for _, machines in groupby(plan.of_role(role), key=_make):
            yield machines


def _make(machine: Machine) -> tuple[str, ...]:
    cores = f"{machine.cores} core{'' if machine.cores == 1 else 's'}"
    return machine.role, machine.pool, cores, f"{size(machine.memory_mib)} memory", f"{machine.disk_gib}GiB disk"


def _group(plan: Plan, facts: Facts, machines: Sequence[Machine], *, every: bool) -> Group:
    role, pool, *make = _make(machines[0])
    windows = dict(self_rebooting({machine.name: machine for machine in machines}))
    folded = len(machines) > READABLE and not every
    parts = runs(machines, lambda one, other: folded and _next(plan, one, other))
    rows = tuple(_row(plan, facts, part, windows) for part in parts)
    number = f", {len(machines)} machines" if len(machines) > 1 else ""
    return Group(f"{role}, pool {pool}{number}: {', '.join(make)}", rows)


def _next(plan: Plan, one: Machine, other: Machine) -> bool:
    """Whether a row may go on: name, VM id and address each the next."""
    alike = (one.name in plan.retained) == (other.name in plan.retained)
    if not alike or not follows(one.name, other.name) or other.vm_id != one.vm_id + 1:
        return False
    if one.address is None or other.address is None:
        return one.address == other.address
    return int(ip_address(other.address)) == int(ip_address(one.address)) + 1


def _row(plan: Plan, facts: Facts, part: Sequence[Machine], windows: dict[str, Window]) -> tuple[str, ...]:
    first, last = part[0], part[-1]
    window, gone = windows.get(first.name), first.name in plan.retained
    if first is not last:
        nodes = list(dict.fromkeys(machine.pve_node for machine in part))
        where = ", ".join(nodes) if len(nodes) <= NAMED else f"{len(nodes)} PVE nodes"
        address = span([first.address, last.address]) if first.address and last.address else "DHCP"
        name = f"{span([first.name, last.name])} ({len(part)}{', not in cluster.yaml' if gone else ''})"
        return name, where, span([str(first.vm_id), str(last.vm_id)]), address, "in windows" if window else ""
    name = f"{first.name} (not in cluster.yaml)" if gone else first.name
    times = f"{window.start}-{maintenance.end(window)} {first.timezone}" if window else ""
    return name, first.pve_node, str(first.vm_id), _address(first, facts), times


def _address(machine: Machine, facts: Facts) -> str:
    if machine.address:
        return machine.address
    seen = address_of(machine, facts)
    return f"{seen} (DHCP)" if seen else "DHCP"
