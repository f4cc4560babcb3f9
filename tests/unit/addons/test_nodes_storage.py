"""Longhorn and Piraeus: copies by the nodes that there are, data on the disks that cluster.yaml names, what hosts must have for it."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.yamltext import yaml_text
from tests.plans import document
from tests.unit.addons.planning import inventory, manifests, planned, problem, values
from tests.unit.addons.test_addons import GOLDEN

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature storage add-ons")]

CLIENTS = {"storage_clients": ["iscsi", "nfs"]}
MOUNTED = {"name": "data", "size": "100GiB", "mount": "/srv/longhorn"}
RAW = {"name": "data", "size": "100GiB"}
PIRAEUS: dict[str, Any] = {"disk": "data", "replicas": 1}


def pools(disk: dict[str, Any] | None = None, system: str | None = None, agents: int = 1) -> dict[str, Any]:
    """The quick start's pools: agents with a disk, all nodes of a system."""
    data = document()
    data["pools"][2]["machines"] = [f"agent{n}" for n in range(1, agents + 1)]
    if disk:
        data["pools"][2]["data_disks"] = [disk]
    for pool in data["pools"][1:]:
        pool.update({"image": {"system": system}} if system else {})
    return {"pools": data["pools"]}


@pytest.mark.parametrize(("agents", "copies"), [(0, 3), (1, 1), (2, 2), (3, 3), (5, 3)])
def test_longhorn_keeps_three_copies_or_as_many_as_there_are_agents_and_servers_where_there_is_none(agents: int, copies: int) -> None:
    more = pools(agents=agents) if agents else {"pools": document()["pools"][:2]}
    found = values(planned({"longhorn": {}}, **CLIENTS, **more), "longhorn")
    assert found["persistence"]["defaultClassReplicaCount"] == found["defaultSettings"]["defaultReplicaCount"] == copies
    assert "defaultDataPath" not in found["defaultSettings"]


def test_longhorns_data_lie_on_the_named_disk_of_the_nodes_that_have_it() -> None:
    plan = planned({"longhorn": {"disk": "data", "replicas": 2, "default": True}}, **CLIENTS, **pools(MOUNTED, agents=3))
    settings = values(plan, "longhorn")["defaultSettings"]
    assert settings == {"defaultReplicaCount": 2, "defaultDataPath": "/srv/longhorn", "createDefaultDiskLabeledNodes": True}
    hosts = inventory(plan)
    labels = {name: hosts[f"host_vars/{name}.yml"]["kubernetes_node"]["labels"] for name in ("server1", "agent1", "agent3")}
    assert {name: label.get("node.longhorn.io/create-default-disk") for name, label in labels.items()} == {
        "server1": None,
        "agent1": "true",
        "agent3": "true",
    }


@pytest.mark.parametrize(
    ("name", "wanted", "disk", "message"),
    [
        ("longhorn", {"disk": "data"}, None, "no node has a data disk `data` that is mounted"),
        ("longhorn", {"disk": "data"}, RAW, "no node has a data disk `data` that is mounted"),
        ("longhorn", {"replicas": 3}, None, "3 copies need as many nodes with room for them, and there is 1"),
        ("piraeus", PIRAEUS, None, "no node has a data disk `data`"),
        ("piraeus", PIRAEUS, MOUNTED, "`data` of agent1 has a file system, and LINSTOR takes the whole disk"),
        ("piraeus", {"disk": "data"}, RAW, "2 copies need as many nodes with room for them, and there is 1"),
    ],
)
def test_disks_and_copies_that_there_are_not_are_refused(
    name: str, wanted: dict[str, Any], disk: dict[str, Any] | None, message: str
) -> None:
    found = problem({name: wanted}, **CLIENTS, **pools(disk))
    assert (found.message, bool(found.cure)) == (message, True)


DISTRIBUTION = {"distribution": {"name": "k3s", "options": {"disable": ["local-storage"]}}}


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ({"longhorn": {"default": True}}, "addons.longhorn.default"),
        ({"longhorn": {"values": {"persistence": {"defaultClass": True}}}}, "addons.longhorn.values"),
        ({"longhorn": {"default": True, "values": {"persistence": {"defaultClass": False}}}}, None),
        ({"longhorn": {}}, None),
    ],
)
def test_beside_the_default_class_of_k3s_a_second_one_is_refused(wanted: dict[str, Any], place: str | None) -> None:
    if place is not None:
        found = problem(wanted, **CLIENTS, distribution={"name": "k3s"})
        assert (found.path, found.message) == (place, "k3s brings a default class, `local-path`: claims would get the younger of the two")
        assert "local-storage" in str(found.cure)
    assert planned(wanted, **CLIENTS, **(DISTRIBUTION if place else {"distribution": {"name": "k3s"}})).addons
    assert planned(wanted, **CLIENTS).addons, "RKE2 brings none"


def test_the_class_of_piraeus_is_the_same_however_many_nodes_there_are() -> None:
    """Its parameters cannot be changed (kubernetes, pkg/apis/storage/validation, `ValidateStorageClassUpdate`)."""
    found = [
        manifests(planned({"piraeus": {"disk": "data"}}, **pools(RAW, agents=count)))["piraeus-operator-cluster"][-1] for count in (2, 3)
    ]
    assert found[0] == found[1]
    assert found[0]["parameters"]["linstor.csi.linbit.com/placementCount"] == "2"


