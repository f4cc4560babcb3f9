"""What a lab must be like so that a plan's machines feel at home: its PVE nodes, bridges, VLANs, routers, DHCP. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

from lab.command.copy import ENDPOINT, node_address
from lab.command.ipv6 import RoutedV6, routed_v6
from lab.errors import LabError
from lab.settings import LabSettings, Network, Nodes, PveNode
from stardock.model.machine import Interface
from stardock.model.plan import Plan
from stardock.model.settings import PveNode as PlannedNode

_DHCP_ADDRESSES = 50
Segment = tuple[str, int | None]  # bridge, VLAN


def lab_settings(plan: Plan, directory: Path, vms: Sequence[str] = (), kind: Nodes = "emulated") -> LabSettings:
    """The settings of a lab in `directory` for this plan. `vms` are names of machines, `kind` is that of all nodes.

    Raises LabError for a machine that there is not.
    """
    planned = enumerate(plan.proxmox.nodes, 1)
    nodes = tuple(PveNode(node.name, node.address or node_address(number), _storages(plan, node)) for number, node in planned)
    networks = tuple(network for number, segment in enumerate(_segments(plan)) for network in _networks(plan, segment, number))
    return LabSettings(
        plan.cluster,
        str(directory),
        nodes,
        networks,
        endpoint=ENDPOINT,
        ssh_user=plan.proxmox.ssh_user,
        vms=_vms(plan, vms),
        nodes=kind,
        pools=tuple(sorted({machine.pve_pool for machine in plan.machines if machine.pve_pool})),
        devices=tuple(sorted({device.mapping for machine in plan.machines for device in machine.devices})),
        usb=tuple(sorted({usb.mapping for machine in plan.machines for usb in machine.usb})),
    )


def _vms(plan: Plan, names: Sequence[str]) -> dict[str, str]:
    images = {machine.name: machine.image.file_name for machine in plan.machines}
    if unknown := [name for name in names if name not in images]:
        raise LabError(f"--vm: the plan has no machine {', '.join(unknown)}", f"it has {', '.join(images)}")
    return {name: images[name] for name in names}


def _storages(plan: Plan, node: PlannedNode) -> dict[str, str]:
    """Id -> type. A datastore for files is a folder, also when it holds disks too; a shared one is what PVE has for that.

    What HA may bring to the PVE node has its datastores there.
    """
    own = [machine for machine in plan.machines if node.name in {machine.pve_node, *(machine.ha.nodes if machine.ha else ())}]
    blocks = [node.disks, *(machine.disk_datastore for machine in own), *(disk.datastore for machine in own for disk in machine.data_disks)]
    files = [node.images, node.snippets, *(machine.image.datastore for machine in own)]
    shared = plan.proxmox.shared
    return {name: "rbd" if name in shared else "lvmthin" for name in blocks} | {name: "nfs" if name in shared else "dir" for name in files}


def _segments(plan: Plan) -> list[Segment]:
    return list(dict.fromkeys((nic.bridge, nic.vlan) for machine in plan.machines for nic in machine.interfaces))


def _networks(plan: Plan, segment: Segment, number: int) -> Iterator[Network]:
    """A network for each subnet on a bridge and VLAN; the first has DHCP when a machine there asks for it."""
    members = [nic for machine in plan.machines for nic in machine.interfaces if (nic.bridge, nic.vlan) == segment]
    taken = _taken(plan, members)
    subnets = list(dict.fromkeys(_subnet(nic) for nic in members if nic.address))
    dynamic = any(nic.address is None for nic in members)
    if dynamic and not subnets:
        subnets = [_dynamic_subnet(plan, number)]
    for index, subnet in enumerate(subnets):
        router = _router(subnet, members, taken)
        span = _free_range(subnet, taken | {router}) if dynamic and index == 0 else None
        ipv6 = routed_v6(members, number) if index == 0 else RoutedV6()
        yield Network(segment[0], f"{router}/{subnet.prefixlen}", segment[1], span, ipv6.gateways, ipv6.advertised, ipv6.dhcp)


def _subnet(nic: Interface) -> IPv4Network:
    return IPv4Interface(f"{nic.address}/{nic.prefix}").network


def _dynamic_subnet(plan: Plan, number: int) -> IPv4Network:
    """Where only DHCP gives addresses, the lab chooses: around the VIP, which must be reachable there."""
    if plan.load_balancing is not None and number == 0:
        return IPv4Interface(f"{plan.load_balancing.vip}/24").network
    return IPv4Network(f"10.77.{number}.0/24")


def _taken(plan: Plan, members: list[Interface]) -> set[IPv4Address]:
    vips = {IPv4Address(plan.load_balancing.vip)} if plan.load_balancing else set()
    return vips | {IPv4Address(nic.address) for nic in members if nic.address}


def _router(subnet: IPv4Network, members: list[Interface], taken: set[IPv4Address]) -> IPv4Address:
    """The gateway that machines name; a free address where none does: the lab itself must reach them too."""
    named = [IPv4Address(nic.gateway) for nic in members if nic.gateway and nic.address and _subnet(nic) == subnet]
    return named[0] if named else next(address for address in subnet.hosts() if address not in taken)


def _free_range(subnet: IPv4Network, taken: set[IPv4Address]) -> tuple[str, str]:
    """The highest free addresses in a row, at most fifty."""
    last = first = next(address for address in reversed(list(subnet.hosts())) if address not in taken)
    while first - 1 in subnet and first - 1 not in taken | {subnet.network_address} and int(last) - int(first) < _DHCP_ADDRESSES - 1:
        first -= 1
    return str(first), str(last)
