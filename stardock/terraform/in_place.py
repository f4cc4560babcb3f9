"""What a VM would lose by a change in place: the provider takes a disk off, moves it or makes its TPM anew without replacing the VM.

Reads `change.before` and `change.after` of the engine's plan (provider 0.111.1, schema of proxmox_virtual_environment_vm: `disk` by
`interface`, `efi_disk`, `tpm_state` and `network_device` as lists). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]


def losses(change: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that this change would take from a VM that stays, each in words after "it would lose"."""
    before, after, unknown = (change.get(key) or {} for key in ("before", "after", "after_unknown"))
    return (*_disks(before, after, unknown), *_firmware(before, after), *_nics(before, after, unknown)) if before else ()


def _disks(before: Values, after: Values, unknown: Values) -> Iterator[str]:
    if unknown.get("disk") is True:
        yield "the engine does not say which disks it would have"
        return
    kept = {disk.get("interface"): disk for disk in after.get("disk") or ()}
    for disk in before.get("disk") or ():
        slot = disk.get("interface")
        if not slot:
            continue  # `detached`
        if slot in kept:
            yield from _changed(disk, kept[slot])
        else:
            yield f"its disk {_told(disk)} would be taken off"


def detached(change: Mapping[str, Any]) -> tuple[Detached, ...]:
    """Disks of the state that are on the VM no more, and would be made anew, empty: what was on them is `unusedN` of the VM, or gone.

    The provider reads such a disk as one without an interface (OrderedListFromMapByKeyValues) and takes the planned one for a new disk
    (disk.Update: a blank one). Then it stumbles over the one without an interface; by the next run all seems well. A new disk that is
    asked for in the same run cannot be told apart from it and counts, too.
    """
    before, after = (change.get(key) or {} for key in ("before", "after"))
    slots = {disk.get("interface") for disk in before.get("disk") or ()}
    if slots and all(slots):
        return ()
    made = [disk for disk in after.get("disk") or () if disk.get("interface") not in slots] if slots else []
    return tuple(Detached(int(before.get("vm_id") or 0), str(disk["interface"]), disk.get("serial") or "", _told(disk)) for disk in made)


@dataclass(frozen=True, slots=True)
class Detached:
    """A disk that is on its VM no more. Only data disks have a serial, by which the guest finds them."""

    vm_id: int
    slot: str
    serial: str
    told: str

    def attached(self) -> str:
        """What attaches it again, as root on the PVE node."""
        return f"qm set {self.vm_id} --{self.slot} VOLUME{f',serial={self.serial}' if self.serial else ''}"


def _told(disk: Values) -> str:
    named = f"{disk['serial']}, " if disk.get("serial") else ""
    return f"{disk.get('interface')} ({named}{disk.get('size')} GiB on {disk.get('datastore_id')})"


def _changed(old: Values, new: Values) -> Iterator[str]:
    if (new.get("size") or 0) < (old.get("size") or 0):
        yield f"its disk {_told(old)} would shrink to {new.get('size')} GiB"
    if new.get("datastore_id") != old.get("datastore_id"):
        yield f"its disk {_told(old)} would be moved to {new.get('datastore_id')}"
    if (old.get("serial") or "") and new.get("serial") != old.get("serial"):
        yield f"its disk {_told(old)} would be called {new.get('serial') or 'nothing'}, and the guest not find it"


def _firmware(before: Values, after: Values) -> Iterator[str]:
    for key, what, kept in (
        ("efi_disk", "EFI disk, with its boot entries,", ("datastore_id", "type")),
        ("tpm_state", "TPM, with its keys,", ("datastore_id", "version")),
    ):
        old, new = (next(iter(one.get(key) or ()), None) for one in (before, after))
        if old is not None and new is None:
            yield f"its {what} would be taken off"
        elif old is not None and new is not None and any(old.get(field) != new.get(field) for field in kept):
            yield f"its {what} would be made anew"
    if (before.get("bios") or "seabios") != (after.get("bios") or "seabios"):
        yield f"its firmware would be {after.get('bios')} instead of {before.get('bios')}, and what it boots not be found"


def _nics(before: Values, after: Values, unknown: Values) -> Iterator[str]:
    if unknown.get("network_device") is True:
        yield "the engine does not say which NICs it would have"
        return
    old: Sequence[Values] = before.get("network_device") or ()
    new: Sequence[Values] = after.get("network_device") or ()
    for index, nic in enumerate(old):
        mac = str(nic.get("mac_address") or "")
        other = str(new[index].get("mac_address") or "") if index < len(new) else None
        if other is None:
            yield f"its NIC net{index} ({mac}) would be taken off"
        elif mac.upper() != other.upper():
            yield f"its NIC net{index} would have the MAC {other} instead of {mac}, which the guest knows it by"
