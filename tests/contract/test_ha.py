"""PVE HA by the real provider: made, planned clean, moved by the manager, planned clean where the machine now is, destroyed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.estate import Estate, estate
from tests.contract.test_hardware import Data, Made, machines
from tests.plans import document

pytestmark = [pytest.mark.contract, pytest.mark.one_life("HA")]


def cluster(pve: Estate) -> Data:
    """Two servers under HA; one has its snippets copied, as its datastore is each node's own."""
    data = document("single")
    data["proxmox"] |= {"endpoint": pve.settings.endpoint, "nodes": [], "datastores": {"disks": "ceph", "shared": ["ceph", "nfs"]}}
    for name, port in pve.ssh_ports.items():
        data["proxmox"]["nodes"].append({"name": name, "address": "127.0.0.1", "ssh_port": port})
    data["pools"] = [{"name": "servers", "role": "server", "machines": ["server1", "server2"], "ha": {"max_restart": 2}}]
    return data


def snippets(pve: Estate, folder: str) -> set[str]:
    """The snippets of a node, or of the shared storage."""
    return {path.name for path in (pve.directory / "pve" / folder / "snippets").iterdir()}


@contextmanager
def applied(folder: Path, where: str) -> Iterator[Made]:
    """The cluster with its snippets on that storage, applied; everything asked of PVE was accepted."""
    (folder / "pve").mkdir()
    with estate(folder / "pve", ssh=True, storages={"local": "dir", "ceph": "rbd", "nfs": "nfs"}) as pve:
        data = cluster(pve)
        data["proxmox"]["datastores"]["snippets"] = where
        done = Made(pve, folder / "cluster", data)
        done.engine().apply()
        refused = {key: count for key, count in pve.lab("status")["requests"].items() if not key.endswith(" 200")}
        assert refused == {}
        yield done


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """With snippets on each PVE node's own storage."""
    with applied(tmp_path_factory.mktemp("ha"), "local") as done:
        yield done


def places(made: Made) -> dict[str, tuple[str, str]]:
    """PVE node and power of each machine."""
    return {vm["name"]: (vm["node"], vm["status"]) for vm in made.pve.listed()}


def lose_home(made: Made) -> tuple[str, str]:
    """The PVE node of server1 fails and comes back; where server1 was and where it is."""
    home, _ = places(made)["server1"]
    made.pve.lab("node", name=home, offline=True)
    moved, power = places(made)["server1"]
    made.pve.lab("node", name=home)
    assert (moved != home, power) == (True, "running")
    return home, moved


NAMES = {f"single.{name}.{kind}.yaml" for name in ("server1", "server2") for kind in ("user", "network", "meta")}


@pytest.mark.only_looks
def test_snippets_lie_on_every_allowed_node_and_a_strict_rule_names_those(made: Made) -> None:
    assert [snippets(made.pve, f"{node}/local") for node in ("pve1", "pve2", "pve3")] == [NAMES, NAMES, NAMES]
    described = made.pve.get("/cluster/ha/resources/vm:210")
    assert {"state": "started", "max_restart": 2, "max_relocate": 1}.items() <= described.items()
    rule = made.pve.get("/cluster/ha/rules/stardock-single-server1")
    assert (rule["type"], rule["strict"], rule["resources"]) == ("node-affinity", 1, "vm:210")
    assert sorted(rule["nodes"].split(",")) == ["pve1:1", "pve2:1", "pve3:1"]


@pytest.mark.only_looks
def test_snippets_on_shared_storage_lie_there_once_and_the_machine_moves_as_well(tmp_path: Path) -> None:
    with applied(tmp_path, "nfs") as made:
        assert snippets(made.pve, ".shared/nfs") == NAMES
        assert [snippets(made.pve, f"{node}/local") for node in ("pve1", "pve2", "pve3")] == [set(), set(), set()]
        lose_home(made)
        assert made.engine().plan() == []


@pytest.mark.only_looks
def test_the_second_plan_is_clean(made: Made) -> None:
    assert made.engine().plan() == []


@pytest.mark.proves("feature PVE HA")
def test_a_machine_whose_pve_node_fails_is_moved_restarted_and_left_there_by_the_next_apply(made: Made) -> None:
    _, moved = lose_home(made)
    assert made.engine().plan() == [], "neither is it moved back nor made again"
    made.engine().apply()
    assert places(made)["server1"] == (moved, "running")


def test_attempts_change_in_place_and_ha_goes_without_its_machine(made: Made) -> None:
    engine = made.engine(
        lambda data: data["pools"][0].update(ha={"max_restart": 0}, machines=["server1", {"name": "server2", "ha": False}])
    )
    changes = engine.plan()
    assert machines(changes) == {}
    ha = {change.address: change.actions for change in changes if "file" not in change.address}
    assert ha == {
        "proxmox_haresource.server1": ("update",),
        "proxmox_haresource.server2": ("delete",),
        "proxmox_harule.server2": ("delete",),
    }
    engine.apply()
    assert [one["sid"] for one in made.pve.get("/cluster/ha/resources")] == ["vm:210"]
    assert places(made)["server2"][1] == "running"


def test_ha_that_somebody_took_away_comes_back(made: Made) -> None:
    assert made.pve.ask("DELETE", "/cluster/ha/resources/vm:210").status == 200
    engine = made.engine(lambda data: data["pools"][0].update(machines=["server1", "server2"]))
    changes = engine.plan()
    assert {change.actions for change in changes} == {("create",)}
    assert {"proxmox_haresource.server1", "proxmox_harule.server1"} < {change.address for change in changes}
    engine.apply()
    assert engine.plan() == []


def test_a_machine_that_is_replaced_is_under_ha_again(made: Made) -> None:
    engine = made.engine()
    target = "-replace=proxmox_virtual_environment_vm.server2"
    renewed = {change.address: change.actions for change in engine.plan(target)}
    assert set(renewed) == {"proxmox_virtual_environment_vm.server2", "proxmox_haresource.server2", "proxmox_harule.server2"}
    assert set(renewed.values()) == {("delete", "create")}
    engine.apply(target)
    assert [one["sid"] for one in made.pve.get("/cluster/ha/resources")] == ["vm:210", "vm:211"]
    assert {one["rule"] for one in made.pve.get("/cluster/ha/rules")} == {"stardock-single-server1", "stardock-single-server2"}
    assert engine.plan() == []


def test_destroy_takes_ha_away_first(made: Made) -> None:
    made.engine().run("destroy", "-auto-approve")
    assert made.pve.get("/cluster/resources", type_="vm") == []
    assert (made.pve.get("/cluster/ha/resources"), made.pve.get("/cluster/ha/rules")) == ([], [])
