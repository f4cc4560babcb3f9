"""Is there room for what is still to be made?"""

from __future__ import annotations

from collections.abc import Iterator

from stardock.doctor.checks.datastores import known
from stardock.doctor.finding import Finding, ok, problem, warning
from stardock.doctor.scene import Scene

NAME = "space"
GIB = 1024**3
#: Storages that give a disk its whole size at once; on all others it grows as it is written.
THICK = frozenset({"lvm", "iscsidirect"})


def wanted(scene: Scene) -> dict[tuple[str, str], float]:
    """PVE node and datastore -> GiB of disks and images that are still to be made there."""
    found: dict[tuple[str, str], float] = {}
    images: set[tuple[str, str, str]] = set()
    for machine in scene.missing():
        disks = [(machine.disk_datastore, machine.disk_gib), *((disk.datastore, disk.size_gib) for disk in machine.data_disks)]
        for name, size in disks:
            found[machine.pve_node, name] = found.get((machine.pve_node, name), 0.0) + size
        images.add((machine.pve_node, machine.image.datastore, machine.image.url or ""))
    for node, name, url in images:
        found[node, name] = found.get((node, name), 0.0) + _image_gib(scene, node, url)
    return found


def _image_gib(scene: Scene, node: str, url: str) -> float:
    answer = scene.asked.images.get((node, url))
    return float((answer.value or {}).get("size") or 0) / GIB if answer else 0.0


def space(scene: Scene) -> Iterator[Finding]:
    """By PVE node and datastore; a shared one is seen from each."""
    fine, told = True, known(scene)
    for (node, name), gib in sorted(wanted(scene).items()):
        item = told.get((node, name))
        if not item or not item.get("maxdisk"):
            continue
        free = (float(item["maxdisk"]) - float(item.get("disk") or 0)) / GIB
        if gib > free:
            fine = False
            thick = item.get("plugintype") in THICK
            growing = "" if thick else "; disks grow as they are written, so it fits at first"
            cause = f"{gib:.1f} GiB are to come, {free:.1f} GiB are free{growing}"
            cure = f"smaller `disk`, another datastore or PVE node in cluster.yaml; what lies there: ssh root@{node} pvesm list {name}"
            yield (problem if thick or free <= 0 else warning)(NAME, f"{name} on {node}", cause, cure)
    if fine:
        yield ok(NAME, "datastores", "room for every disk and image that is still to be made")
