"""What must fit together between the keys of cluster.yaml, as far as it can be told before anything is allocated.

Rules about allocated values (ranges that meet, equal addresses, VIP inside a range) are `stardock.plan.rules.allocated`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from stardock.distributions import distribution
from stardock.distributions.fault import Fault
from stardock.distributions.option_rules import option_faults
from stardock.errors import Problem
from stardock.spec.cluster import Keys, Spec
from stardock.spec.derived import derived_options
from stardock.spec.places import at
from stardock.spec.rules.addons import addon_rules
from stardock.spec.rules.addresses import address_rules, vip_rules
from stardock.spec.rules.api import api_rules
from stardock.spec.rules.api_server import api_server_rules
from stardock.spec.rules.cluster_networks import cluster_network_rules
from stardock.spec.rules.cni import cni_rules
from stardock.spec.rules.derived import options_are_told_once
from stardock.spec.rules.hosts import host_rules
from stardock.spec.rules.mesh import mesh_rules
from stardock.spec.rules.nodes import node_rules
from stardock.spec.rules.own_options import own_options_fit
from stardock.spec.rules.routing import routing_rules
from stardock.spec.rules.selinux import selinux_rules
from stardock.spec.rules.state import state_has_a_place, state_settings
from stardock.spec.rules.systems import system_rules

SSH_PORT = 22

Rule = Callable[[Spec], Iterator[Problem]]


def one_name_each(spec: Spec) -> Iterator[Problem]:
    """Names tell machines, pools, PVE nodes, users and interfaces apart."""
    hosts = [(host.name, ("hosts", h, "name")) for h, host in enumerate(spec.hosts)]
    yield from _twice(spec, "machines", [*((machine.name, keys) for keys, _, machine in spec.members()), *hosts])
    yield from _twice(spec, "pools", ((pool.name, ("pools", p, "name")) for p, pool in enumerate(spec.pools)))
    yield from _twice(spec, "PVE nodes", ((node.name, ("proxmox", "nodes", n)) for n, node in enumerate(spec.proxmox.nodes)))
    yield from _twice(spec, "users", ((user.name, ("cloud_init", "users", u, "name")) for u, user in enumerate(spec.cloud_init.users)))
    for keys, interfaces in spec.interface_lists():
        yield from _twice(spec, "interfaces of one machine", ((nic.name, (*keys, i)) for i, nic in enumerate(interfaces)))


def one_host_name_each(spec: Spec) -> Iterator[Problem]:
    """A host name is also the name of the Kubernetes node; one that was written may be another machine's name."""
    named: list[tuple[str, str | None, Keys]] = [(machine.name, machine.hostname, keys) for keys, _, machine in spec.members()]
    named += [(host.name, host.hostname, ("hosts", h)) for h, host in enumerate(spec.hosts)]
    written = {hostname for name, hostname, _ in named if hostname not in {None, name}}
    names = ((hostname or name, keys) for name, hostname, keys in named)
    yield from _twice(spec, "machines' host names", (one for one in names if one[0] in written))


def _twice(spec: Spec, what: str, names: Iterable[tuple[str | int, Keys]]) -> Iterator[Problem]:
    first: dict[str | int, int | None] = {}
    for name, keys in names:
        line = spec.line_of(*keys)
        if name in first:
            where = f" (the other: line {first[name]})" if first[name] not in {None, line} else ""
            yield at(spec, keys, f"two {what} are named `{name}`{where}", "give one of them another name")
        else:
            first[name] = line


def one_vm_id_each(spec: Spec) -> Iterator[Problem]:
    """VM ids that were written out."""
    first: dict[int, str] = {}
    for keys, _, machine in spec.members():
        if machine.vm_id is None:
            continue
        if machine.vm_id in first:
            message = f"VM id {machine.vm_id} is given to `{first[machine.vm_id]}` already"
            yield at(spec, (*keys, "vm_id"), message, "write another id, or none to get the next free one")
        first.setdefault(machine.vm_id, machine.name)


