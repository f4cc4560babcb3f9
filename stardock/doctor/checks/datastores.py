"""Is each datastore there, on, and does it take what we put there?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stardock.doctor.finding import Finding, among, ok, problem, warning
from stardock.doctor.scene import Scene

NAME = "datastores"


def wanted(scene: Scene) -> dict[tuple[str, str], set[str]]:
    """PVE node and datastore -> the content types that this plan puts there."""
    found: dict[tuple[str, str], set[str]] = {}
    for machine in scene.plan.machines:
        uses = [(machine.image.datastore, "import"), (machine.snippet_datastore, "snippets"), (machine.disk_datastore, "images")]
        uses += [(disk.datastore, "images") for disk in machine.data_disks]
        for name, content in uses:
            found.setdefault((machine.pve_node, name), set()).add(content)
    return found


def known(scene: Scene) -> dict[tuple[str, str], Mapping[str, Any]]:
    """What Proxmox tells of each datastore of each PVE node."""
    return {(str(item["node"]), str(item["storage"])): item for item in scene.asked.listed("storage")}


def datastores(scene: Scene) -> Iterator[Finding]:
    """One finding a datastore, however many PVE nodes have it."""
    up = {node.name for node in scene.up()}
    told, asked = known(scene), {place: types for place, types in wanted(scene).items() if place[0] in up}
    fine = True
    for name in sorted({name for _, name in asked}):
        of_name = {node: types for (node, store), types in asked.items() if store == name}
        for finding in _faults(name, of_name, {node: told.get((node, name)) for node in of_name}):
            fine = False
            yield finding
    if fine:
        yield ok(NAME, among(sorted({name for _, name in asked})), "there, active, and take what this plan puts there")


def _faults(name: str, asked: Mapping[str, set[str]], told: Mapping[str, Mapping[str, Any] | None]) -> Iterator[Finding]:
    absent = [node for node, item in told.items() if item is None]
    if absent:
        cause = f"is not on {among(absent)}, or the token lacks Datastore.Audit on /storage/{name}"
        cure = f"pvesm status --storage {name}   # on {absent[0]}; another one: proxmox.datastores in cluster.yaml"
        yield problem(NAME, name, cause, cure)
    off = [node for node, item in told.items() if item and item.get("status") != "available"]
    if off:
        cause = f"is not active on {among(off)} (Proxmox says {told[off[0]]['status']})"  # type: ignore[index]
        yield warning(NAME, name, cause, f"ssh root@{off[0]} pvesm status --storage {name}")
    for content, lacking in _lacking(asked, told).items():
        has = [part for part in str((told[lacking[0]] or {}).get("content", "")).split(",") if part]
        cause = f"does not take content type `{content}` on {among(lacking)}; it takes {', '.join(has) or 'nothing'}"
        yield problem(NAME, name, cause, f"pvesm set {name} --content {','.join([*has, content])}")


def _lacking(asked: Mapping[str, set[str]], told: Mapping[str, Mapping[str, Any] | None]) -> dict[str, list[str]]:
    """Content type -> the PVE nodes where the datastore does not take it."""
    found: dict[str, list[str]] = {}
    for node, item in told.items():
        for content in sorted(asked[node] - set(str(item.get("content", "")).split(","))) if item else ():
            found.setdefault(content, []).append(node)
    return found
