"""What a machine that exists keeps although cluster.yaml wants it otherwise, and the list of such wishes (invariants 1 and 3).

Nothing here can be changed on a running machine: the image, its disk's datastore, its address, host name, VM id, PVE node, what its
firmware booted from, what its NetworkManager was told at first boot. So all of it stays as the lock says until `runner lock accept NAME`,
and then a replacement makes it so. Some of it the provider would change in place, and lose something: a data disk is taken off, a TPM's
keys go, a guest finds no boot entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from stardock.model.machine import SEED, Image, Interface, Machine
from stardock.model.parts import DataDisk
from stardock.model.plan import Change
from stardock.plan.allocation.declared import Declared
from stardock.plan.machine.images import default_from, kept_image, moved_image
from stardock.systems import system

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec import image

#: Shown where there is nothing.
NONE = "none"
#: Fields of a change after which a machine starts from another image.
_ANOTHER_IMAGE = frozenset(f"image.{field}" for field in ("system", "release", "url", "file", "checksum"))
DHCP = "dhcp"

_FOLLOWS = ("bridge", "model", "zone", "vlan", "trunks", "mtu", "firewall", "dns", "search", "routes", "metric", "default_route")


@dataclass(frozen=True, slots=True)
class Planned:
    """A machine as it goes on, with what was wished otherwise: explicit values (`changes`), and all else (`replacements`)."""

    machine: Machine
    changes: tuple[Change, ...]
    replacements: tuple[Change, ...]


def keep(wish: Machine, record: Machine, declared: Declared, said: image.Image) -> Planned:
    """Hold back from `wish` what only a replacement brings; `record` is how the lock knows the machine, `said` its image in words."""
    interfaces = kept_interfaces(wish, record)
    planned = replace(
        wish,
        pve_node=record.pve_node,
        vm_id=record.vm_id,
        hostname=record.hostname,
        interfaces=interfaces,
        image=kept_image(wish.image, record.image),
        packages=wish.packages if wish.image.system == record.image.system else record.packages,
        selinux=wish.selinux if wish.image.system == record.image.system else record.selinux,
        disk_gib=max(wish.disk_gib, record.disk_gib),
        disk_datastore=record.disk_datastore,
        disk_interface=record.disk_interface,
        seed_interface=record.seed_interface,
        snippet_datastore=record.snippet_datastore,
        cicustom=record.cicustom,
        firmware=record.firmware,
        chipset=record.chipset,
        tpm=record.tpm,
        data_disks=kept_data_disks(wish, record),
        mirror=wish.mirror if wish.image.system == record.image.system else record.mirror,
        commands=record.commands,  # they ran, and cloud-init keeps the text of its first boot
        boot_commands=record.boot_commands,
        pve_pool=wish.pve_pool or record.pve_pool,  # the provider moves a VM to another pool, and never out of one
    )
    explicit = {"pve_node", "vm_id", "hostname", *_explicit(declared)}
    wishes = (*_wishes(wish, planned), *_image_wishes(wish.image, planned.image, said.release))
    every = [Change(machine=wish.name, field=field, old=old, new=new) for field, old, new in wishes if old != new]
    return Planned(
        machine=planned,
        changes=tuple(change for change in every if change.field in explicit),
        replacements=tuple(change for change in every if change.field not in explicit),
    )


def accepted(wish: Machine, waiting: Planned) -> Machine:
    """What a person accepts: all that waits, and no default that we moved: the machine may be there already, migrated by Proxmox."""
    if any(change.field in _ANOTHER_IMAGE for change in (*waiting.changes, *waiting.replacements)):
        return wish
    planned = waiting.machine
    return replace(wish, image=moved_image(planned.image, wish.image), seed_interface=planned.seed_interface)


def made_anew(machine: Machine) -> Machine:
    """A machine that is made anew hears its seed where every new machine does: the old slot may be the reason why it never answered."""
    return replace(machine, seed_interface=SEED)


def kept_interfaces(wish: Machine, record: Machine) -> tuple[Interface, ...]:
    """The NICs as the guest knows them; what the hypervisor or the stage `machines` can change on them follows the wish."""
    wanted = {nic.name: nic for nic in wish.interfaces}
    if wish.pve_node != record.pve_node:  # another PVE node may call its bridges otherwise
        wanted = {nic.name: replace(wanted[nic.name], bridge=nic.bridge, zone=nic.zone) for nic in record.interfaces if nic.name in wanted}
    fixed = _in_connections(record.interfaces) if system(record.image.system).renderer == "network-manager" else ()
    return tuple(_followed(nic, wanted[nic.name], fixed) if nic.name in wanted else nic for nic in record.interfaces)


def _followed(record: Interface, wish: Interface, fixed: tuple[str, ...]) -> Interface:
    followed = replace(record, **{field: getattr(wish, field) for field in _FOLLOWS if field not in fixed})
    # an MTU that stays needs the model that can have it
    return replace(followed, model=record.model) if followed.mtu and followed.model != "virtio" else followed


def _in_connections(nics: tuple[Interface, ...]) -> tuple[str, ...]:
    """What cloud-init wrote into NetworkManager's connections at first boot, once; for the rest there are files that we own.

    Metrics of default routes belong together: where one is in a connection, all wait.
    """
    written = any(nic.gateway or (nic.ipv6 and nic.ipv6.gateway) for nic in nics)
    return ("mtu", "routes", "metric", "default_route") if written else ("mtu", "routes")


def _explicit(declared: Declared) -> Iterator[str]:
    """The fields of NICs that the machine's own words give."""
    yield from (f"{name}.address" for name in declared.own.addresses)
    yield from (f"{name}.ipv6" for name in declared.own.ipv6_addresses)
    yield from (f"{name}.mac" for name in declared.own.macs)


