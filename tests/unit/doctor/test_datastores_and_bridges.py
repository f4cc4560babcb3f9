"""The checks of `runner doctor` on datastores and bridges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stardock.doctor.finding import Level
from stardock.estate.survey import Answer
from stardock.model.plan import Plan
from stardock.plan.views.privileges import needed
from tests.unit.doctor.findings import on_vlan, only, with_machines, wrong
from tests.unit.doctor.scenes import NODES, bridge, plan, resources, scene, storage, vm

pytestmark = pytest.mark.unit

OURS = "stardock;quickstart"


@pytest.mark.parametrize(
    ("item", "level", "cause", "cure"),
    [
        (storage("pve1", "local", content="iso,backup,snippets"), Level.PROBLEM, "`import` on pve1", "iso,backup,snippets,import"),
        (
            storage("pve1", "local-lvm", content="rootdir"),
            Level.PROBLEM,
            "`images` on pve1",
            "pvesm set local-lvm --content rootdir,images",
        ),
        (storage("pve1", "local", status="unknown"), Level.WARNING, "not active on pve1", "pvesm status"),
    ],
    ids=["import", "images", "inactive"],
)
def test_a_datastore_that_cannot_take_what_we_put_there_is_told(item: dict[str, Any], level: Level, cause: str, cure: str) -> None:
    found = only(scene(resources=Answer(resources(item))))
    assert (found.check, found.level) == ("datastores", level)
    assert cause in found.cause
    assert cure in found.cure


def test_a_datastore_that_is_not_there_is_one_finding_for_all_pve_nodes() -> None:
    found = only(scene(with_machines(disk_datastore="fast")))
    assert (found.check, found.subject) == ("datastores", "fast")
    assert "is not on pve1, pve2, pve3" in found.cause


@pytest.mark.parametrize(
    ("kind", "free", "level"), [("lvm", 30, Level.PROBLEM), ("lvmthin", 30, Level.WARNING), ("lvmthin", 0, Level.PROBLEM)]
)
def test_a_datastore_without_room_is_told_by_what_is_to_come_and_what_is_free(kind: str, free: int, level: Level) -> None:
    item = storage("pve1", "local-lvm", plugintype=kind, maxdisk=100 * 1024**3, disk=(100 - free) * 1024**3)
    found = only(scene(resources=Answer(resources(item))))
    assert (found.check, found.subject, found.level) == ("space", "local-lvm on pve1", level)
    assert f"{free:.1f} GiB are free" in found.cause


def test_machines_that_exist_ask_for_no_more_room() -> None:
    full = storage("pve1", "local-lvm", maxdisk=100 * 1024**3, disk=99 * 1024**3)
    there = [vm(machine.vm_id, machine.hostname, tags=OURS) for machine in plan().machines]
    assert wrong(scene(resources=Answer(resources(full, *there)))) == []


def test_a_bridge_that_is_not_there_is_told_with_those_that_are() -> None:
    found = only(scene(networks={name: Answer([bridge("vmbr1")] if name == "pve3" else [bridge()]) for name in NODES}))
    assert (found.check, found.subject, found.level) == ("bridges", "vmbr0 on pve3", Level.PROBLEM)
    assert "bridges there: vmbr1" in found.cause


def test_a_bridge_that_is_not_vlan_aware_matters_to_machines_on_a_vlan_only() -> None:
    plain = {name: Answer([bridge(bridge_vlan_aware=None)]) for name in NODES}
    assert wrong(scene(networks=plain)) == []
    findings = wrong(scene(on_vlan(7), networks=plain))
    assert [(found.subject, found.level) for found in findings] == [(f"vmbr0 on {name}", Level.WARNING) for name in NODES]
    assert findings[0].cure.startswith("in Proxmox: pve1, System, Network, vmbr0: tick `VLAN aware`, then Apply Configuration")
    assert "pvesh" not in findings[0].cure, "without its address in the same call, Proxmox takes the bridge's address away"


@pytest.mark.proves("case 11-vlan-trunk")
def test_a_trunk_on_a_bridge_that_is_not_vlan_aware_is_a_problem_since_no_machine_starts_there() -> None:
    made = with_machines(interfaces=tuple(replace(nic, trunks=("10", "20")) for nic in plan().machines[0].interfaces))
    plain = {name: Answer([bridge(bridge_vlan_aware=None)]) for name in NODES}
    findings = [found for found in wrong(scene(made, networks=plain)) if found.check == "bridges"]
    assert [(found.subject, found.level) for found in findings] == [(f"vmbr0 on {name}", Level.PROBLEM) for name in NODES]
    assert "PVE starts no machine with `trunks` on it" in findings[0].cause
    ovs = {name: Answer([bridge(type="OVSBridge", bridge_vlan_aware=None)]) for name in NODES}
    assert [found for found in wrong(scene(made, networks=ovs)) if found.check == "bridges"] == []


VNET = {name: Answer([bridge(type="vnet", bridge_vlan_aware=None)]) for name in NODES}
ZONES = Answer([{"vnet": "vmbr0", "zone": "kube", "type": "vnet"}])


def in_zone(zone: str | None) -> Plan:
    made = plan()
    nics = [tuple(replace(nic, zone=zone) for nic in machine.interfaces) for machine in made.machines]
    return replace(made, machines=tuple(replace(one, interfaces=own) for one, own in zip(made.machines, nics, strict=True)))


def of_bridges(made: Plan, **changes: Any) -> set[tuple[str, str]]:
    """What is said of bridges, on whatever PVE node: cause and cure."""
    return {(found.cause, found.cure) for found in wrong(scene(made, **changes)) if found.check == "bridges"}


@pytest.mark.proves("case 25-sdn-vnet")
def test_a_vnet_whose_zone_cluster_yaml_names_is_as_good_as_a_bridge_and_its_privileges_are_its_zones() -> None:
    assert {path for path in needed(in_zone("kube")) if path.startswith("/sdn")} == {"/sdn/zones/kube/vmbr0"}
    for told in (ZONES, Answer([]), Answer(refused="403")):  # SDN.Use alone does not list it
        assert wrong(scene(in_zone("kube"), networks=VNET, vnets=told)) == []


@pytest.mark.proves("case 25-sdn-vnet")
def test_doctor_tells_the_zone_of_a_vnet_where_cluster_yaml_names_none_or_another() -> None:
    cure = "write `zone: kube` beside `bridge: vmbr0` in cluster.yaml, then runner proxmox-role"
    for zone in (None, "other"):
        said = f"is a vnet of the SDN zone kube, and cluster.yaml says {zone or 'none'}"
        assert of_bridges(in_zone(zone), networks=VNET, vnets=ZONES) == {(said, cure)}
    unseen = f"pvesh get /cluster/sdn/vnets   # on a PVE node; {cure.replace('kube', 'NAME')}"
    said = "is a vnet of an SDN zone that this token may not see, and cluster.yaml says none"
    assert of_bridges(in_zone(None), networks=VNET, vnets=Answer([])) == {(said, unseen)}
    plain = "is a bridge of its own, and no vnet of an SDN zone"
    assert of_bridges(in_zone("kube"), vnets=ZONES) == {(plain, "delete `zone` beside it in cluster.yaml")}


def test_a_bridge_that_is_down_is_told() -> None:
    told = {name: Answer([bridge(active=0 if name == "pve1" else 1)]) for name in NODES}
    assert only(scene(networks=told)).cause == "is not up"
