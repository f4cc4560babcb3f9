"""Rules of what nodes keep for themselves: a kubelet that would keep more than its machine has does not start."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from stardock.distributions import distribution
from stardock.distributions.reservations import EVICTION, RESERVED, by_size, said
from stardock.errors import Problem
from stardock.model.host import Member
from stardock.model.settings import Reservation
from stardock.plan.reservation import reservation_of
from stardock.spec.places import at

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec

#: Per cent of a machine's memory that its kernel shows (MemTotal).
_SHOWN = 95


def reservation_problems(spec: Spec, machines: Iterable[Member]) -> Iterator[Problem]:
    """Machines that would have too little left (kubernetes, pkg/kubelet/cm/node_container_manager_linux.go, validateNodeAllocatable).

    What a pool or a machine says itself is not known here as a number: it counts as nothing.
    """
    wanted = reservation_of(spec.kubelet)
    for machine in machines if wanted else ():
        if wanted and machine.role != "loadbalancer":
            own = said(machine.options)
            yield from _of_memory(spec, machine, wanted, own)
            yield from _of_cores(spec, machine, wanted) if RESERVED not in own else ()


def _of_memory(spec: Spec, machine: Member, wanted: Reservation, own: Collection[str]) -> Iterator[Problem]:
    has = machine.balloon_mib or machine.memory_mib
    kept = 0 if RESERVED in own else wanted.memory_mib or by_size(machine.cores, has)[1]
    evict = 0 if EVICTION in own else wanted.evict_below_mib
    needed = distribution(spec.distribution.name).control_plane_mib if machine.role == "server" else 1
    if has * _SHOWN // 100 - kept - evict < needed:
        what = f"{machine.name} has {has}MiB, keeps {kept}MiB and evicts below {evict}MiB"
        left = f": its own control plane asks for {needed}MiB" if needed > 1 else ", and nothing is left"
        yield at(spec, ("kubelet", "reserve"), what + left, "give it more `memory`, or keep less (`reserved_memory`, `evict_below`)")


def _of_cores(spec: Spec, machine: Member, wanted: Reservation) -> Iterator[Problem]:
    if (wanted.cpu or 0) >= machine.cores * 1000:  # by size it is less than a core
        message = f"{machine.name} has {machine.cores} cores and would keep {wanted.cpu}m"
        yield at(spec, ("kubelet", "reserved_cpu"), message, f"write less than {machine.cores * 1000}")
