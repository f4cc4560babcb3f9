"""What the plan says of a machine, as the props of constructs. Imports no cdktf."""

from __future__ import annotations

import re

from pve.image import ImageProps
from pve.machine import MachineProps, NicProps
from pve.snippet import SnippetProps
from stardock.firstboot import documents
from stardock.plan.model import ROLES, Interface, Machine


def image_id(machine: Machine) -> str:
    """Name a machine's image for Terraform: PVE node and file, so that it depends on no order and on no other machine."""
    return f"image-{machine.pve_node}-{re.sub('[^A-Za-z0-9_-]', '-', machine.image.file_name)}"


def image_props(cluster: str, machine: Machine) -> ImageProps:
    """Take a machine's image to its PVE node, under a name of this cluster's: clusters that share a PVE node share no file."""
    image = machine.image
    return ImageProps(
        pve_node=machine.pve_node,
        datastore=image.datastore,
        file_name=f"{cluster}-{image.file_name}",
        url=image.url,
        checksum=image.checksum,
    )


def machine_props(cluster: str, machine: Machine, *, image: str, replace: bool) -> MachineProps:
    """Take a machine of the plan to a VM; `image` is the volume to import."""
    texts = documents(cluster, machine)
    return MachineProps(
        name=machine.hostname,
        description=f"{machine.role} of the cluster {cluster}, made by Stardock",
        tags=sorted({"stardock", cluster, machine.role, *machine.tags}),
        pve_node=machine.pve_node,
        vm_id=machine.vm_id,
        cores=machine.cores,
        cpu_type=machine.cpu_type,
        memory_mib=machine.memory_mib,
        disk_gib=machine.disk_gib,
        disk_datastore=machine.disk_datastore,
        disk_interface=machine.disk_interface,
        image=image,
        nics=[_nic(interface) for interface in machine.interfaces],
        user=_snippet(cluster, machine, "user", texts.user),
        network=_snippet(cluster, machine, "network", texts.network),
        meta=_snippet(cluster, machine, "meta", texts.meta),
        startup_order=ROLES.index(machine.role) + 1,
        prevent_destroy=machine.protect and not replace,
    )


def _nic(interface: Interface) -> NicProps:
    return NicProps(bridge=interface.bridge, model=interface.model, mac=interface.mac, vlan=interface.vlan)


def _snippet(cluster: str, machine: Machine, kind: str, content: str) -> SnippetProps:
    file_name = f"{cluster}-{machine.name}-{kind}.yaml"
    return SnippetProps(pve_node=machine.pve_node, datastore=machine.snippet_datastore, file_name=file_name, content=content)
