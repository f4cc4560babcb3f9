"""Static addresses and the VIP: does anybody have them who should not? And what cannot be seen from here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stardock.doctor.finding import Finding, among, ok, problem, warning
from stardock.doctor.scene import Heard, Scene
from stardock.model.machine import Interface
from stardock.model.plan import Plan

#: No machine has this name.
VIP = "the VIP"


def addresses(scene: Scene) -> Iterator[Finding]:
    """Of machines that do not exist yet; the VIP, while no load balancer of ours exists."""
    wanted = watched(scene)
    taken = {address: scene.answering[address] for address in wanted if address in scene.answering}
    for address, heard in taken.items():
        if heard.sure:
            yield problem("addresses", address, f"somebody has the address of {wanted[address]}: {heard.how}", _cure(address))
    for how, asked in sorted({(heard.how, heard.asked) for heard in taken.values() if not heard.sure}):
        of_it = [address for address, heard in taken.items() if (heard.how, heard.asked) == (how, asked)]
        said = "somebody may have them" if asked else "not checked, no way leads there from here"
        yield warning("addresses", among(of_it), f"{said}: {how}", _cure(of_it[0]))
    yield from _silent(wanted, taken)


def _silent(wanted: Mapping[str, str], taken: Mapping[str, Heard]) -> Iterator[Finding]:
    """Of those that were asked, when nobody answered on any."""
    silent = len(wanted) - len(taken)
    if any(heard.asked for heard in taken.values()) or (wanted and not silent):
        return
    said = f"nobody answers on {silent} that are to be given (a host that drops what it does not know would not, either)"
    yield ok("addresses", "static addresses, VIP", said if wanted else "all machines exist")


def _cure(address: str) -> str:
    """The neighbour table of a PVE node on that network has its MAC, even when it answers nothing."""
    look = f"ping -c 1 -W 1 {address}; ip neigh show {address}"
    return f"{look}   # on a PVE node: whose MAC is it? Then end that host, or give another address in cluster.yaml"


def watched(scene: Scene) -> dict[str, str]:
    """Address -> whose it will be; nobody may have it yet."""
    nobody = {machine.name for machine in scene.missing()} | ({VIP} if _no_balancer(scene) else set())
    return {address: who for address, who in static(scene.plan).items() if who in nobody}


def _no_balancer(scene: Scene) -> bool:
    """Whether none exists that could have the VIP."""
    return {machine.name for machine in scene.plan.carriers} <= {machine.name for machine in scene.missing()}


def static(plan: Plan) -> dict[str, str]:
    """Address -> whose it is by the plan: of every NIC, IPv4 and IPv6."""
    given = ((own, machine.name) for machine in plan.machines for nic in machine.interfaces for own in _static(nic))
    return {own: name for own, name in given if own} | dict.fromkeys(plan.load_balancing.vips if plan.load_balancing else (), VIP)


def _static(nic: Interface) -> tuple[str | None, str | None]:
    return nic.address, nic.ipv6.address if nic.ipv6 else None


def vrid(scene: Scene) -> Iterator[Finding]:
    """VRRP is spoken among the hosts of one segment, by multicast: nobody elsewhere hears it, and Proxmox does not know of it.

    Once a load balancer exists it is ours that is heard.
    """
    balancing = scene.plan.load_balancing
    if balancing and _no_balancer(scene):
        look = f"timeout 5 tcpdump -nvi {_bridge(scene)} 'ip proto 112'   # on a PVE node: no other `vrid {balancing.vrid}` may be heard"
        said = "not checked: it can be heard on the load balancers' own segment only"
        yield warning("VRRP id", str(balancing.vrid), said, look)


def _bridge(scene: Scene) -> str:
    machine = next(iter(scene.plan.carriers), scene.plan.machines[0])
    return machine.interfaces[0].bridge
