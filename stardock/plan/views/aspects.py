"""A machine taken apart into what an edit of cluster.yaml changes of it: field -> values, in cluster.yaml's words.

Fields are named as in cluster.yaml, those of a NIC with its name (`ens18.bridge`). Values are as a person would write them; a list has
one element each, so that a difference names what came and went.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Literal

from stardock.model.labels import description, tags
from stardock.model.machine import ROLES, Interface, Machine, User
from stardock.model.parts import PROVIDERS_LIMITS, DataDisk, Device, DiskOptions, Ha, PackageProxy, Startup
from stardock.plan.machine import maintenance
from stardock.plan.rules.allocated import self_rebooting

#: Field -> values; none: nothing is set.
Aspects = Mapping[str, tuple[str, ...]]

#: When a difference takes effect: as the VM runs, when it is next stopped and started, or by `runner bootstrap`.
Effect = Literal["live", "power_cycle", "bootstrap"]

#: For these the provider (0.111.1, vmUpdate) sets `rebootRequired`, and Stardock tells it not to reboot.
_POWER_CYCLE = frozenset(
    {"cores", "sockets", "numa", "cpu", "memory", "balloon", "hugepages", "devices", "usb", "serial", "agent", "firmware", "chipset", "tpm"}
)
#: Flags of a disk that PVE does not plug into a VM that runs (PVE::QemuServer::vmconfig_update_disk).
_FLAGS = frozenset({"aio", "cache", "discard", "iothread", "ssd"})
#: Enough of a key to tell two apart.
_TAIL = 12


def effect(field: str) -> Effect:
    """When a difference in a field of `hardware` takes effect (docs/hardware.md)."""
    return "power_cycle" if field in _POWER_CYCLE or field.rpartition(".")[2] in _FLAGS else "live"


def size(mib: int) -> str:
    """Memory as cluster.yaml writes it."""
    return f"{mib}MiB" if mib % 1024 else f"{mib // 1024}GiB"


def yes(value: bool) -> tuple[str, ...]:
    """A switch."""
    return ("true" if value else "false",)


def hardware(cluster: str, machine: Machine) -> dict[str, tuple[str, ...]]:
    """The VM: all that the engine changes of one that exists."""
    return {
        "cores": (str(machine.cores),),
        "sockets": (str(machine.sockets),),
        "numa": yes(machine.numa),
        "cpu": (machine.cpu_type,),
        "memory": (size(machine.memory_mib),),
        "balloon": (size(machine.balloon_mib),) if machine.balloon_mib else (),
        "hugepages": (machine.hugepages,) if machine.hugepages else (),
        "firmware": (machine.firmware,),
        "chipset": (machine.chipset,),
        "tpm": yes(machine.tpm),
        "disk": (f"{machine.disk_gib}GiB",),
        "disk_datastore": (machine.disk_datastore,),
        **flags("disk_options", machine.disk_options, machine.disk_interface),
        **{key: words for disk in machine.data_disks for key, words in flags(f"data_disks.{disk.name}", disk.options, "virtio").items()},
        **{f"data_disks.{disk.name}": (data_disk(disk.size_gib, disk.datastore),) for disk in machine.data_disks},
        **{field: values for one in machine.interfaces for field, values in nic(one).items()},
        "devices": tuple(_device(device, machine.chipset) for device in machine.devices),
        "usb": tuple(usb(one.mapping, usb3=one.usb3) for one in machine.usb),
        "hostname": (machine.hostname,),
        "tags": tuple(sorted(tags(cluster, machine))),
        "description": (description(cluster, machine).strip(),),
        "pve_pool": (machine.pve_pool,) if machine.pve_pool else (),
        "startup": _startup(machine.startup or Startup(order=ROLES.index(machine.role) + 1)),
        "on_boot": yes(machine.on_boot),
        "stop_on_destroy": yes(machine.stop_on_destroy),
        "serial": yes(machine.serial),
        "agent": agent(machine.agent.enabled, f"{machine.agent.timeout_minutes}m"),
    }


def agent(enabled: bool, timeout: str) -> tuple[str, ...]:
    """The guest agent in words."""
    return (*yes(enabled), f"timeout {timeout}")


def data_disk(gib: int, datastore: str) -> str:
    """A data disk in words."""
    return f"{gib}GiB on {datastore}"


def flags(field: str, options: DiskOptions, interface: str) -> dict[str, tuple[str, ...]]:
    """The flags of a disk, those of a new one left empty: nobody wrote them."""
    usual = {"aio": "io_uring", "cache": "none", "ssd": "false" if interface.startswith("virtio") else "true"}
    usual |= dict.fromkeys(("backup", "discard", "iothread", "replicate"), "true")
    words = {key: str(getattr(options, key)).lower() for key in usual} | {"ssd": str(options.has_ssd(interface)).lower()}
    found = {f"{field}.{key}": word for key, word in words.items() if word != usual[key]}
    found |= {f"{field}.{key}": str(limit) for key, limit in options.limits.items()}
    return {name: (found[name],) if name in found else () for name in (f"{field}.{key}" for key in (*usual, *PROVIDERS_LIMITS))}


def nic(one: Interface) -> dict[str, tuple[str, ...]]:
    """A NIC as the hypervisor has it; 0 and None are PVE's default."""
    return {
        f"{one.name}.bridge": (one.bridge,),
        f"{one.name}.model": (one.model,),
        f"{one.name}.mac": (one.mac,),
        f"{one.name}.vlan": (str(one.vlan),) if one.vlan else (),
        f"{one.name}.trunks": one.trunks,
        f"{one.name}.mtu": (str(one.mtu),) if one.mtu else (),
        f"{one.name}.firewall": yes(one.firewall),
    }


