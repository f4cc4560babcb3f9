"""What a machine has before its configuration adds anything: buses, USB, power states.

From qemu-server: QemuServer.pm, config_to_command; src/usr/pve-q35-4.0.cfg. PVE reads the devices of a q35 machine from a file of its own;
here they are arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lab.machines.qemu import pci


def is_q35(config: Mapping[str, Any]) -> bool:
    """Whether the VM's chipset is q35; without `machine` it is i440fx (PVE: `pc`)."""
    return "q35" in str(config.get("machine", ""))


def devices(config: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    """`-device` values of the buses and of USB; `names` are those of the other devices, which decide what bridges there are."""
    yield from _q35() if is_q35(config) else _i440fx(config)
    if any(name in pci.SLOTS and pci.SLOTS[name][0] == 4 for name in names):  # noqa: PLR2004 -- the bridge's number
        yield f"pci-bridge,id=pci.4,chassis_nr=4,{pci.slot('pci.4')}"
    if not is_q35(config):
        yield f"piix3-usb-uhci,id=uhci,{pci.slot('piix3')}.0x2"


def _i440fx(config: Mapping[str, Any]) -> Iterator[str]:
    """pci.1 and pci.2 are always there, pci.3 for the controllers of virtio-scsi-single."""
    single = config.get("scsihw") == "virtio-scsi-single"
    yield from (
        f"pci-bridge,id=pci.{number},chassis_nr={number},{pci.slot(f'pci.{number}')}" for number in (1, 2, *((3,) if single else ()))
    )


def _q35() -> Iterator[str]:
    for slot, numbers, hub in (("1d", (1, 2, 3), "ehci"), ("1a", (4, 5, 6), "ehci-2")):
        yield f"ich9-usb-ehci{1 if hub == 'ehci' else 2},id={hub},multifunction=on,bus=pcie.0,addr={slot}.7"
        for function, number in enumerate(numbers):
            place = f"multifunction=on,bus=pcie.0,addr={slot}.{function}"
            yield f"ich9-usb-uhci{number},id=uhci-{number},{place},masterbus={hub}.0,firstport={2 * function}"
    yield "ich9-intel-hda,id=audio0,bus=pcie.0,addr=1b.0"
    for port in (1, 2, 3, 4):
        lanes = f"x-speed=16,x-width=32,multifunction=on,bus=pcie.0,addr=1c.{port - 1}"
        yield f"pcie-root-port,id=ich9-pcie-port-{port},{lanes},port={port},chassis={port}"
    yield "i82801b11-bridge,id=pcidmi,bus=pcie.0,addr=1e.0"
    yield from (f"pci-bridge,id=pci.{number},bus=pcidmi,addr={number + 1}.0,chassis_nr={number + 1}" for number in range(4))


def globals_of(config: Mapping[str, Any]) -> Iterator[str]:
    """`-global` values: no S3, no S4 since machine version 9.2+pve1; q35 of a VM that is not known to be made by QEMU 6.1 or newer."""
    yield from (f"{'ICH9-LPC' if is_q35(config) else 'PIIX4_PM'}.disable_{state}=1" for state in ("s3", "s4"))
    if is_q35(config) and config.get("ostype") == "l26" and "creation-qemu=" not in str(config.get("meta", "")):
        yield "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"
