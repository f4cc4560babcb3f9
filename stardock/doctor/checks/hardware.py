"""What machines use of Proxmox by name: devices, pools; and what no token may give them."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.doctor.finding import Finding, among, ok, problem, warning
from stardock.doctor.scene import Scene


def devices(scene: Scene) -> Iterator[Finding]:
    """A mapping needs an entry for each PVE node that a machine with it is on."""
    wanted = sorted({(device.mapping, machine.pve_node) for machine in scene.plan.machines for device in machine.devices})
    if scene.asked.mappings.refused:
        yield warning("devices", "/cluster/mapping/pci", f"cannot be looked at: {scene.asked.mappings.refused}", "runner proxmox-role")
        return
    known = {str(item["id"]): _nodes(item.get("map") or ()) for item in scene.asked.mappings.value or ()}
    lacking = [(name, node) for name, node in wanted if node not in known.get(name, ())]
    for name, node in lacking:
        cause = "has no device there" if name in known else "is no mapping, or the token may not see it (Mapping.Use)"
        verb = f"set /cluster/mapping/pci/{name}" if name in known else f"create /cluster/mapping/pci --id {name}"
        cure = f"pvesh {verb} --map node={node},path=0000:01:00.0,id=VENDOR:DEVICE   # as lspci -nn on {node} says"
        yield problem("devices", f"{name} on {node}", cause, cure)
    if wanted and not lacking:
        yield ok("devices", among(sorted({name for name, _ in wanted})), "mapped on every PVE node that needs them")


def _nodes(entries: object) -> set[str]:
    """The PVE nodes of a mapping: each entry is a property string."""
    texts = entries if isinstance(entries, list | tuple) else ()
    return {part.removeprefix("node=") for text in texts for part in str(text).split(",") if part.startswith("node=")}


def pools(scene: Scene) -> Iterator[Finding]:
    """Proxmox makes none by itself."""
    wanted = sorted({machine.pve_pool for machine in scene.plan.machines if machine.pve_pool})
    known = {item.get("poolid") for item in scene.asked.pools.value or ()}
    for name in (name for name in wanted if name not in known):
        yield problem("pools", name, "there is no such pool, or the token may not see it (Pool.Audit)", f"pveum pool add {name}")
    if wanted and known >= set(wanted):
        yield ok("pools", among(wanted), "there")


def roots_alone(scene: Scene) -> Iterator[Finding]:
    """PVE lets nobody but root@pam set some options, by password: a token of root's is not root (PVE::API2::Qemu)."""
    for machine in scene.plan.machines:
        if machine.hugepages:
            cause = "`hugepages` may be set by root@pam itself only, never by a token: Proxmox will refuse this machine"
            yield problem("root alone", machine.name, cause, "take `hugepages` out of cluster.yaml")
