"""Rules of what nodes keep for themselves: a kubelet that would keep more than its machine has does not start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from stardock.distributions import distribution
from stardock.distributions.reservations import by_size
from stardock.errors import Problem
from stardock.model.machine import Machine
from stardock.plan.reservation import reservation_of
from stardock.spec.places import at

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec

#: Per cent of a machine's memory that its kernel shows (MemTotal).
_SHOWN = 95


def reservation_problems(spec: Spec, machines: Iterable[Machine]) -> Iterator[Problem]:
    """Machines that would have too little left (kubernetes, pkg/kubelet/cm/node_container_manager_linux.go, validateNodeAllocatable)."""
    wanted = reservation_of(spec.kubelet)
    for machine in machines if wanted else ():
        if wanted is None or machine.role == "loadbalancer":
            continue
        has = machine.balloon_mib or machine.memory_mib
        cpu, memory = by_size(machine.cores, has)
        kept, needed = wanted.memory_mib or memory, _needed(spec, machine)
        if has * _SHOWN // 100 - kept - wanted.evict_below_mib < needed:
            what = f"{machine.name} has {has}MiB, keeps {kept}MiB and evicts below {wanted.evict_below_mib}MiB"
            own = f": its own control plane asks for {needed}MiB" if needed > 1 else ", and nothing is left"
            yield at(spec, ("kubelet", "reserve"), what + own, "give it more `memory`, or keep less (`reserved_memory`, `evict_below`)")
        if (wanted.cpu or cpu) >= machine.cores * 1000:
            message = f"{machine.name} has {machine.cores} cores and would keep {wanted.cpu}m"
            yield at(spec, ("kubelet", "reserved_cpu"), message, f"write less than {machine.cores * 1000}")


def _needed(spec: Spec, machine: Machine) -> int:
    return distribution(spec.distribution.name).control_plane_mib if machine.role == "server" else 1
