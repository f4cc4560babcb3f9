"""PVE's own notation in a VM's configuration: property strings, network devices, drives, sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: Models of a network device, which stand as `MODEL=MAC` (qemu-server's net format).
_MODELS = frozenset({"virtio", "e1000", "e1000e", "e1000-82540em", "e1000-82544gc", "e1000-82545em", "rtl8139", "vmxnet3"})
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_NET = re.compile(r"net(\d+)")
_DRIVE = re.compile(r"(?:ide|sata|scsi)\d+")
_SEED = re.compile(r"-cloudinit(\.[a-z0-9]+)?$")
_GIB = 1024**3


def properties(text: object, first: str) -> dict[str, str]:
    """`local-lvm:vm-210-disk-0,size=20G` -> its keys; the part without a key gets the name `first`."""
    found = {}
    for part in filter(None, str(text or "").split(",")):
        key, equals, value = part.partition("=")
        found[key if equals else first] = value if equals else part
    return found


def network_devices(config: Mapping[str, Any]) -> dict[int, dict[str, str]]:
    """The NICs by their number, each with `model`, `macaddr` in upper case, and what else is said."""
    numbers = sorted(int(found[1]) for key in config if (found := _NET.fullmatch(key)))
    return {number: _network_device(config[f"net{number}"]) for number in numbers}


def _network_device(text: object) -> dict[str, str]:
    found = properties(text, "model")
    for model in _MODELS & set(found):
        found |= {"model": model, "macaddr": found.pop(model)}
    return found | {"macaddr": found.get("macaddr", "").upper()}


def macs_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The MACs in the order of the NICs, upper case."""
    return tuple(nic["macaddr"] for nic in network_devices(config).values())


def is_seed(drive: object) -> bool:
    """Whether a drive is the cloud-init drive: vm-ID-cloudinit, with a format's ending where the datastore is a directory."""
    return _SEED.search(properties(drive, "file").get("file", "")) is not None


def seed_interface(config: Mapping[str, Any]) -> str | None:
    """The slot of the cloud-init drive; of several the first. None: there is none."""
    return next((key for key in sorted(config) if _DRIVE.fullmatch(key) and is_seed(config[key])), None)


def gibibytes(text: str) -> float | None:
    """`20G` -> 20.0; None for what is no size."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text)
    return float(found[1]) * _UNITS[found[2]] / _GIB if found else None