def known_pve_nodes(spec: Spec) -> Iterator[Problem]:
    """Pools and machines name PVE nodes of `proxmox.nodes`."""
    known = [node.name for node in spec.proxmox.nodes]
    named = [(name, ("pools", p, "nodes", n)) for p, pool in enumerate(spec.pools) for n, name in enumerate(pool.nodes or ())]
    pinned = [(machine.pve_node, (*keys, "pve_node")) for keys, _, machine in spec.members() if machine.pve_node]
    own = [(name, (*keys, "nodes", n)) for keys, _, machine in spec.members() for n, name in enumerate(machine.nodes or ())]
    for name, keys in [*named, *pinned, *own]:
        if name not in known:
            yield at(spec, keys, f"unknown PVE node `{name}`", f"write one of {', '.join(known)}, or add it to proxmox.nodes")


def ports_have_an_address(spec: Spec) -> Iterator[Problem]:
    """The provider takes a port of SSH only beside an address (0.111.1)."""
    for n, node in enumerate(spec.proxmox.nodes):
        if node.ssh_port != SSH_PORT and node.address is None:
            message = f"port {node.ssh_port} of {node.name} needs the address that it belongs to"
            yield at(spec, ("proxmox", "nodes", n, "ssh_port"), message, "add `address: ...` beside it")


def one_sshd_each(spec: Spec) -> Iterator[Problem]:
    """Address and port of SSH are one PVE node's: snippets for the other would be written there."""
    first: dict[tuple[str, int], str] = {}
    for n, node in enumerate(spec.proxmox.nodes):
        if node.address is None:
            continue
        owner = first.setdefault((node.address.lower(), node.ssh_port), node.name)
        if owner != node.name:
            message = f"{node.name} has address {node.address} and port {node.ssh_port}, which {owner} has already"
            yield at(
                spec, ("proxmox", "nodes", n, "address"), message, f"write its own address, or the `ssh_port` that leads to {node.name}"
            )


def one_way_to_machines(spec: Spec) -> Iterator[Problem]:
    """Of a jump host and a way of its own among ssh's arguments, ssh would take the first."""
    ways = re.search(r"(^|\s)-J|proxy(jump|command)", spec.ssh.extra_args or "", re.IGNORECASE)
    jumps = [*(pool.ssh_jump or machine.ssh_jump for _, pool, machine in spec.members()), *(host.ssh_jump for host in spec.hosts)]
    if ways and (spec.ssh.jump or any(jumps)):
        yield at(
            spec, ("ssh", "extra_args"), "a jump host stands here and under `jump`", "write it in one place: `jump` is known to doctor, too"
        )


def known_bridges(spec: Spec) -> Iterator[Problem]:
    """What a PVE node calls otherwise is a bridge of some interface."""
    used = {nic.bridge for _, nics in spec.interface_lists() for nic in nics}
    for n, node in enumerate(spec.proxmox.nodes):
        for name in node.bridges:
            if name not in used:
                message = f"no interface lies on the bridge `{name}`"
                yield at(spec, ("proxmox", "nodes", n, "bridges", name), message, f"interfaces lie on {', '.join(sorted(used))}")


def one_way_to_place(spec: Spec) -> Iterator[Problem]:
    """A machine is pinned to one PVE node, or may use several."""
    for keys, _, machine in spec.members():
        if machine.pve_node and machine.nodes:
            yield at(
                spec, (*keys, "nodes"), f"`pve_node` pins {machine.name} to {machine.pve_node} already", "delete `nodes` or `pve_node`"
            )


