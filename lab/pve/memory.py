"""What PVE looks at when a VM with huge pages is started (PVE::QemuServer::Memory, without memory hotplug)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.pve.errors import TaskError

_MIB_OF_1_GIB = 1024


def check_memory(config: Mapping[str, Any], memory: int) -> None:
    """Raises TaskError with PVE's words; `memory` in MiB. The emulated hosts have pages of both sizes, as many as are asked for."""
    pages = config.get("hugepages")
    if pages is None:
        return
    if not config.get("numa"):
        raise TaskError("numa needs to be enabled to use hugepages")
    sockets = int(config.get("sockets", 1))
    share = memory / sockets
    if share <= 0 or share % 2:
        raise TaskError(f"memory size '{share:g}' is not a positive even integer; cannot use for hugepages")
    if pages == str(_MIB_OF_1_GIB) and share % _MIB_OF_1_GIB:
        raise TaskError(f"Memory size {share:g} is not a multiple of the requested hugepages size {pages}")
