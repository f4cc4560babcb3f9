"""Does each PVE node have the bridges, and do they take our VLANs?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stardock.doctor.finding import Finding, among, ok, problem, warning
from stardock.doctor.scene import Scene

NAME = "bridges"


def bridges(scene: Scene) -> Iterator[Finding]:
    """By PVE node. A vnet of SDN is as good as a bridge."""
    fine = True
    for node in scene.up():
        answer = scene.asked.networks[node.name]
        there = {str(item["iface"]): item for item in answer.value or ()}
        for finding in _of_node(scene, node.name, there, answer.refused):
            fine = False
            yield finding
    if fine:
        yield ok(NAME, among(sorted({nic.bridge for machine in scene.plan.machines for nic in machine.interfaces})), "on every PVE node")


def _of_node(scene: Scene, node: str, there: dict[str, Any], refused: str) -> Iterator[Finding]:
    if refused:
        yield warning(NAME, node, f"networks cannot be looked at: {refused}", "runner proxmox-role")
        return
    nics = [nic for machine in scene.plan.machines if machine.pve_node == node for nic in machine.interfaces]
    for bridge in sorted({nic.bridge for nic in nics}):
        trunks = any(nic.trunks for nic in nics if nic.bridge == bridge)
        vlans = sorted({nic.vlan for nic in nics if nic.bridge == bridge and nic.vlan})
        if bridge not in there:
            others = among(sorted(name for name, item in there.items() if item.get("type") in {"bridge", "OVSBridge"})) or "none"
            cause = f"is not on {node}, nor may the token see it there (SDN.Use); bridges there: {others}"
            yield problem(
                NAME, f"{bridge} on {node}", cause, f"write one of those in cluster.yaml, or: ssh root@{node} cat /etc/network/interfaces"
            )
        elif said := _zone(scene, bridge, {nic.zone for nic in nics if nic.bridge == bridge}, vnet=there[bridge].get("type") == "vnet"):
            yield problem(NAME, f"{bridge} on {node}", *said)
        elif not there[bridge].get("active"):
            yield problem(NAME, f"{bridge} on {node}", "is not up", f"ssh root@{node} ifup {bridge}")
        elif trunks and there[bridge].get("type") == "bridge" and not there[bridge].get("bridge_vlan_aware"):
            cause = "is not VLAN aware, and PVE starts no machine with `trunks` on it"
            yield problem(NAME, f"{bridge} on {node}", cause, _aware(node, bridge))
        elif vlans and there[bridge].get("type") == "bridge" and not there[bridge].get("bridge_vlan_aware"):
            # PVE makes a bridge vmbr0vN by itself then: it works, with one more bridge a VLAN (PVE::Network)
            cause = f"is not VLAN aware, and machines there are on VLAN {', '.join(map(str, vlans))}"
            yield warning(NAME, f"{bridge} on {node}", cause, _aware(node, bridge))


def _zone(scene: Scene, bridge: str, zones: set[str | None], *, vnet: bool) -> tuple[str, str] | None:
    """What is wrong with the zone that cluster.yaml says, and what to write."""
    if not vnet:
        return ("is a bridge of its own, and no vnet of an SDN zone", "delete `zone` beside it in cluster.yaml") if zones - {None} else None
    known = next((str(item["zone"]) for item in scene.asked.vnets.value or () if item.get("vnet") == bridge), None)
    if None not in zones and (known is None or zones == {known}):
        return None
    where = f"the SDN zone {known}" if known else "an SDN zone that this token may not see"
    look = "" if known else "pvesh get /cluster/sdn/vnets   # on a PVE node; "
    cure = f"{look}write `zone: {known or 'NAME'}` beside `bridge: {bridge}` in cluster.yaml, then runner proxmox-role"
    return f"is a vnet of {where}, and cluster.yaml says {', '.join(sorted(zone or 'none' for zone in zones))}", cure


def _aware(node: str, bridge: str) -> str:
    """No `pvesh set`: without its address in the same call PVE writes a bridge that has none (pve-manager, PVE/API2/Network.pm)."""
    return f"in Proxmox: {node}, System, Network, {bridge}: tick `VLAN aware`, then Apply Configuration"