def kept_data_disks(wish: Machine, record: Machine) -> tuple[DataDisk, ...]:
    """The disks that are there, grown where wished, and new ones at slots that none of them has; in the order of slots."""
    wanted = {disk.name: disk for disk in wish.data_disks}
    existing = [_grown(disk, wanted[disk.name]) if disk.name in wanted else disk for disk in record.data_disks]
    names, taken = {disk.name for disk in existing}, {disk.slot for disk in existing}
    free = (slot for slot in count(1) if slot not in taken)
    new = [replace(disk, slot=next(free)) for disk in wish.data_disks if disk.name not in names]
    return tuple(sorted((*existing, *new), key=lambda disk: disk.slot))


def _grown(record: DataDisk, wish: DataDisk) -> DataDisk:
    """Never smaller, never moved, never formatted anew; where it is mounted is the guest's affair."""
    return replace(record, size_gib=max(record.size_gib, wish.size_gib), mount=wish.mount, options=wish.options)


def _wishes(wish: Machine, planned: Machine) -> Iterator[tuple[str, str, str]]:
    """(field, planned, wished) of everything that may be held back."""
    for field in ("pve_node", "vm_id", "hostname", "disk_datastore", "disk_interface", "snippet_datastore"):
        yield field, str(getattr(planned, field)), str(getattr(wish, field))
    yield "disk", f"{planned.disk_gib}GiB", f"{wish.disk_gib}GiB"
    yield from _hardware_wishes(wish, planned)
    yield "user_data.runcmd", _lines(planned.commands), _lines(wish.commands)
    yield "user_data.bootcmd", _lines(planned.boot_commands), _lines(wish.boot_commands)
    yield "interfaces", _names(planned), _names(wish)
    before = {nic.name: nic for nic in planned.interfaces}
    for nic in wish.interfaces:
        if nic.name in before:
            yield from _interface_wishes(nic, before[nic.name])


def _hardware_wishes(wish: Machine, planned: Machine) -> Iterator[tuple[str, str, str]]:
    for field in ("firmware", "chipset", "tpm"):
        yield field, str(getattr(planned, field)).lower(), str(getattr(wish, field)).lower()
    yield "pve_pool", planned.pve_pool or NONE, wish.pve_pool or NONE
    wanted = {disk.name: disk for disk in wish.data_disks}
    for disk in planned.data_disks:
        other = wanted.get(disk.name)
        if other is None:
            yield f"data_disks.{disk.name}", f"{disk.size_gib}GiB", NONE
            continue
        yield f"data_disks.{disk.name}.size", f"{disk.size_gib}GiB", f"{other.size_gib}GiB"
        yield f"data_disks.{disk.name}.datastore", disk.datastore, other.datastore
        yield f"data_disks.{disk.name}.filesystem", disk.filesystem, other.filesystem


def _image_wishes(wish: Image, planned: Image, release: str | None) -> Iterator[tuple[str, str, str]]:
    """What the person asks for otherwise: `release` is what cluster.yaml says. Another default of Stardock's is nobody's wish."""
    origin = default_from(planned)
    moved = wish.url != planned.url and origin is not None and origin == default_from(wish) and release in {None, planned.release}
    fields = ("system", "datastore") if moved else ("system", "release", "url", "file", "checksum", "datastore")
    for field in fields if wish.system == planned.system else [field for field in fields if field != "release"]:
        yield f"image.{field}", getattr(planned, field) or NONE, getattr(wish, field) or NONE


def _interface_wishes(wish: Interface, planned: Interface) -> Iterator[tuple[str, str, str]]:
    yield f"{wish.name}.address", planned.address or DHCP, wish.address or DHCP
    if planned.address and wish.address:
        yield f"{wish.name}.prefix", str(planned.prefix), str(wish.prefix)
        yield f"{wish.name}.gateway", planned.gateway or NONE, wish.gateway or NONE
    yield f"{wish.name}.ipv6", _ipv6(planned), _ipv6(wish)
    yield f"{wish.name}.mac", planned.mac, wish.mac
    yield f"{wish.name}.model", planned.model, wish.model
    yield f"{wish.name}.mtu", str(planned.mtu or NONE), str(wish.mtu or NONE)
    yield f"{wish.name}.routes", _routes(planned), _routes(wish)
    yield f"{wish.name}.metric", str(planned.metric or NONE), str(wish.metric or NONE)


def _routes(nic: Interface) -> str:
    return ", ".join(f"{route.to} via {route.via}{f' metric {route.metric}' if route.metric else ''}" for route in nic.routes) or NONE


def _ipv6(nic: Interface) -> str:
    if nic.ipv6 is None:
        return NONE
    gateway = f" via {nic.ipv6.gateway}" if nic.ipv6.gateway else ""
    return f"{nic.ipv6.address}/{nic.ipv6.prefix}{gateway}" if nic.ipv6.mode == "static" else nic.ipv6.mode


def _names(machine: Machine) -> str:
    return ", ".join(nic.name for nic in machine.interfaces)


def _lines(commands: tuple[str, ...]) -> str:
    return " ; ".join(" ".join(command.split()) for command in commands) or NONE
