"""VM ids and names: is what this plan wants still free?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stardock.doctor.finding import Finding, ok, problem, warning
from stardock.doctor.scene import Scene
from stardock.estate.survey import Answer
from stardock.model.labels import TAG
from stardock.model.machine import Machine


def _ours(scene: Scene, item: dict[str, Any]) -> bool:
    return {TAG, scene.plan.cluster} <= set(str(item.get("tags") or "").replace(",", ";").split(";"))


#: By what `GET /cluster/nextid` says that an id is taken: a wrong parameter (PVE::API2::Cluster). Any other refusal tells nothing about it.
_TAKEN = "400 "


def vm_ids(scene: Scene) -> Iterator[Finding]:
    """Of VMs and containers, and of those that the token may not see."""
    taken = {int(item["vmid"]): item for kind in ("qemu", "lxc") for item in scene.asked.listed(kind)}
    found = [finding for machine in scene.plan.machines for finding in _vm_id(scene, machine, taken.get(machine.vm_id))]
    yield from found or [ok("VM ids", f"{len(scene.plan.machines)} machines", "free, or ours")]


def _vm_id(scene: Scene, machine: Machine, item: dict[str, Any] | None) -> Iterator[Finding]:
    subject, hidden = f"{machine.name}, {machine.vm_id}", scene.asked.vm_ids.get(machine.vm_id, Answer())
    cure = f"give {machine.name} another `vm_id:` in cluster.yaml, or its pool another range"
    if item and not _ours(scene, item):
        what = "container" if item["type"] == "lxc" else "VM"
        who = f"the {what} {item.get('name', '')} on {item['node']}"
        yield problem("VM ids", subject, f"{who} has this id, and is not ours", cure)
    elif not item and hidden.refused.startswith(_TAKEN):
        yield problem("VM ids", subject, "something that the token may not see has this id", cure)
    elif not item and hidden.refused:
        yield warning("VM ids", subject, f"cannot be looked at: {hidden.refused}", "runner doctor   # once more")


def names(scene: Scene) -> Iterator[Finding]:
    """Proxmox allows two of a name, people and DNS do not."""
    wanted = {machine.hostname: machine for machine in scene.plan.machines}
    strangers = [item for item in scene.asked.listed("qemu") if item.get("name") in wanted and not _ours(scene, item)]
    for item in strangers:
        cause = f"VM {item['vmid']} on {item['node']} has this name, too, and is not ours"
        cure = f"qm set {item['vmid']} --name ANOTHER   # or another name in cluster.yaml"
        if int(item["vmid"]) != wanted[str(item["name"])].vm_id:  # told by its id already
            yield warning("names", str(item["name"]), cause, cure)
    if not strangers:
        yield ok("names", f"{len(wanted)} machines", "nobody else has them")
