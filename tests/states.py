"""Terraform states as the provider (0.111.1) writes them, of a plan's VMs: the attributes that are read of it."""

from __future__ import annotations

import json
from typing import Any

from stardock.model.labels import description, tags
from stardock.model.machine import Interface, Machine
from stardock.model.parts import PROVIDERS_LIMITS, DataDisk, DiskOptions
from stardock.model.plan import Plan
from stardock.spec.trunks import vlans_of
from stardock.workspace.state import VM

NOBODY_WAITS = -1


def state_of(plan: Plan) -> dict[str, Any]:
    """The state after that plan was applied."""
    return {"version": 4, "resources": [vm_of(plan.cluster, machine) for machine in plan.machines]}


def state_text(state: dict[str, Any]) -> str:
    """As it lies on disk."""
    return json.dumps(state, indent=2)


def vm_of(cluster: str, machine: Machine) -> dict[str, Any]:
    """One VM."""
    return {"mode": "managed", "type": VM, "name": machine.name, "instances": [{"attributes": attributes(cluster, machine)}]}


def attributes(cluster: str, machine: Machine) -> dict[str, Any]:
    """What was seen of a VM that the real provider made on the emulated PVE; contract/deploy/test_plan.py holds it to that."""
    startup = machine.startup
    return {
        "name": machine.name,
        "node_name": machine.pve_node,
        "vm_id": machine.vm_id,
        "agent": [{"enabled": machine.agent.enabled, "timeout": f"{machine.agent.timeout_minutes}m"}],
        "bios": machine.firmware,
        "machine": machine.chipset,
        "cpu": [
            {
                "cores": machine.cores // machine.sockets,
                "sockets": machine.sockets,
                "numa": machine.numa,
                "type": machine.cpu_type,
            }
        ],
        "memory": [{"dedicated": machine.memory_mib, "floating": machine.balloon_mib, "hugepages": machine.hugepages or ""}],
        "disk": [_first_disk(machine), *(_data_disk(disk) for disk in machine.data_disks)],
        "network_device": [_nic(nic) for nic in machine.interfaces],
        "hostpci": [
            {"device": f"hostpci{n}", "mapping": one.mapping, "pcie": True, "mdev": "", "xvga": False}
            for n, one in enumerate(machine.devices)
        ],
        "usb": [{"host": "", "mapping": one.mapping, "usb3": one.usb3} for one in machine.usb],
        "tpm_state": [],
        "tags": sorted(tags(cluster, machine)),
        "description": description(cluster, machine),
        "pool_id": machine.pve_pool,
        "on_boot": machine.on_boot,
        "stop_on_destroy": machine.stop_on_destroy,
        "serial_device": [{"device": "socket"}] if machine.serial else [],
        "startup": [{"order": startup.order if startup else 0, "up_delay": NOBODY_WAITS, "down_delay": NOBODY_WAITS}],
    }


def _first_disk(machine: Machine) -> dict[str, Any]:
    place = {"interface": machine.disk_interface, "size": machine.disk_gib, "datastore_id": machine.disk_datastore, "serial": ""}
    return place | _flags(machine.disk_options, machine.disk_interface)


def _data_disk(disk: DataDisk) -> dict[str, Any]:
    place = {"interface": f"virtio{disk.slot}", "size": disk.size_gib, "datastore_id": disk.datastore, "serial": disk.name}
    return place | _flags(disk.options, "virtio")


def _flags(options: DiskOptions, interface: str) -> dict[str, Any]:
    switches = {name: getattr(options, name) for name in ("backup", "iothread", "replicate")} | {"ssd": options.has_ssd(interface)}
    speed = {provider: options.limits.get(name, 0) for name, provider in PROVIDERS_LIMITS.items()}
    words = {"aio": options.aio, "cache": options.cache, "discard": "on" if options.discard else "ignore"}
    return words | switches | {"speed": [speed] if options.limits else []}


def _nic(nic: Interface) -> dict[str, Any]:
    return {
        "bridge": nic.bridge,
        "model": nic.model,
        "mac_address": nic.mac,
        "vlan_id": nic.vlan or 0,
        "trunks": ";".join(map(str, vlans_of(nic.trunks))),
        "mtu": nic.mtu or 0,
        "firewall": nic.firewall,
    }
