"""An estate in which all is well, and ways to break it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stardock.doctor.scene import Scene, Tried
from stardock.estate.survey import Answer, Survey
from stardock.model.plan import Plan
from stardock.plan.views.privileges import needed
from tests.plans import quickstart_plan

GIB = 1024**3
NODES = ("pve1", "pve2", "pve3")
URL = "https://images.example/debian.qcow2"


def plan() -> Plan:
    """The quick start with a pinned image: nothing to say against it."""
    made = quickstart_plan()
    pinned = [replace(machine, image=replace(machine.image, url=URL, checksum="sha256:" + "a" * 64)) for machine in made.machines]
    return replace(made, machines=tuple(pinned))


def node(name: str, **changes: Any) -> dict[str, Any]:
    return {"type": "node", "node": name, "status": "online", **changes}


def storage(on: str, name: str, **changes: Any) -> dict[str, Any]:
    content, kind = ("images,rootdir", "lvmthin") if name == "local-lvm" else ("iso,import,snippets", "dir")
    usual = {"type": "storage", "node": on, "storage": name, "content": content, "plugintype": kind, "status": "available"}
    return usual | {"maxdisk": 1000 * GIB, "disk": 10 * GIB} | changes


def bridge(name: str = "vmbr0", **changes: Any) -> dict[str, Any]:
    return {"iface": name, "type": "bridge", "active": 1, "bridge_vlan_aware": 1, **changes}


def vm(vm_id: int, name: str, *, tags: str = "", kind: str = "qemu") -> dict[str, Any]:
    return {"type": kind, "vmid": vm_id, "name": name, "node": "pve2", "tags": tags}


def resources(*more: dict[str, Any]) -> list[dict[str, Any]]:
    """Three PVE nodes with two datastores each; `more` replaces what is the same thing."""
    usual = [node(name) for name in NODES] + [storage(on, name) for on in NODES for name in ("local", "local-lvm")]
    keys = [tuple(item.get(key) for key in ("type", "node", "storage")) for item in more if item["type"] != "qemu"]
    return [item for item in usual if tuple(item.get(key) for key in ("type", "node", "storage")) not in keys] + list(more)


def survey(of: Plan, **changes: Any) -> Survey:
    """What a healthy Proxmox says."""
    usual = Survey(
        version="9.1.2",
        status=Answer([{"type": "cluster", "name": "home", "quorate": 1}]),
        resources=Answer(resources()),
        permissions={path: Answer({path: dict.fromkeys(names, 1)}) for path, names in needed(of).items()},
        networks={name: Answer([bridge()]) for name in NODES},
        clocks={name: Answer((1000.0, 1000.2, 1000.3)) for name in NODES},
        versions={name: Answer("9.1.2") for name in NODES},
        images={(name, URL): Answer({"size": 3 * GIB}) for name in NODES},
        vm_ids={machine.vm_id: Answer(machine.vm_id) for machine in of.machines},
    )
    return replace(usual, **changes)


def scene(of: Plan | None = None, **changes: Any) -> Scene:
    """A scene in which all is well but for what the survey's `changes` say."""
    made = of or plan()
    return Scene(
        plan=made,
        user="ada@pve",
        token="x",
        survey=survey(made, **changes),
        ssh={name: Tried(f"root@{name}") for name in NODES},
        tools={"engine": Tried("/usr/bin/tofu"), "node": Tried("v22.20.0")},
    )
