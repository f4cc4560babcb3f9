"""What a kubelet that keeps more than its machine has says, and does not start.

Source: Kubernetes, pkg/kubelet/cm/node_container_manager_linux.go (validateNodeAllocatable, GetNodeAllocatableReservation: kube-reserved,
system-reserved and the hard eviction threshold of memory, added), pkg/kubelet/eviction/helpers.go (a percentage is one of the capacity).
"""

from __future__ import annotations

import os
import re

from . import arguments
from .config import Config

RESERVED = ("kube-reserved", "system-reserved")
UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
QUANTITY = re.compile(r"([0-9]+(?:[.][0-9]+)?)(m|%|[kMG]|[KMGT]i)?")


def memory() -> int:
    """Bytes that this machine's kernel shows: a kubelet's capacity."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def refusal(config: Config) -> str:
    """Why it ends; nothing when the machine has what is kept of it."""
    given = arguments.named(config.items("kubelet-arg"))
    cores = (os.cpu_count() or 1) * 1000
    kept = {"cpu": _kept(given, "cpu", 1000, cores), "memory": _kept(given, "memory", 1, memory()) + _evicted(given)}
    words = [
        _words(name, kept[name], capacity, shown)
        for name, capacity, shown in (("cpu", cores, "-3} {<nil>}  DecimalSI}"), ("memory", memory(), "0} {<nil>}  BinarySI}"))
        if kept[name] > capacity
    ]
    return f"invalid Node Allocatable configuration. {' '.join(words)}" if words else ""


def _words(name: str, kept: int, capacity: int, shown: str) -> str:
    """Quantities as Go prints what they are made of."""
    amounts = f"a reservation of {{{{{kept} {shown} but capacity of {{{{{capacity} {shown}"
    return f'Resource "{name}" has {amounts}. Expected capacity >= reservation.'


def _kept(given: dict[str, str], resource: str, unit: int, capacity: int) -> int:
    pairs = (pair.partition("=") for flag in RESERVED for pair in given.get(flag, "").split(","))
    return sum(_amount(value, unit, capacity) for name, _, value in pairs if name == resource)


def _evicted(given: dict[str, str]) -> int:
    """Without the argument it looks at disks alone, as RKE2 and k3s have it."""
    pairs = (pair.partition("<") for pair in given.get("eviction-hard", "").split(","))
    return sum(_amount(value, 1, memory()) for name, _, value in pairs if name == "memory.available")


def _amount(text: str, unit: int, capacity: int) -> int:
    """A quantity in `unit`s; one that is none counts as nothing."""
    found = QUANTITY.fullmatch(text)
    number, suffix = (float(found[1]), found[2] or "") if found else (0.0, "")
    if suffix == "%":
        return int(capacity * number / 100)
    return int(number * unit / 1000) if suffix == "m" else int(number * UNITS[suffix] * unit)
