"""`runner plan --format json`: a contract with other programs, documented in docs/plan-json.md. Keys are added, never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stardock.model.addons import Addon
from stardock.model.host import Host
from stardock.model.machine import Interface, Machine
from stardock.model.mesh import Mesh, Place
from stardock.model.plan import Change, Plan
from stardock.model.settings import LoadBalancing
from stardock.plan.rules.allocated import self_rebooting
from stardock.plan.views.capacity import Amount, Load
from stardock.plan.views.difference import Difference
from stardock.plan.views.losses import Loss
from stardock.plan.views.rebalance import Move
from stardock.plan.views.worksheet import Range

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.ip import IpAddress

#: Of all documents: a higher one, should a key ever have to change its meaning.
FORMAT = 1


def document(plan: Plan) -> dict[str, Any]:
    """The plan as plain data: allocated values only, nothing observed, no secret."""
    balancing = plan.load_balancing
    return {
        "format": FORMAT,
        "cluster": plan.cluster,
        "distribution": {"name": plan.distribution.name, "version": plan.distribution.version},
        "founder": plan.founder,
        "vip": balancing and _vip(balancing),
        "machines": [{**_machine(machine), "retained": machine.name in plan.retained} for machine in plan.machines],
        "hosts": [_host(host) for host in plan.hosts],
        "mesh": plan.mesh and _mesh(plan.mesh),
        "addons": [_addon(one) for one in plan.addons],
        "removed": list(plan.removed),
        "changes": [_change(change) for change in (*plan.changes, *plan.replacements)],
        "warnings": list(plan.warnings),
    }


def _addon(one: Addon) -> dict[str, Any]:
    return {"name": one.name, "version": one.version, "source": one.source, "namespace": one.namespace, "values": one.values}


def _mesh(mesh: Mesh) -> dict[str, Any]:
    """Members in plan order; the keys that they make are nobody's but theirs."""
    members = [{"name": name, **_place(place)} for name, place in mesh.places.items()]
    numbers = {"network": mesh.network, "port": mesh.port, "mtu": mesh.mtu, "keepalive": mesh.keepalive}
    return {**numbers, "members": members, "relays": dict(sorted(mesh.carried.items()))}


def _place(place: Place) -> dict[str, Any]:
    endpoint = place.endpoint and str(place.endpoint)
    return {"site": place.site, "address": place.address, "endpoint": endpoint, "nat": not place.is_open}


def _vip(balancing: LoadBalancing) -> dict[str, Any]:
    found = {"address": balancing.vip, "interface": balancing.interface, "vrid": balancing.vrid}
    return {**found, "ipv6": balancing.vip_ipv6}


def difference_document(found: Difference) -> dict[str, Any]:
    """What the next run would do, against what exists as far as is known here."""
    return {
        "compared_with": found.source,
        "create": [machine.name for machine in found.create],
        "change": [asdict(edit) for edit in found.edits],
        "remove": [asdict(ending) for ending in found.remove],
        "replace": [asdict(ending) for ending in found.replace],
        "keep": [asdict(keep) for keep in found.keeps],
        "lock": {"gains": list(found.gained), "retires": list(found.retired)},
        "empty": found.empty,
        "settled": found.settled,
    }


def _machine(machine: Machine) -> dict[str, Any]:
    window = machine.window
    return {
        "name": machine.name,
        "role": machine.role,
        "pool": machine.pool,
        "pve_node": machine.pve_node,
        "vm_id": machine.vm_id,
        "hostname": machine.hostname,
        "addresses": [_addresses(nic) for nic in machine.interfaces],
        "window": window and {"start": window.start, "duration_minutes": window.duration_minutes},
        "reboots_itself": bool(self_rebooting({machine.name: machine})),
        "cores": machine.cores,
        "memory_mib": machine.memory_mib,
        "disk_gib": machine.disk_gib,
    }


def _host(host: Host) -> dict[str, Any]:
    """One that exists already: no VM, so that it has none of a machine's numbers."""
    return {
        "name": host.name,
        "role": host.role,
        "hostname": host.hostname,
        "address": host.address,
        "reached_at": host.reached_at,
        "system": host.system,
        "architecture": host.architecture,
    }


def _addresses(nic: Interface) -> dict[str, Any]:
    ipv6 = nic.ipv6 and {"mode": nic.ipv6.mode, "address": nic.ipv6.address, "gateway": nic.ipv6.gateway}
    return {"interface": nic.name, "address": nic.address, "gateway": nic.gateway, "mac": nic.mac, "ipv6": ipv6}


def address_document(ranges: Iterable[Range], taken: Iterable[tuple[IpAddress, str]]) -> dict[str, Any]:
    """`--addresses`: every range that machines are counted in, and the addresses `taken` by others (`worksheet.fixed`)."""
    return {"ranges": [_range(one) for one in ranges], "taken": [{"address": str(address), "of": whose} for address, whose in taken]}


def _range(one: Range) -> dict[str, Any]:
    return {
        "role": one.role,
        "pool": one.pool,
        "interface": one.interface,
        "network": one.network,
        "first": one.first,
        "used": [{"machine": name, "address": address} for name, address in one.used],
        "next": one.following,
        "room": one.room,
        "until": one.until,
    }


def _change(change: Change) -> dict[str, str]:
    return {"machine": change.machine, "field": change.field, "old": change.old, "new": change.new}


def loss_document(losses: Iterable[Loss]) -> dict[str, Any]:
    """`--if-lost`: what is left without each PVE node."""
    return {"if_lost": [_loss(loss) for loss in losses]}


def _loss(loss: Loss) -> dict[str, Any]:
    return {
        "pve_node": loss.pve_node,
        "machines": [machine.name for machine in loss.machines],
        "api": loss.api,
        "etcd_quorum": loss.quorum,
        "vip": loss.vip,
        "servers_left": loss.servers_left,
        "servers": loss.servers,
        "agents_left": loss.agents_left,
        "agents": loss.agents,
        "restarted": list(loss.restarted),
    }


def capacity_document(carried: Iterable[Load]) -> dict[str, Any]:
    """`--capacity`: what each PVE node carries; the one without a name is the sum."""
    return {"capacity": [_load(load) for load in carried]}


def _load(load: Load) -> dict[str, Any]:
    return {
        "pve_node": load.name,
        "machines": [machine.name for machine in load.machines],
        "memory_mib": _amount(load.memory),
        "cores": _amount(load.cores),
        "disk_gib": _amount(load.disks),
        "datastores_gib": load.datastores,
    }


def _amount(amount: Amount) -> dict[str, Any]:
    return {"taken": amount.taken, "there": amount.there, "percent": amount.percent, "percent_of_cluster": amount.share}


def moves_document(moves: Iterable[Move]) -> dict[str, Any]:
    """`runner rebalance`: moves that are proposed."""
    return {"moves": [{"machine": one.machine.name, "from": one.machine.pve_node, "to": one.to, "why": one.why} for one in moves]}
