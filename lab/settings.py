"""What a lab is made from: plain data that the command line derives from a plan. The lab itself knows no plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Nodes = Literal["real", "emulated"]


@dataclass(frozen=True, slots=True)
class Network:
    """An L2 segment: PVE bridge, VLAN, and the addresses (CIDR) that the lab's router has there. DHCP serves `dhcp_range` when given.

    The router advertises `advertised`, an IPv6 network of prefix 64, when given; with `dhcp_v6` it also gives addresses of it.
    """

    bridge: str
    gateway: str  # e.g. 192.168.1.1/24
    vlan: int | None = None
    dhcp_range: tuple[str, str] | None = None
    gateways_v6: tuple[str, ...] = ()
    advertised: str | None = None
    dhcp_v6: bool = False


@dataclass(frozen=True, slots=True)
class PveNode:
    """An emulated Proxmox host. `address` is loopback inside the lab's own network namespace; its sshd listens there on port 22."""

    name: str
    address: str
    storages: dict[str, str] = field(default_factory=lambda: {"local": "dir", "local-lvm": "lvmthin"})  # id -> type


@dataclass(frozen=True, slots=True)
class LabSettings:
    """One lab. `directory` holds everything that it writes (build/lab/<name>/lab); `machines` 'none' keeps power flags only.

    `vms` are machines that run in QEMU, by name, each with the file name of its image; `up` finds what the lab has for them.
    """

    name: str
    directory: str
    pve_nodes: tuple[PveNode, ...]
    networks: tuple[Network, ...]
    machines: Literal["nspawn", "none"] = "nspawn"
    endpoint: str = "https://127.0.0.1:8006"
    ssh_user: str = "root"
    pools: tuple[str, ...] = ()  # of PVE, which the administrator made
    vms: dict[str, str] = field(default_factory=dict)
    vm_images: dict[str, str] = field(default_factory=dict)  # what was built for them: key of the image -> file
    vm_tools: str = ""  # a drive with the stand-in's programs
    nodes: Nodes = "emulated"  # whether machines get what makes a real node: kubelet, containerd, images
    usb: tuple[str, ...] = ()  # the same of USB, one on each PVE node
    devices: tuple[str, ...] = ()  # resource mappings, each of a device that every PVE node has plenty of
