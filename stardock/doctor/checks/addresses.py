"""Static addresses and the VIP: does anybody have them who should not? And what cannot be seen from here."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.doctor.finding import Finding, among, ok, problem, warning
from stardock.doctor.scene import Scene
from stardock.plan.model import Plan

#: No machine has this name.
VIP = "the VIP"


def addresses(scene: Scene) -> Iterator[Finding]:
    """Of machines that do not exist yet; the VIP, while no load balancer of ours exists."""
    wanted = watched(scene)
    taken = {address: scene.answering[address] for address in wanted if address in scene.answering}
    for address, heard in taken.items():
        if heard.sure:
            yield problem("addresses", address, f"somebody has the address of {wanted[address]}: {heard.how}", _cure(address))
    for how in sorted({heard.how for heard in taken.values() if not heard.sure}):
        of_it = [address for address, heard in taken.items() if heard.how == how]
        yield warning("addresses", among(of_it), f"somebody may have them: {how}", _cure(of_it[0]))
    if not taken:
        silent = f"nobody answers on {len(wanted)} that are to be given (a host that drops what it does not know would not, either)"
        yield ok("addresses", "static addresses, VIP", silent if wanted else "all machines exist")


def _cure(address: str) -> str:
    """The neighbour table of a PVE node on that network has its MAC, even when it answers nothing."""
    look = f"ping -c 1 -W 1 {address}; ip neigh show {address}"
    return f"{look}   # on a PVE node: whose MAC is it? Then end that host, or give another address in cluster.yaml"


def watched(scene: Scene) -> dict[str, str]:
    """Address -> whose it will be; nobody may have it yet."""
    missing = {machine.name for machine in scene.missing()}
    balancers = {machine.name for machine in scene.plan.of_role("loadbalancer")}
    return {address: who for address, who in static(scene.plan).items() if who in missing or (who == VIP and balancers <= missing)}


def static(plan: Plan) -> dict[str, str]:
    """Address -> whose it is by the plan."""
    found = {machine.address: machine.name for machine in plan.machines if machine.address}
    return found | ({plan.load_balancing.vip: VIP} if plan.load_balancing else {})


def vrid(scene: Scene) -> Iterator[Finding]:
    """VRRP is spoken among the hosts of one segment, by multicast: nobody elsewhere hears it, and Proxmox does not know of it."""
    balancing = scene.plan.load_balancing
    if balancing:
        look = f"timeout 5 tcpdump -nvi {_bridge(scene)} 'ip proto 112'   # on a PVE node: no other `vrid {balancing.vrid}` may be heard"
        said = f"not checked: it can be heard on the load balancers' own segment only. {look}"
        yield ok("VRRP id", str(balancing.vrid), said)


def _bridge(scene: Scene) -> str:
    machine = next(iter(scene.plan.of_role("loadbalancer")), scene.plan.machines[0])
    return machine.interfaces[0].bridge
