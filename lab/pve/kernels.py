"""What a guest's kernel drives of the hardware that PVE gives its VM. What it has no driver for is not there for it.

Known by the name of the image that the disk was imported from: Debian's genericcloud images have linux-image-cloud-amd64 (Debian's packages
linux-config-6.1 and -6.12, config.amd64_none_cloud-amd64). Every other kernel is taken to drive all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lab.pve.drives import boot_disk
from lab.pve.state import Vm

_CLOUD = re.compile(r"debian-(\d+)-genericcloud-")
#: The first release whose cloud kernel has AHCI.
_AHCI_SINCE = 13
_CLOUD_NICS = frozenset({"virtio", "vmxnet3"})
_CLOUD_CONTROLLERS = frozenset({"virtio", "virtio-scsi-pci", "virtio-scsi-single", "pvscsi", "piix"})


@dataclass(frozen=True, slots=True)
class Kernel:
    """What it drives: models of NICs, and controllers of drives."""

    nics: frozenset[str]
    controllers: frozenset[str]


def kernel_of(vm: Vm) -> Kernel | None:
    """The kernel on the disk that the VM boots from; None: one that drives all."""
    disk = boot_disk(vm)
    found = _CLOUD.search(disk.image) if disk else None
    if found is None:
        return None
    ahci = {"ahci"} if int(found[1]) >= _AHCI_SINCE else set()
    return Kernel(_CLOUD_NICS, _CLOUD_CONTROLLERS | ahci)


def unseen(vm: Vm) -> frozenset[str]:
    """The keys of the configuration whose hardware the guest's kernel does not see: `ide2`, `net0`."""
    kernel = kernel_of(vm)
    return frozenset(_unseen(vm.config, kernel)) if kernel else frozenset()


def _unseen(config: dict[str, Any], kernel: Kernel) -> Iterator[str]:
    for key, value in config.items():
        kind = re.match(r"(net|ide|sata|scsi|virtio)\d+$", key)
        if kind and kind[1] == "net":
            model = str(value).partition("=")[0]
            if model not in kernel.nics:
                yield key
        elif kind and _controller(kind[1], config) not in kernel.controllers:
            yield key


def _controller(kind: str, config: dict[str, Any]) -> str:
    """As PVE::QemuServer::DriveDevice attaches a drive: IDE is AHCI's on q35 and PIIX's elsewhere, SCSI is whatever `scsihw` says."""
    if kind == "ide":
        return "ahci" if "q35" in str(config.get("machine", "")) else "piix"
    return {"sata": "ahci", "scsi": str(config.get("scsihw", "lsi"))}.get(kind, kind)
