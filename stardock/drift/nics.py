"""Network devices, and passed-through PCI and USB devices."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.drift.finding import Finding
from stardock.drift.scene import Scene
from stardock.estate.configs import Config
from stardock.estate.hardware import network_devices, properties
from stardock.model.machine import Interface, Machine
from stardock.spec.trunks import vlans_of


def check(scene: Scene) -> Iterator[Finding]:
    """Every machine that exists."""
    for machine, _, config in scene.existing():
        yield from _nics(machine, config)
        yield from _devices(machine, config)


def _nics(machine: Machine, config: Config) -> Iterator[Finding]:
    found = network_devices(config)
    for number, nic in enumerate(machine.interfaces):
        if number not in found:
            yield Finding(kind="nic", subject=machine.name, field=f"net{number}", wanted=f"{nic.name}, {nic.mac}", found="none")
            continue
        wanted = _wanted(nic)
        for key in wanted:
            if (seen := found[number].get(key, "")) not in {wanted[key], "0" if wanted[key] == "" else wanted[key]}:
                shown = {"wanted": wanted[key] or "none", "found": seen or "none"}
                yield Finding(kind="nic", subject=machine.name, field=f"net{number} {key}", **shown, hidden=False, cure=_cure(key, seen))
    for number in sorted(set(found) - set(range(len(machine.interfaces)))):
        yield Finding(kind="nic", subject=machine.name, field=f"net{number}", wanted="none", found=found[number]["macaddr"])


def _cure(key: str, seen: str) -> str:
    """The provider (0.111.1) ends at a range of trunks before it plans anything."""
    by_hand = "write its VLANs one by one in Proxmox (qm set --netN ...): no engine can plan while a range is there; then "
    return f"{by_hand if key == 'trunks' and '-' in seen else ''}runner deploy"


def _wanted(nic: Interface) -> dict[str, str]:
    """As PVE writes them; what is not set is empty, and PVE's 0 means the same."""
    return {
        "model": nic.model,
        "macaddr": nic.mac,
        "bridge": nic.bridge,
        "tag": str(nic.vlan or ""),
        "mtu": str(nic.mtu or ""),
        "firewall": "1" if nic.firewall else "",
        "link_down": "",
        "rate": "",
        "trunks": ";".join(map(str, vlans_of(nic.trunks))),
    }


def _devices(machine: Machine, config: Config) -> Iterator[Finding]:
    wanted = {f"hostpci{number}": device.mapping for number, device in enumerate(machine.devices)}
    wanted |= {f"usb{number}": usb.mapping for number, usb in enumerate(machine.usb)}
    for field, mapping in wanted.items():
        seen = properties(config.get(field), "host").get("mapping", "none")
        if seen != mapping:
            yield Finding(kind="device", subject=machine.name, field=field, wanted=mapping, found=seen)
