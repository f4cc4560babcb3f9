"""What a node keeps for itself: the kubelet's arguments, and what its machine must have before they are written."""

from __future__ import annotations

from typing import Any

from stardock.distributions.reservations import RESERVED, arguments, by_size, said
from stardock.model.host import Member
from stardock.model.plan import Plan

#: Of the planned memory, what a kernel shows at the least: 192 MiB of 1 GiB may be kdump's, more its own. Below it is another size.
_SHOWN = (2, 3)


def kubelet_arguments(plan: Plan, machine: Member) -> tuple[str, ...]:
    """An argument of a pool's or a machine's own goes before ours of that name; the other one stays."""
    if plan.reservation is None:
        return ()
    return arguments(*_numbers(plan, machine), said(machine.options))


def reservation(plan: Plan, machine: Member) -> dict[str, Any]:
    """Those arguments, and the MiB and thousandths of a core below which the role holds them back; empty where there are none."""
    found = kubelet_arguments(plan, machine)
    if not found:
        return {}
    millicores, memory, evict = _numbers(plan, machine)
    kept = (0, 0) if RESERVED in said(machine.options) else (millicores, max(memory, _least(machine) - evict))
    return {"arguments": list(found), "memory_mib": kept[1] + evict, "millicores": kept[0]}


def _numbers(plan: Plan, machine: Member) -> tuple[int, int, int]:
    wanted, (cpu, memory) = plan.reservation, by_size(machine.cores, _has(machine))
    return (wanted.cpu or cpu, wanted.memory_mib or memory, wanted.evict_below_mib) if wanted else (0, 0, 0)


def _least(machine: Member) -> int:
    return _has(machine) * _SHOWN[0] // _SHOWN[1]


def _has(machine: Member) -> int:
    return machine.balloon_mib or machine.memory_mib
