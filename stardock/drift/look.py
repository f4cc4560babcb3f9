"""Reads what the checks judge: four waves of questions whatever the size of the estate, nothing written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from stardock.drift.scene import Place, Scene
from stardock.estate.configs import Config, configs_of
from stardock.estate.connection import Estate
from stardock.estate.hardware import properties
from stardock.estate.machines import EstateMachine, machines_on
from stardock.estate.power import powers_of
from stardock.estate.questions import WORKERS, Answer, Question, ask
from stardock.estate.shapes import rights, rows
from stardock.model.plan import Plan

#: Seconds for one answer.
ANSWER_SECONDS = 10.0


def look(estate: Estate, plan: Plan) -> Scene:
    """Read machines, configurations, and what lies on the datastores that they name. Raises ConditionError when Proxmox does not answer."""
    estate.check()
    ours = {machine.vm_id for machine in plan.machines}
    machines = {vm_id: vm for vm_id, vm in machines_on(estate).items() if vm_id in ours}
    configs = configs_of(estate, machines.values())
    powers = powers_of(estate, machines.values())
    hidden = {f"VM {vm_id} on {machines[vm_id].pve_node}": why for vm_id, why in configs.refused.items()} | {
        f"power of VM {vm_id} on {machines[vm_id].pve_node}": "its PVE node does not say whether it runs"
        for vm_id in configs.found
        if vm_id not in powers
    }
    scene = Scene(plan=plan, machines=machines, configs=configs.found, powers=powers, unread=hidden)
    return _with_sizes(estate, scene, places(plan, machines, configs.found))


def places(plan: Plan, machines: Mapping[int, EstateMachine], configs: Mapping[int, Config]) -> set[Place]:
    """The datastores of images and first-boot files, as the PVE nodes see them that need them."""
    found = {(machine.pve_node, store) for machine in plan.machines for store in (machine.snippet_datastore, machine.image.datastore)}
    for vm_id, config in configs.items():
        volumes = properties(config.get("cicustom"), "user").values()
        found |= {(machines[vm_id].pve_node, volume.partition(":")[0]) for volume in volumes}
    return found


def _with_sizes(estate: Estate, scene: Scene, wanted: Iterable[Place]) -> Scene:
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = ask(estate, pool, {place: _content(place) for place in sorted(wanted)})
        rights = ask(
            estate, pool, {store: _rights(store) for store in sorted({machine.snippet_datastore for machine in scene.plan.machines})}
        )
    sizes = {place: _sizes(answer.value) for place, answer in answers.items() if not answer.refused}
    refused = {f"{store} on {node}": answer.refused for (node, store), answer in answers.items() if answer.refused}
    unlisted = frozenset(store for store, answer in rights.items() if not _may_list(answer, store))
    refused |= {f"snippets on {store}": _UNLISTED for store in sorted(unlisted)}
    return replace(scene, sizes=sizes, unlisted=unlisted, unread={**scene.unread, **refused})


#: PVE::Storage::check_volume_access; without it the list simply lacks them.
_UNLISTED = "Proxmox shows them with Datastore.Allocate on the datastore only"


def _rights(store: str) -> Question:
    return lambda api: rights(api.access.permissions.get(path=f"/storage/{store}"))


def _may_list(answer: Answer, store: str) -> bool:
    return "Datastore.Allocate" in ((answer.value or {}).get(f"/storage/{store}") or {})


def _content(place: Place) -> Question:
    return lambda api: rows(api.nodes(place[0]).storage(place[1]).content.get(), "volid")


def _sizes(listed: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    return {str(item["volid"]): int(item.get("size") or 0) for item in listed or ()}
