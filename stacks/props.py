"""What the plan says of a machine, as the props of constructs. Imports no cdktf."""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import replace as replaced

from pve.ha import HaProps
from pve.hardware import DataDiskProps, DeviceProps, HardwareProps
from pve.image import ImageProps
from pve.machine import MachineProps, NicProps, StartupProps
from pve.snippet import SnippetProps
from stardock.firstboot import documents
from stardock.firstboot.text import template
from stardock.plan.file_names import Document, image_file, snippet_file
from stardock.plan.labels import description, tags
from stardock.plan.model import ROLES, Interface, Machine, PlacedImage, Plan
from stardock.plan.parts import DataDisk, Device, Ha, Startup
from stardock.systems import system

#: The datastore that a PVE node has from the start, and that goes without saying in names.
USUAL_DATASTORE = "local"


def image_id(placed: PlacedImage) -> str:
    """Name an image for Terraform: where it lies, and its file; so that it depends on no order and on no machine."""
    image = placed.image
    place = ("shared",) if image.shared else (placed.pve_node,)
    store = () if image.datastore == USUAL_DATASTORE else (image.datastore,)
    return "-".join(("image", *place, *store, re.sub("[^A-Za-z0-9_-]", "-", image.file_name)))


def image_props(cluster: str, placed: PlacedImage, *, beside: str) -> ImageProps:
    """Take an image to its datastore, under a name of this cluster's: clusters that share a PVE node share no file.

    `beside` leads from the engine's folder to cluster.yaml's, where a file to upload is found.
    """
    image = placed.image
    return ImageProps(
        pve_node=placed.pve_node,
        datastore=image.datastore,
        file_name=image_file(cluster, image.file_name),
        content_type=system(image.system).content_type,
        url=image.url,
        path=None if image.file is None else _path(image.file, beside),
        checksum=image.checksum,
        shared=image.shared,
        overwrite=image.overwrite,
        timeout_seconds=image.timeout_seconds,
        verify=image.verify,
    )


def _path(file: str, beside: str) -> str:
    """A path for the engine, which finds the home directory itself: the JSON is the same for everyone."""
    return f"${{pathexpand({json.dumps(file)})}}" if file.startswith("~") else posixpath.join(beside, file)


def machine_props(cluster: str, machine: Machine, *, image: str, replace: bool) -> MachineProps:
    """Take a machine of the plan to a VM; `image` is the volume to import."""
    texts = documents(cluster, machine)
    return MachineProps(
        name=machine.hostname,
        description=template(description(cluster, machine), ()),
        tags=sorted(tags(cluster, machine)),
        pve_node=machine.pve_node,
        vm_id=machine.vm_id,
        hardware=hardware_props(machine),
        image=image,
        nics=[_nic(interface) for interface in machine.interfaces],
        user=_snippet(cluster, machine, "user", texts.user),
        network=_snippet(cluster, machine, "network", texts.network),
        meta=_snippet(cluster, machine, "meta", texts.meta),
        startup=_startup(machine),
        pve_pool=machine.pve_pool,
        agent=machine.agent.enabled,
        agent_timeout=f"{machine.agent.timeout_minutes}m",
        on_boot=machine.on_boot,
        stop_on_destroy=machine.stop_on_destroy,
        prevent_destroy=machine.protect and not replace,
    )


def ha_props(plan: Plan, machine: Machine) -> HaProps:
    """Take a machine to PVE's HA manager."""
    ha = machine.ha or Ha()
    return HaProps(
        vm_id=machine.vm_id,
        rule=f"stardock-{plan.cluster}-{machine.name}",
        nodes=_ha_nodes(plan, machine),
        max_restart=ha.max_restart,
        max_relocate=ha.max_relocate,
    )


def _ha_nodes(plan: Plan, machine: Machine) -> list[str]:
    """Where the machine may be moved to, of the PVE nodes that there are; where it is, in any case."""
    known = {node.name for node in plan.proxmox.nodes}
    nodes = machine.ha.nodes if machine.ha else ()
    return [node for node in dict.fromkeys((machine.pve_node, *nodes)) if node in known]


def snippet_copies(plan: Plan, machine: Machine, props: MachineProps) -> dict[str, SnippetProps]:
    """List the snippets that PVE would look for on the other nodes, by the end of their Terraform name; none on a shared datastore."""
    if machine.snippet_datastore in plan.proxmox.shared:
        return {}
    others = [node for node in _ha_nodes(plan, machine) if node != machine.pve_node]
    own = {"user": props.user, "network": props.network, "meta": props.meta}
    return {f"{kind}--{node}": replaced(snippet, pve_node=node) for node in others for kind, snippet in own.items()}


def hardware_props(machine: Machine) -> HardwareProps:
    """Take what the VM is made of."""
    return HardwareProps(
        cores=machine.cores,
        sockets=machine.sockets,
        cpu_type=machine.cpu_type,
        numa=machine.numa,
        memory_mib=machine.memory_mib,
        balloon_mib=machine.balloon_mib,
        hugepages=machine.hugepages,
        disk_gib=machine.disk_gib,
        disk_datastore=machine.disk_datastore,
        disk_interface=machine.disk_interface,
        seed_interface=machine.seed_interface,
        data_disks=[_data_disk(disk) for disk in machine.data_disks],
        devices=[_device(device, machine.chipset) for device in machine.devices],
        firmware=machine.firmware,
        chipset=machine.chipset,
        tpm=machine.tpm,
        serial=machine.serial,
    )


def _data_disk(disk: DataDisk) -> DataDiskProps:
    return DataDiskProps(slot=disk.slot, serial=disk.name, size_gib=disk.size_gib, datastore=disk.datastore)


def _device(device: Device, chipset: str) -> DeviceProps:
    """Only q35 has PCI Express."""
    pcie = chipset == "q35" if device.pcie is None else device.pcie
    return DeviceProps(mapping=device.mapping, pcie=pcie, mdev=device.mdev, primary_gpu=device.primary_gpu)


def _startup(machine: Machine) -> StartupProps:
    """By role where the record of an older lock has no order."""
    startup = machine.startup or Startup(order=ROLES.index(machine.role) + 1)
    return StartupProps(order=startup.order, up_delay=startup.up_delay, down_delay=startup.down_delay)


def _nic(interface: Interface) -> NicProps:
    return NicProps(
        bridge=interface.bridge,
        model=interface.model,
        mac=interface.mac,
        vlan=interface.vlan,
        mtu=interface.mtu,
        firewall=interface.firewall,
    )


def _snippet(cluster: str, machine: Machine, kind: Document, content: str) -> SnippetProps:
    file_name = snippet_file(cluster, machine.name, kind)
    return SnippetProps(pve_node=machine.pve_node, datastore=machine.snippet_datastore, file_name=file_name, content=content)