@pytest.mark.parametrize(("system", "there"), [("ubuntu", True), ("debian", True), ("flatcar", False)])
def test_multipathd_keeps_off_longhorns_volumes_and_has_all_others(system: str, there: bool) -> None:
    hosts = inventory(planned({"longhorn": {}}, **CLIENTS, **pools(system=system)))
    found = {
        name: [file for file in hosts[f"host_vars/{name}.yml"]["machine_files"] if file["path"].startswith("/etc/multipath/conf.d/")]
        for name in ("lb1", "server1", "agent1")
    }
    assert {name: len(files) for name, files in found.items()} == {"lb1": 0, "server1": int(there), "agent1": int(there)}
    for file in (*found["server1"], *found["agent1"]):
        assert ('vendor "IET"' in file["content"], "devnode" in file["content"], file["applies"]) == (
            True,
            False,
            "unit-multipathd.service",
        )


def test_a_host_that_exists_already_keeps_copies_of_longhorns_as_other_agents_do_and_none_on_a_named_disk() -> None:
    hosts = [{"name": "shelf", "role": "agent", "address": "192.168.1.99", "system": "debian"}]
    plan = planned({"longhorn": {"replicas": 2}}, **CLIENTS, **pools(agents=1), hosts=hosts)
    assert values(plan, "longhorn")["defaultSettings"]["defaultReplicaCount"] == 2
    alone = planned({"longhorn": {}}, **CLIENTS, pools=document()["pools"][:2], hosts=hosts)
    assert values(alone, "longhorn")["defaultSettings"]["defaultReplicaCount"] == 1, "servers keep none beside an agent"
    found = problem({"longhorn": {"disk": "data", "replicas": 2}}, **CLIENTS, **pools(MOUNTED), hosts=hosts)
    assert found.message == "2 copies need as many nodes with room for them, and there is 1"


def test_longhorn_knows_one_path() -> None:
    more = pools(MOUNTED)
    agents = more["pools"][2]
    disks = [{**MOUNTED, "mount": "/srv/other"}]
    more["pools"].append({**agents, "name": "others", "machines": ["other1"], "data_disks": disks, "vm_id_start": 300})
    found = problem({"longhorn": {"disk": "data"}}, **CLIENTS, **more)
    assert found.message.startswith("`data` is mounted at /srv/longhorn and /srv/other")


@pytest.mark.parametrize(
    ("system", "builder", "packages"),
    [("debian", "above-usr", {"linux-headers-amd64"}), ("ubuntu", None, {"linux-headers-virtual"}), ("flatcar", "without-usr-src", set())],
)
def test_drbds_module_is_built_as_each_system_has_its_headers(system: str, builder: str | None, packages: set[str]) -> None:
    plan = planned({"piraeus": PIRAEUS}, **pools(RAW, system))
    configurations = {one["metadata"]["name"]: one for one in manifests(plan)["piraeus-operator-cluster"]}
    assert {name for name in configurations if name.startswith("stardock-")} == {
        "stardock-pool",
        *([f"stardock-{builder}"] if builder else []),
    }
    hosts, before = inventory(plan), inventory(planned({}, **pools(RAW, system)))
    for name in ("server1", "agent1"):
        host, plain = hosts[f"host_vars/{name}.yml"], before[f"host_vars/{name}.yml"]
        assert host["kubernetes_node"]["labels"].get("stardock.io/piraeus-builder") == builder
        assert set(host["machine_packages"]) - set(plain["machine_packages"]) == packages
    assert hosts["host_vars/lb1.yml"] == before["host_vars/lb1.yml"]


def test_debian_12_has_headers_of_its_own() -> None:
    more = pools(RAW)
    for pool in more["pools"][1:]:
        pool["image"] = {"system": "debian", "release": "12"}
    names = [one["metadata"]["name"] for one in manifests(planned({"piraeus": PIRAEUS}, **more))["piraeus-operator-cluster"]]
    assert "stardock-above-usr" not in names


@pytest.mark.parametrize("system", ["microos", "leapmicro"])
def test_a_system_whose_kernel_nobody_builds_it_for_is_refused(system: str) -> None:
    found = problem({"piraeus": PIRAEUS}, **pools(RAW, system))
    assert (found.path, "cannot be built on server1" in found.message) == ("addons.piraeus", True)
    assert "debian" in str(found.cure)


@pytest.mark.parametrize("name", ["longhorn", "piraeus"])
def test_each_is_written_as_it_was(name: str) -> None:
    wanted, disk = ({"disk": "data"}, MOUNTED) if name == "longhorn" else ({"disk": "data", "default": True}, RAW)
    text = yaml_text(manifests(planned({name: wanted}, **CLIENTS, **pools(disk, "flatcar" if name == "piraeus" else None, 3))))
    golden = GOLDEN / f"{name}.yaml"
    assert text == golden.read_text(), f"if that is meant, write it into {golden}"
