"""The lab's own network namespace: a bridge for each (PVE bridge, VLAN), the router's addresses, DHCP and DNS.

Everything here runs inside of that namespace; nothing of it can be reached from, or reach, the machine's own network.
"""

from __future__ import annotations

import hashlib
import ipaddress
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from lab.commands import run
from lab.errors import LabError
from lab.machines.hypervisor import Nic
from lab.network.relay_address import RELAY_ADDRESS
from lab.settings import LabSettings, Network

_NAME_LENGTH = 15  # IFNAMSIZ without its final zero byte


def bridge_name(bridge: str, vlan: int | None) -> str:
    """The Linux bridge that stands for a PVE bridge and VLAN: `vmbr0`, `vmbr0.20`; a hash where that would be too long."""
    name = bridge if vlan is None else f"{bridge}.{vlan}"
    return name if len(name) <= _NAME_LENGTH else "br" + hashlib.sha256(name.encode()).hexdigest()[:10]


def build(networks: Iterable[Network]) -> None:
    """Brings up loopback, the relay's address, the bridges with the router's addresses, and routing between them."""
    batch(["link set lo up", f"address add {RELAY_ADDRESS}/32 dev lo"])
    for network in networks:
        ensure_bridge(network.bridge, network.vlan)
        bridge = bridge_name(network.bridge, network.vlan)
        batch([f"address replace {network.gateway} dev {bridge}"])
        batch(f"address replace {gateway} dev {bridge} nodad" for gateway in network.gateways_v6)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    Path("/proc/sys/net/ipv6/conf/all/forwarding").write_text("1")


def ensure_bridge(bridge: str, vlan: int | None) -> str:
    """Makes the bridge unless it is there (a VM may name one that no network of the lab describes) and gives its name."""
    name = bridge_name(bridge, vlan)
    if not Path(f"/proc/sys/net/ipv4/conf/{name}").exists():
        batch([f"link add {name} type bridge forward_delay 0 stp_state 0 mcast_snooping 0", f"link set {name} up"])
    return name


def attach(vm_id: int, nic: Nic, pid: int) -> None:
    """Gives the namespace of process `pid` a NIC as PVE's guest would see it, plugged into its bridge. Gone when that namespace is."""
    bridge = ensure_bridge(nic.bridge, nic.vlan)
    near = _near(vm_id, nic)
    take_away(near)
    batch([
        f"link add name {near} type veth peer name ens{18 + nic.index} address {nic.mac.lower()} netns {pid}",
        f"link set {near} master {bridge} up",
    ])  # fmt: skip


def detach(vm_id: int, nic: Nic) -> None:
    """Takes that NIC away again, whoever has it: nothing that its owner still sends arrives."""
    take_away(_near(vm_id, nic))


def _near(vm_id: int, nic: Nic) -> str:
    """The bridge's side of a NIC."""
    return f"v{vm_id}n{nic.index}"


def attach_tap(nic: Nic, name: str, *, multi_queue: bool) -> None:
    """The host's side of a VM's NIC, plugged into its bridge, for QEMU to open. Stays until it is taken away."""
    bridge = ensure_bridge(nic.bridge, nic.vlan)
    take_away(name)
    run(["ip", "tuntap", "add", "dev", name, "mode", "tap", *(["multi_queue"] if multi_queue else [])])
    batch([f"link set {name} master {bridge} up"])


def take_away(near: str) -> None:
    """A NIC of the last boot: the kernel ends a namespace some time after its last process, and its NICs with it."""
    if Path(f"/proc/sys/net/ipv4/conf/{near}").exists():
        with suppress(LabError):  # meanwhile it is gone
            batch([f"link delete {near}"])


def batch(lines: Iterable[str]) -> None:
    """Several `ip` commands in one process."""
    run(["ip", "-batch", "-"], stdin="\n".join(lines) + "\n")


def dhcp_server(settings: LabSettings) -> list[str]:
    """The command line of dnsmasq: leases by MAC, so that a rebuilt VM gets its address again; DNS that knows no world outside.

    Of a name that it does not know it says so, as name servers do (`--local=/#/`); it would else refuse to answer, and who looks
    further in other domains after that (`dig +search`) would not.
    """
    directory = Path(settings.directory)
    argv = [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root",
        "--no-resolv", "--no-hosts", "--local=/#/",
        "--bind-interfaces", "--except-interface=lo", "--dhcp-authoritative", "--dhcp-ignore-clid", "--log-dhcp",
        f"--dhcp-leasefile={directory / 'dnsmasq.leases'}", f"--log-facility={directory / 'log/dnsmasq.log'}",
    ]  # fmt: skip
    names = sorted({bridge_name(network.bridge, network.vlan) for network in settings.networks})
    return [*argv, *(f"--interface={name}" for name in names), *_ranges(settings.networks), *_ranges_v6(settings.networks)]


def _ranges(networks: Iterable[Network]) -> list[str]:
    return [
        f"--dhcp-range={network.dhcp_range[0]},{network.dhcp_range[1]},{ipaddress.ip_interface(network.gateway).netmask},1h"
        for network in networks
        if network.dhcp_range
    ]


def _ranges_v6(networks: Iterable[Network]) -> Iterator[str]:
    """Router advertisements, alone or with DHCPv6; soon after each other, since a machine's question may come before its answerer."""
    advertising = [network for network in networks if network.advertised]
    yield from ("--enable-ra" for _ in advertising[:1])
    for network in advertising:
        subnet = ipaddress.IPv6Network(network.advertised or "")
        leases = f"{subnet[0x1000]},{subnet[0x1FFF]},64,1h" if network.dhcp_v6 else f"{subnet[0]},ra-only"
        yield f"--ra-param={bridge_name(network.bridge, network.vlan)},10"
        yield f"--dhcp-range={leases}"


def start_dhcp(settings: LabSettings) -> subprocess.Popen[bytes] | None:
    """DHCP and DNS for the lab's networks; None when it has none."""
    return subprocess.Popen(dhcp_server(settings), stdin=subprocess.DEVNULL) if settings.networks else None
