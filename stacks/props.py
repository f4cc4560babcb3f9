"""What the plan says of a machine, as the props of constructs. Imports no cdktf."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace as replaced

from pve.ha import HaProps
from pve.hardware import DataDiskProps, DeviceProps, DiskLimitsProps, DiskOptionsProps, HardwareProps, UsbProps
from pve.image import ImageProps
from pve.machine import MachineProps, NicProps, StartupProps
from pve.snippet import SnippetProps
from pve.template import Template, home_path, joined, literal, variable
from stardock.firstboot import documents
from stardock.model.file_names import Document, image_file, snippet_file
from stardock.model.labels import description, tags
from stardock.model.machine import Interface, Machine
from stardock.model.parts import PROVIDERS_LIMITS, DataDisk, Device, DiskOptions, Ha, Startup
from stardock.model.plan import PlacedImage, Plan
from stardock.spec.trunks import vlans_of
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
        pve_node=literal(placed.pve_node),
        datastore=literal(image.datastore),
        file_name=literal(image_file(cluster, image.file_name)),
        content_type=literal(system(image.system).content_type),
        url=_perhaps(image.url),
        path=None if image.file is None else _path(image.file, beside),
        checksum=_perhaps(image.checksum),
        shared=image.shared,
        overwrite=image.overwrite,
        timeout_seconds=image.timeout_seconds,
        verify=image.verify,
    )


def _path(file: str, beside: str) -> Template:
    return home_path(file) if file.startswith("~") else literal(posixpath.join(beside, file))


def _perhaps(text: str | None) -> Template | None:
    return None if text is None else literal(text)


def machine_props(cluster: str, machine: Machine, *, image: Template, replace: bool) -> MachineProps:
    """Take a machine of the plan to a VM; `image` is the volume to import."""
    texts = documents(cluster, machine)
    user = joined(*(literal(part) if mark is None else variable(mark) for part, mark in texts.user_parts()))
    return MachineProps(
        name=literal(machine.hostname),
        description=literal(description(cluster, machine)),
        tags=[literal(tag) for tag in sorted(tags(cluster, machine))],
        pve_node=literal(machine.pve_node),
        vm_id=machine.vm_id,
        hardware=hardware_props(machine),
        image=image,
        nics=[_nic(interface) for interface in machine.interfaces],
        user=_snippet(cluster, machine, "user", user),
        network=_snippet(cluster, machine, "network", literal(texts.network)),
        meta=_snippet(cluster, machine, "meta", literal(texts.meta)),
        startup=_startup(machine.started),
        pve_pool=_perhaps(machine.pve_pool),
        agent=machine.agent.enabled,
        agent_timeout_minutes=machine.agent.timeout_minutes,
        on_boot=machine.on_boot,
        stop_on_destroy=machine.stop_on_destroy,
        prevent_destroy=machine.protect and not replace,
    )


def ha_props(plan: Plan, machine: Machine) -> HaProps:
    """Take a machine to PVE's HA manager."""
    ha = machine.ha or Ha()
    return HaProps(
        vm_id=machine.vm_id,
        rule=literal(f"stardock-{plan.cluster}-{machine.name}"),
        nodes=[literal(node) for node in _ha_nodes(plan, machine)],
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
    return {f"{kind}--{node}": replaced(snippet, pve_node=literal(node)) for node in others for kind, snippet in own.items()}


def hardware_props(machine: Machine) -> HardwareProps:
    """Take what the VM is made of."""
    return HardwareProps(
        cores=machine.cores,
        sockets=machine.sockets,
        cpu_type=literal(machine.cpu_type),
        numa=machine.numa,
        memory_mib=machine.memory_mib,
        balloon_mib=machine.balloon_mib,
        hugepages=_perhaps(machine.hugepages),
        disk_gib=machine.disk_gib,
        disk_datastore=literal(machine.disk_datastore),
        disk_interface=literal(machine.disk_interface),
        disk_options=_options(machine.disk_options, machine.disk_interface),
        seed_interface=literal(machine.seed_interface),
        data_disks=[_data_disk(disk) for disk in machine.data_disks],
        devices=[_device(device, machine.chipset) for device in machine.devices],
        usb=[UsbProps(mapping=literal(usb.mapping), usb3=usb.usb3) for usb in machine.usb],
        firmware=literal(machine.firmware),
        chipset=literal(machine.chipset),
        tpm=machine.tpm,
        serial=machine.serial,
    )


def _data_disk(disk: DataDisk) -> DataDiskProps:
    options = _options(disk.options, "virtio")
    datastore = literal(disk.datastore)
    return DataDiskProps(slot=disk.slot, serial=literal(disk.name), size_gib=disk.size_gib, datastore=datastore, options=options)


def _options(options: DiskOptions, interface: str) -> DiskOptionsProps:
    return DiskOptionsProps(
        aio=literal(options.aio),
        cache=literal(options.cache),
        backup=options.backup,
        discard=options.discard,
        iothread=options.iothread,
        replicate=options.replicate,
        ssd=options.has_ssd(interface),
        limits=DiskLimitsProps(**{PROVIDERS_LIMITS[name]: value for name, value in options.limits.items()}),
    )


def _device(device: Device, chipset: str) -> DeviceProps:
    """Only q35 has PCI Express."""
    pcie = chipset == "q35" if device.pcie is None else device.pcie
    return DeviceProps(mapping=literal(device.mapping), pcie=pcie, mdev=_perhaps(device.mdev), primary_gpu=device.primary_gpu)


def _startup(startup: Startup) -> StartupProps:
    return StartupProps(order=startup.order, up_delay=startup.up_delay, down_delay=startup.down_delay)


def _nic(interface: Interface) -> NicProps:
    return NicProps(
        bridge=literal(interface.bridge),
        model=literal(interface.model),
        mac=literal(interface.mac),
        vlan=interface.vlan,
        trunks=vlans_of(interface.trunks),
        mtu=interface.mtu,
        firewall=interface.firewall,
    )


def _snippet(cluster: str, machine: Machine, kind: Document, content: Template) -> SnippetProps:
    return SnippetProps(
        pve_node=literal(machine.pve_node),
        datastore=literal(machine.snippet_datastore),
        file_name=literal(snippet_file(cluster, machine.name, kind)),
        content=content,
    )
