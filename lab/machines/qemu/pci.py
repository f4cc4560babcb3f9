"""The PCI slot that PVE gives each device of a VM: what a guest may name its NICs by (qemu-server, PCI.pm, get_pci_addr_map)."""

from __future__ import annotations

from collections.abc import Iterator

#: (name, bus, slot) of one device, or (prefix, first, last, bus, slot of the first) of several in a row.
_SINGLE = (
    ("piix3", 0, 1), ("vga", 0, 2), ("balloon0", 0, 3), ("watchdog", 0, 4), ("pci.3", 0, 5), ("ahci0", 0, 7), ("qga0", 0, 8),
    ("pci.1", 0, 30), ("pci.2", 0, 31), ("pci.4", 1, 28), ("rng0", 1, 29),
)  # fmt: skip
_ROWS = (
    ("scsihw", 0, 1, 0, 5), ("virtio", 0, 5, 0, 10), ("net", 0, 5, 0, 18), ("net", 6, 31, 1, 1), ("virtio", 6, 15, 2, 1),
    ("virtioscsi", 0, 30, 3, 1), ("scsihw", 2, 4, 4, 1),
)  # fmt: skip


def _table() -> Iterator[tuple[str, tuple[int, int]]]:
    yield from ((name, (bus, slot)) for name, bus, slot in _SINGLE)
    for prefix, first, last, bus, slot in _ROWS:
        yield from ((f"{prefix}{index}", (bus, slot + index - first)) for index in range(first, last + 1))


#: Device -> (bus, slot). A VM with virtio-scsi-single has the bridge pci.3 where one of another kind has its first controller.
SLOTS = dict(_table())


def slot(device: str) -> str:
    """The properties that put a device where PVE puts it."""
    bus, number = SLOTS[device]
    return f"bus=pci.{bus},addr={number:#x}"