def removed_is_not_wanted(spec: Spec) -> Iterator[Problem]:
    """A machine stands in a pool or under `remove`."""
    wanted = {machine.name for _, _, machine in spec.members()}
    for r, name in enumerate(spec.remove):
        if name in wanted:
            yield at(
                spec,
                ("remove", r),
                f"`{name}` is to be removed, and a pool has it",
                f"take `{name}` out of the pool to have it deleted, or out of `remove` to keep it",
            )
        if name in {host.name for host in spec.hosts}:
            message = f"`{name}` is a host, and `remove` is for machines that Stardock made"
            yield at(spec, ("remove", r), message, "delete it here; docs/how-to/hosts.md says how a host leaves")


def load_balancers_are_no_nodes(spec: Spec) -> Iterator[Problem]:
    """Labels and taints are of Kubernetes nodes."""
    for p, pool in enumerate(spec.pools):
        for key, value in (("labels", pool.labels), ("taints", pool.taints)):
            if value and pool.role == "loadbalancer":
                yield at(spec, ("pools", p, key), f"load balancers are no Kubernetes nodes, and take no {key}", "delete it")


def options_fit_the_distribution(spec: Spec) -> Iterator[Problem]:
    """Keys and values of `distribution.options`; for the release when it is stated, else see `stardock.plan.distribution`."""
    for fault in option_faults(distribution(spec.distribution.name), spec.distribution.options, spec.distribution.version or ""):
        yield at(spec, option_keys(spec, fault), fault.message, fault.cure)


def option_keys(spec: Spec, fault: Fault) -> Keys:
    """Where a fault of the distribution stands: at an item where there is a list."""
    if fault.key == "version":
        return ("distribution", "version")
    derived = derived_options(spec).get(fault.key)
    if derived is not None:
        return derived.keys
    is_item = fault.item is not None and isinstance(spec.distribution.options.get(fault.key), list | tuple)
    return ("distribution", "options", fault.key, *((fault.item,) if is_item and fault.item is not None else ()))


def at_least_one_server(spec: Spec) -> Iterator[Problem]:
    """A cluster without a server is none."""
    if not any(pool.members for pool in spec.pools if pool.role == "server"):
        cure = "add a pool: {name: servers, role: server, machines: [server1]}"
        if any(host.role == "server" for host in spec.hosts):
            cure += "; hosts join a cluster, and none founds one"
        yield at(spec, ("pools",), "zero servers: a cluster needs at least one machine of role `server`", cure)


def load_balancers_have_a_vip(spec: Spec) -> Iterator[Problem]:
    """What load balancers are for."""
    if spec.network.vip is None and not spec.api.external and any(pool.members for pool in spec.pools if pool.role == "loadbalancer"):
        message = "there are load balancers, but no virtual IP for them to hold"
        yield at(spec, ("network", "vip"), message, "write `vip: ADDRESS` under `network:`, a free address of their subnet")


#: Rules that two values break together; they hold whatever else is wrong.
CONFLICTS: tuple[Rule, ...] = (
    one_name_each,
    one_host_name_each,
    one_vm_id_each,
    known_pve_nodes,
    ports_have_an_address,
    one_sshd_each,
    known_bridges,
    one_way_to_machines,
    one_way_to_place,
    removed_is_not_wanted,
    load_balancers_are_no_nodes,
    options_fit_the_distribution,
    options_are_told_once,
    cni_rules,
    api_server_rules,
    addon_rules,
    own_options_fit,
    selinux_rules,
    node_rules,
    system_rules,
    address_rules,
    host_rules,
    mesh_rules,
    routing_rules,
    cluster_network_rules,
    vip_rules,
    api_rules,
    state_settings,
)

#: Rules about what is not there; a key that was dropped for being wrong would break them too.
ABSENCES: tuple[Rule, ...] = (at_least_one_server, load_balancers_have_a_vip, state_has_a_place)


def conflicts(spec: Spec) -> list[Problem]:
    """Problems between values that are there."""
    return [problem for rule in CONFLICTS for problem in rule(spec)]


def broken_rules(spec: Spec) -> list[Problem]:
    """All problems of a spec whose values are right one by one."""
    return [*conflicts(spec), *(problem for rule in ABSENCES for problem in rule(spec))]
