"""What Proxmox says of itself: every question at once, each answered or not on its own; read only.

Three waves whatever the size of the estate: the version alone (so that a wrong token is told once), then all that is known beforehand, then
what depends on that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from stardock.estate.connection import Estate
from stardock.estate.questions import WORKERS, Answer, Question, ask
from stardock.estate.shapes import interfaces, number, resources, rights, row, rows, text
from stardock.model.plan import Plan
from stardock.plan.views.privileges import needed

__all__ = ["Answer", "Survey", "ask", "survey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Everything read. What is keyed by PVE node lacks none of the plan's."""

    version: str
    status: Answer = field(default_factory=Answer)  # /cluster/status
    resources: Answer = field(default_factory=Answer)  # /cluster/resources
    permissions: Mapping[str, Answer] = field(default_factory=dict)  # by path
    networks: Mapping[str, Answer] = field(default_factory=dict)  # by PVE node
    clocks: Mapping[str, Answer] = field(default_factory=dict)  # by PVE node: (seconds there, seconds here before and after)
    versions: Mapping[str, Answer] = field(default_factory=dict)  # by PVE node
    images: Mapping[tuple[str, str], Answer] = field(default_factory=dict)  # by PVE node and URL
    mappings: Answer = field(default_factory=Answer)  # /cluster/mapping/pci
    usb: Answer = field(default_factory=Answer)  # /cluster/mapping/usb
    vnets: Answer = field(default_factory=Answer)  # /cluster/sdn/vnets, asked where a bridge of the plan is one
    pools: Answer = field(default_factory=Answer)  # /pools
    storages: Mapping[str, Answer] = field(default_factory=dict)  # by datastore of snippets: where PVE nodes mount it
    vm_ids: Mapping[int, Answer] = field(default_factory=dict)  # by VM id: free, where no list shows who has it

    def listed(self, kind: str) -> list[dict[str, Any]]:
        """The resources of a kind: node, storage, qemu, lxc."""
        return [item for item in self.resources.value or () if item.get("type") == kind]

    def online(self) -> frozenset[str]:
        """The PVE nodes that are."""
        return frozenset(str(item["node"]) for item in self.listed("node") if item.get("status") == "online")


def survey(estate: Estate, plan: Plan, clock: Callable[[], float], workers: int = WORKERS) -> Survey:
    """Ask all that doctor looks at. Raises ConditionError when Proxmox cannot be asked at all."""
    version = estate.check()
    with ThreadPoolExecutor(workers) as pool:
        first = ask(estate, pool, _first(plan, clock))
        second = ask(estate, pool, _second(plan, first))
    found = first | second
    return Survey(
        version=version,
        status=found["status", ""],
        resources=found["resources", ""],
        permissions=_of(found, "permissions") | _dumped(plan, first["dump", ""]),
        networks=_of(found, "network"),
        clocks=_of(found, "time"),
        versions=_of(found, "version"),
        images=_of(found, "image"),
        mappings=found.get(("mappings", ""), Answer()),
        usb=found.get(("usb", ""), Answer()),
        vnets=found.get(("vnets", ""), Answer()),
        pools=found.get(("pools", ""), Answer()),
        storages=_of(found, "storage"),
        vm_ids=_of(found, "free"),
    )


def _first(plan: Plan, clock: Callable[[], float]) -> dict[tuple[str, Any], Question]:
    asked: dict[tuple[str, Any], Question] = {
        ("status", ""): lambda api: rows(api.cluster.status.get(), "type"),
        ("resources", ""): lambda api: resources(api.cluster.resources.get()),
        ("dump", ""): lambda api: rights(api.access.permissions.get()),
    }
    if any(machine.devices for machine in plan.machines):
        asked["mappings", ""] = lambda api: rows(api.cluster.mapping.pci.get(), "id")
    if any(machine.usb for machine in plan.machines):
        asked["usb", ""] = lambda api: api.cluster.mapping.usb.get()
    if any(machine.pve_pool for machine in plan.machines):
        asked["pools", ""] = lambda api: rows(api.pools.get(), "poolid")
    for node in plan.proxmox.nodes:
        asked |= _of_node(node.name, clock)
    for store in sorted({machine.snippet_datastore for machine in plan.machines}):
        asked["storage", store] = _storage(store)
    wanted = {(machine.pve_node, machine.image.url, machine.image.verify) for machine in plan.machines if machine.image.url}
    return asked | {("image", (node, url)): _image(node, url, verify) for node, url, verify in sorted(wanted)}


def _permissions(path: str) -> Question:
    return lambda api: rights(api.access.permissions.get(path=path))


def _of_node(node: str, clock: Callable[[], float]) -> dict[tuple[str, Any], Question]:
    def time(api: Any) -> tuple[float, float, float]:
        before = clock()
        return number(api.nodes(node).time.get()["time"]), before, clock()

    return {
        ("network", node): lambda api: interfaces(api.nodes(node).network.get(type="include_sdn")),  # all interfaces, and vnets
        ("version", node): lambda api: text(api.nodes(node).version.get()["version"]),
        ("time", node): time,
    }


def _storage(name: str) -> Question:
    return lambda api: row(api.storage(name).get())


def _image(node: str, url: str, verify: bool) -> Question:
    options = {"url": url, "verify-certificates": int(verify)}
    return lambda api: row(api.nodes(node)("query-url-metadata").get(**options))


def _dumped(plan: Plan, dump: Answer) -> dict[str, Answer]:
    """The paths of the plan that the dump has: those with an ACL of their own, and the top ones."""
    told = dump.value or {}
    return {path: Answer({path: told[path]}) for path in needed(plan) if path in told}


def _second(plan: Plan, first: Mapping[tuple[str, Any], Answer]) -> dict[tuple[str, Any], Question]:
    """What a path inherits is not in the dump; a VM that the token may not see has its id all the same."""
    known = _dumped(plan, first["dump", ""])
    asked: dict[tuple[str, Any], Question] = {("permissions", path): _permissions(path) for path in needed(plan) if path not in known}
    if _has_vnets(plan, first):
        asked["vnets", ""] = lambda api: api.cluster.sdn.vnets.get()
    if "/vms" in known and "VM.Audit" in known["/vms"].value["/vms"]:
        return asked
    seen = {int(item["vmid"]) for item in first["resources", ""].value or () if "vmid" in item}
    return asked | {("free", vm_id): _free(vm_id) for vm_id in sorted({machine.vm_id for machine in plan.machines} - seen)}


def _has_vnets(plan: Plan, first: Mapping[tuple[str, Any], Answer]) -> bool:
    """Whether a bridge of the plan is a vnet on some PVE node, or shall be one."""
    nics = [nic for machine in plan.machines for nic in machine.interfaces]
    listed = [item for answer in _of(first, "network").values() for item in answer.value or () if item.get("type") == "vnet"]
    return any(nic.zone for nic in nics) or bool({nic.bridge for nic in nics} & {item.get("iface") for item in listed})


def _free(vm_id: int) -> Question:
    return lambda api: api.cluster.nextid.get(vmid=vm_id)


def _of(found: Mapping[tuple[str, Any], Answer], kind: str) -> dict[Any, Answer]:
    return {key: answer for (of, key), answer in found.items() if of == kind}