def device(mapping: str, *, pcie: bool, mdev: str | None, primary_gpu: bool) -> str:
    """A PCI device in words."""
    return " ".join((mapping, *(("pcie",) if pcie else ()), *((mdev,) if mdev else ()), *(("primary_gpu",) if primary_gpu else ())))


def usb(mapping: str, *, usb3: bool) -> str:
    """A USB device in words."""
    return f"{mapping} usb3" if usb3 else mapping


def _device(one: Device, chipset: str) -> str:
    pcie = chipset == "q35" if one.pcie is None else one.pcie
    return device(one.mapping, pcie=pcie, mdev=one.mdev, primary_gpu=one.primary_gpu)


def startup(order: int, up_delay: int | None, down_delay: int | None) -> tuple[str, ...]:
    """Order and delays in words."""
    delays = {"up_delay": up_delay, "down_delay": down_delay}
    return (f"order {order}", *(f"{key} {value}" for key, value in delays.items() if value is not None))


def _startup(one: Startup) -> tuple[str, ...]:
    return startup(one.order, one.up_delay, one.down_delay)


def setup(machine: Machine) -> dict[str, tuple[str, ...]]:
    """What is inside: all that `runner bootstrap` changes of a machine that exists."""
    windows = dict(self_rebooting({machine.name: machine}))
    return {
        "options": tuple(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in machine.options.items()),
        "labels": tuple(f"{key}={value}" for key, value in sorted(machine.labels.items())),
        "taints": machine.taints,
        "users": tuple(word for user in machine.users for word in _user(user)),
        "packages": machine.packages,
        "files": tuple(f"{file.path} ({_digest(file.content, file.mode, file.owner)})" for file in machine.files),
        "secret_files": tuple(f"{file.path} ({file.source}, {file.mode}, {file.owner})" for file in machine.secret_files),
        "timezone": (machine.timezone,),
        "window": tuple(f"{one.start}-{maintenance.end(one)} {one.strategy}" for one in windows.values()),
        "mirror": (machine.mirror,) if machine.mirror else (),
        "proxy": proxy(machine.proxy),
        "selinux": yes(machine.selinux),
        **{f"data_disks.{disk.name}.mount": _mount(disk) for disk in machine.data_disks},
        **{field: values for one in machine.interfaces for field, values in _resolving(one).items()},
    }


def proxy(one: PackageProxy | None) -> tuple[str, ...]:
    """A package manager's proxy in words."""
    if one is None:
        return ()
    return (f"http {one.http}", f"https {one.https}", *(f"not for {name}" for name in one.no_proxy))


def _user(user: User) -> Iterable[str]:
    yield user.name if user.sudo else f"{user.name} (without sudo)"
    for key in user.keys:
        _, _, rest = key.strip().partition(" ")
        blob, _, comment = rest.partition(" ")
        yield f"{user.name}: key ...{blob[-_TAIL:]} {comment}".strip()


def _digest(*parts: str) -> str:
    whole = "\0".join(parts).encode()
    return f"sha256 {sha256(whole).hexdigest()[:_TAIL]}"


def _mount(disk: DataDisk) -> tuple[str, ...]:
    return (disk.mount,) if disk.mount else ()


def _resolving(one: Interface) -> dict[str, tuple[str, ...]]:
    routes = tuple(f"{route.to} via {route.via}{f' metric {route.metric}' if route.metric else ''}" for route in one.routes)
    return {
        f"{one.name}.dns": one.dns,
        f"{one.name}.search": one.search,
        f"{one.name}.routes": routes,
        f"{one.name}.metric": (str(one.metric),) if one.metric else (),
        f"{one.name}.default_route": yes(one.default_route),
    }


def guards(machine: Machine) -> dict[str, tuple[str, ...]]:
    """What the next deploy changes beside the VM itself: PVE's HA manager, the engine's guard."""
    return {"ha": _ha(machine.ha), "protect": yes(machine.protect)}


def _ha(ha: Ha | None) -> tuple[str, ...]:
    if ha is None:
        return ()
    return (f"max_restart {ha.max_restart}", f"max_relocate {ha.max_relocate}", *ha.nodes)
