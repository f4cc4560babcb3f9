"""PCI and USB devices of a PVE node that VMs get, by resource mapping (PVE::QemuServer::PCI, PVE::QemuServer::USB)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lab.pve.errors import TaskError
from lab.pve.estate import Estate
from lab.pve.schema import own_vm
from lab.pve.schema.check import parse_property_string
from lab.pve.schema.formats import NESTED
from lab.pve.state import Vm

_USB = re.compile(r"usb\d+")
_HOSTPCI = re.compile(r"hostpci\d+")


def reserve(estate: Estate, vm: Vm) -> None:
    """Gives a VM that starts its devices. Raises TaskError for one that is not on this PVE node, or that another running VM has."""
    used = {path: other for other, paths in estate.reserved.items() if other != vm.vm_id and _runs(estate, other) for path in paths}
    taken: set[str] = set()
    for key, device in _devices(vm):
        if device.get("pcie") == "1" and "q35" not in str(vm.config.get("machine", "")):
            raise TaskError("q35 machine model is not enabled")
        paths = _paths(estate, vm, device)
        if not paths:
            raise TaskError(f"PCI device mapping not found for '{device['mapping']}'")
        if "mdev" not in device:  # which is shared by its nature
            taken.add(_free(key, paths, used, taken))
    estate.reserved[vm.vm_id] = frozenset(taken)
    for key in sorted(filter(_USB.fullmatch, vm.config)):
        _find_usb(estate, vm, parse_property_string(own_vm.NESTED["usb"], str(vm.config[key])))


def _find_usb(estate: Estate, vm: Vm, device: Mapping[str, str]) -> None:
    """One device of the mapping on this PVE node, no more and no less (PVE::QemuServer::USB, parse_usb_device)."""
    if "mapping" not in device:
        return
    mapping = estate.state.usb.get(device["mapping"])
    found = [text for text in mapping.devices if f"node={vm.node}" in text.split(",")] if mapping else []
    if not found:
        raise TaskError(f"USB device mapping not found for '{device['mapping']}'")
    if len(found) > 1:
        raise TaskError("More than one USB mapping per host not supported")


def _free(key: str, paths: list[str], used: Mapping[str, int], taken: set[str]) -> str:
    if len(paths) == 1 and paths[0] in used:
        raise TaskError(f"PCI device '{paths[0]}' already in use by VMID '{used[paths[0]]}'")
    if len(paths) == 1 and paths[0] in taken:
        raise TaskError(f"device '{paths[0]}' assigned more than once")
    free = next((path for path in paths if path not in used and path not in taken), None)
    if free is None:
        raise TaskError(f"could not find a free device for '{key}'")
    return free


def _runs(estate: Estate, vm_id: int) -> bool:
    return vm_id in estate.state.vms and estate.is_running(estate.state.vms[vm_id])


def _devices(vm: Vm) -> Iterator[tuple[str, dict[str, str]]]:
    for key in sorted(filter(_HOSTPCI.fullmatch, vm.config), key=lambda name: int(name.removeprefix("hostpci"))):
        yield key, parse_property_string(NESTED["pve-qm-hostpci"], str(vm.config[key]))


def _paths(estate: Estate, vm: Vm, device: Mapping[str, str]) -> list[str]:
    """Where the device is on the VM's PVE node, best first."""
    if "host" in device:
        return [device["host"]]
    mapping = estate.state.mappings.get(device["mapping"])
    described = [dict(part.split("=", 1) for part in text.split(",")) for text in mapping.devices] if mapping else []
    return [one["path"] for one in described if one["node"] == vm.node]
