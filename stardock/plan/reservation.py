"""What nodes keep from pods, as the plan has it; how much that is of a machine tells its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.model.settings import Reservation

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.kubelet import Kubelet


def reservation_of(wanted: Kubelet) -> Reservation | None:
    """None where pods may have all."""
    if not wanted.reserve:
        return None
    return Reservation(cpu=wanted.reserved_cpu, memory_mib=wanted.reserved_memory, evict_below_mib=wanted.evict_below)
