"""What haproxy and keepalived must be told: on load balancers, or keepalived alone on servers that carry the VIP themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stardock.bundle.mesh import inside
from stardock.distributions import distribution
from stardock.model.api import Backend, Check, is_address, written_time
from stardock.model.host import Host, Member
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.model.settings import LoadBalancing
from stardock.systems import system

Variables = dict[str, Any]

#: VRRP priority of the first machine; each further one is one less.
_FIRST_PRIORITY = 150
#: Prefix of a VIP on an interface whose subnet nobody knows (DHCP): the address alone. keepalived adds it, the interface's own route stays.
_ALONE = 32


def shared_variables(plan: Plan, addresses: Mapping[str, str]) -> dict[str, Variables]:
    """The same on all that carry the VIP, as a file of their group; none where nobody does, or kube-vip."""
    balancing = plan.load_balancing
    if balancing is None or balancing.by != "keepalived":
        return {}
    haproxy = _haproxy(plan, balancing, addresses) if balancing.role == "loadbalancer" else {"keepalived_asks": "api"}
    return {f"group_vars/{balancing.role}.yml": {**haproxy, **_keepalived(balancing)}}


def own_variables(plan: Plan, machine: Machine, addresses: Mapping[str, str]) -> Variables:
    """What each has for itself; nothing for one that does not carry the VIP by keepalived."""
    if machine not in plan.carriers or plan.load_balancing is None or plan.load_balancing.by != "keepalived":
        return {}
    every = [carrier.name for carrier in plan.carriers]
    theirs = {carrier.name: plan.load_balancing.carrying(carrier).address or addresses[carrier.name] for carrier in plan.carriers}
    others = [name for name in every if name != machine.name]
    nic = plan.load_balancing.carrying(machine)
    confined = system(machine.image.system).policy is not None
    balances = {"haproxy_peers": [{"name": name, "address": theirs[name]} for name in others], "haproxy_selinux": confined}
    return {
        "keepalived_interface": nic.name,
        "keepalived_vip_prefix": nic.prefix or _ALONE,
        "keepalived_address": theirs[machine.name],
        "keepalived_peers": [theirs[name] for name in others],
        "keepalived_priority": _priority(plan, machine.name, every),
        "keepalived_selinux": confined,
        **(balances if machine.role == "loadbalancer" else {}),
    }


def _haproxy(plan: Plan, balancing: LoadBalancing, addresses: Mapping[str, str]) -> Variables:
    wanted, kubernetes = balancing.haproxy, distribution(plan.distribution.name)
    known = inside(plan, addresses)
    servers = [(one.name, _named(one) if wanted.by_name else known[one.name]) for one in plan.members_of("server")]
    return {
        "haproxy_servers": [*({"name": name, "address": address} for name, address in servers), *map(_backend, wanted.backends)],
        "haproxy_resolves": wanted.by_name or not all(is_address(one.address) for one in wanted.backends),
        "haproxy_api_port": balancing.api_port,
        "haproxy_api_ports": _listened(balancing.api_port, kubernetes.api_port),
        "haproxy_supervisor_port": balancing.supervisor_port,
        "haproxy_supervisor_ports": _listened(balancing.supervisor_port, kubernetes.supervisor_port),
        "haproxy_ipv6": balancing.vip_ipv6 is not None,
        "haproxy_balance": wanted.balance,
        "haproxy_check": _check(wanted.check),
    }


def _named(server: Member) -> str:
    """A machine by its name; of a host, whose Node's name need be nobody's in DNS, the address."""
    return server.address if isinstance(server, Host) else server.hostname


def _listened(wished: int, servers: int) -> list[int]:
    """The port that is wished; and the servers' own: who asked there before another one was wished goes on to, until told otherwise.

    Agents of a distribution with two ports ask there whatever they were told: the API at the address where they joined and the servers'
    port, and other servers for the supervisor at the port where they joined (k3s, pkg/agent/proxy/apiproxy.go: `SetAPIServerPort`,
    `setSupervisorPort`), so that they must join at the servers' own.
    """
    return list(dict.fromkeys((wished, servers)))


def _backend(one: Backend) -> Variables:
    """One that was written by hand. haproxy takes the last colon for that of the port: brackets keep an IPv6 address whole."""
    ports = {"api_port": one.api_port, "supervisor_port": one.supervisor_port}
    address = f"[{one.address}]" if ":" in one.address else one.address
    return {"name": one.name, "address": address, **{key: port for key, port in ports.items() if port}}


def _check(wanted: Check) -> Variables:
    return {
        "interval": written_time(wanted.interval_ms),
        "fast": written_time(wanted.fast_ms),
        "down": written_time(wanted.down_ms),
        "rise": wanted.rise,
        "fall": wanted.fall,
    }


def _keepalived(balancing: LoadBalancing) -> Variables:
    ipv6 = {"keepalived_vip_ipv6": balancing.vip_ipv6} if balancing.vip_ipv6 else {}
    return {
        "keepalived_vip": balancing.vip,
        **ipv6,
        "keepalived_vrid": balancing.vrid,
        "keepalived_port": balancing.api_port,
        "keepalived_multicast": balancing.keepalived.multicast,
        "keepalived_interval": balancing.keepalived.advert_ms / 1000,
    }


def _priority(plan: Plan, name: str, every: list[str]) -> int:
    """As written; else 150 for the first, one less for each further one, passing over what was written for another."""
    written = plan.load_balancing.keepalived.priorities if plan.load_balancing else {}
    left = (number for number in range(_FIRST_PRIORITY, 0, -1) if number not in written.values())
    return {**{one: next(left) for one in every if one not in written}, **written}[name]
