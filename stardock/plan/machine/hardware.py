"""What a machine is made of: its own words, else its pool's, else the defaults (those of `stardock.model.machine.Machine`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stardock.model.machine import start_order
from stardock.model.parts import Agent, DataDisk, Device, DiskOptions, Ha, Startup, Usb
from stardock.model.settings import PveNode
from stardock.plan.allocation.declared import Declared

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec import disks, hardware

#: Keys whose value is the same in cluster.yaml and in the plan.
_PLAIN = ("sockets", "numa", "hugepages", "firmware", "chipset", "tpm", "pve_pool", "description", "serial", "stop_on_destroy", "on_boot")


def said(declared: Declared, key: str) -> Any:
    """What cluster.yaml says of a machine under a key of `stardock.spec.hardware`; None when neither it nor its pool says anything."""
    own = getattr(declared.own, key)
    return own if own is not None else getattr(declared.pool, key)


def hardware_of(declared: Declared, node: PveNode, nodes: Sequence[str]) -> dict[str, Any]:
    """The fields of a machine's `Machine`, as cluster.yaml words them; `nodes` are the PVE nodes that may carry it.

    Data disks are in declared order, from slot 1.
    """
    chosen = {key: value for key in _PLAIN if (value := said(declared, key)) is not None}
    datastore = disk_datastore(declared, node)
    return {
        **chosen,
        "balloon_mib": said(declared, "balloon") or 0,
        "disk_options": _disk_options(said(declared, "disk_options")),
        "data_disks": tuple(_data_disk(disk, slot, datastore) for slot, disk in enumerate(said(declared, "data_disks") or (), 1)),
        "devices": tuple(_device(device) for device in said(declared, "devices") or ()),
        "usb": tuple(Usb(mapping=usb.mapping, usb3=usb.usb3) for usb in said(declared, "usb") or ()),
        "startup": _startup(said(declared, "startup"), start_order(declared.role)),
        "agent": _agent(said(declared, "agent")),
        "ha": _ha(said(declared, "ha"), nodes),
    }


def disk_datastore(declared: Declared, node: PveNode) -> str:
    """Where the first disk lies, and the other ones that name no datastore."""
    datastore: str | None = said(declared, "disk_datastore")
    return datastore or node.disks


def _data_disk(disk: hardware.DataDisk, slot: int, datastore: str) -> DataDisk:
    return DataDisk(
        name=disk.name,
        size_gib=disk.size,
        datastore=disk.datastore or datastore,
        slot=slot,
        mount=disk.mount,
        filesystem=disk.filesystem,
        options=_disk_options(disk),
    )


def _disk_options(flags: disks.DiskFlags | None) -> DiskOptions:
    if flags is None:
        return DiskOptions()
    return DiskOptions(
        aio=flags.aio,
        backup=flags.backup,
        cache=flags.cache,
        discard=flags.discard,
        iothread=flags.iothread,
        replicate=flags.replicate,
        ssd=flags.ssd,
        limits=flags.limits.model_dump(exclude_none=True),
    )


def _device(device: hardware.Device) -> Device:
    return Device(mapping=device.mapping, pcie=device.pcie, mdev=device.mdev, primary_gpu=device.primary_gpu)


def _startup(startup: hardware.Startup | None, order: int) -> Startup:
    """By role, unless another order is said."""
    if startup is None:
        return Startup(order=order)
    return Startup(order=order if startup.order is None else startup.order, up_delay=startup.up_delay, down_delay=startup.down_delay)


def _agent(agent: hardware.Agent | None) -> Agent:
    return Agent(enabled=agent.enabled, timeout_minutes=agent.timeout) if agent else Agent()


def _ha(ha: hardware.Ha | None, nodes: Sequence[str]) -> Ha | None:
    if ha is None or not ha.enabled:
        return None
    return Ha(max_restart=ha.max_restart, max_relocate=ha.max_relocate, nodes=tuple(nodes))
