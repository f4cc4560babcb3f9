"""What a kubelet leaves to itself and its machine, by the machine's size, and when it evicts pods.

By size as GKE's nodes do (docs.cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes, "Memory and CPU reservations"): 25% of
the first 4 GiB, 20% of the next 4, 10% of the next 8, 6% of the next 112, 2% of the rest; 6% of the first core, 1% of the second, 0.5% of
the next two, 0.25% of the rest. k3s and RKE2 let the kubelet look at disks alone (k3s, pkg/daemons/agent: `imagefs.available` and
`nodefs.available` 5%): an argument takes the place of all thresholds, so these are said with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from stardock.distributions.arguments import items, named
from stardock.distributions.fault import Fault

OPTION = "kubelet-arg"
_GIB = 1024
#: Up to how many MiB, or cores -> per cent of what lies between.
_MEMORY: Sequence[tuple[float, float]] = ((4 * _GIB, 25), (8 * _GIB, 20), (16 * _GIB, 10), (128 * _GIB, 6), (float("inf"), 2))
_CPU: Sequence[tuple[float, float]] = ((1, 6), (2, 1), (4, 0.5), (float("inf"), 0.25))
RESERVED, EVICTION = "kube-reserved", "eviction-hard"
_DISKS = "imagefs.available<5%,nodefs.available<5%"


def _share(whole: float, steps: Sequence[tuple[float, float]]) -> float:
    """The sum of all steps' shares."""
    floors = (0.0, *(limit for limit, _ in steps))
    return sum(max(0.0, min(whole, limit) - floor) * percent / 100 for floor, (limit, percent) in zip(floors, steps, strict=False))


def by_size(cores: int, memory_mib: int) -> tuple[int, int]:
    """Millicores and MiB that a machine of this size keeps."""
    return round(_share(cores, _CPU) * 1000), round(_share(memory_mib, _MEMORY))


def arguments(millicores: int, memory_mib: int, eviction_mib: int, own: Collection[str] = ()) -> tuple[str, ...]:
    """The kubelet's arguments that say so, without those that are told already (`said`)."""
    ours = {RESERVED: f"cpu={millicores}m,memory={memory_mib}Mi", EVICTION: f"memory.available<{eviction_mib}Mi,{_DISKS}"}
    return tuple(f"{name}={value}" for name, value in ours.items() if name not in own)


def said(options: Mapping[str, Any]) -> frozenset[str]:
    """Which of the two arguments are the user's own."""
    return frozenset(name for name in (RESERVED, EVICTION) if name in (named(argument)[0] for argument in items(options, OPTION)))


def said_already(options: Mapping[str, Any]) -> Iterator[Fault]:
    """Arguments of the user's for all machines that say the same."""
    for item, argument in enumerate(items(options, OPTION)):
        if named(argument)[0] in (RESERVED, EVICTION):
            yield Fault(
                OPTION, f"`{named(argument)[0]}` is an argument that `kubelet` becomes", "delete it here, or `kubelet.reserve`", item
            )
