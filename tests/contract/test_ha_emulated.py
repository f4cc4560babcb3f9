"""The emulated HA manager: what it refuses, and where a VM goes whose PVE node fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.estate import Estate, estate
from tests.waiting import until

pytestmark = pytest.mark.contract

STORAGES = {"local": "dir", "local-lvm": "lvmthin", "ceph": "rbd", "nfs": "nfs"}
SID = "vm:200"


@pytest.fixture
def pve(tmp_path: Path) -> Iterator[Estate]:
    """An emulated PVE with shared storages."""
    with estate(tmp_path, storages=STORAGES) as made:
        yield made


def vm(pve: Estate, *, disk: str = "ceph", snippets: str = "nfs", nodes: tuple[str, ...] = ("pve1",)) -> None:
    """VM 200 on pve1, started, with a user snippet on these nodes' storage."""
    for node in nodes:
        pve.snippet(node, "user.yaml", "#cloud-config\n", storage=snippets)
    options: dict[str, Any] = {"scsi0": f"{disk}:8", "ide2": f"{disk}:cloudinit", "cicustom": f"user={snippets}:snippets/user.yaml"}
    assert pve.do("POST", "/nodes/pve1/qemu", vmid=200, name="vm", memory=512, **options).status == "OK"
    assert pve.do("POST", "/nodes/pve1/qemu/200/status/start").status == "OK"


def manage(pve: Estate, **options: Any) -> None:
    """Puts it under HA."""
    assert pve.ask("POST", "/cluster/ha/resources", sid=SID, **options).status == 200


def where(pve: Estate) -> tuple[str, str, str]:
    """PVE node, power, the manager's word."""
    (found,) = pve.listed()
    service = next(one for one in pve.get("/cluster/ha/status/current") if one.get("sid") == SID)
    return found["node"], found["status"], service["state"]


def test_a_vm_on_shared_storage_starts_on_another_node_when_its_own_fails_and_stays_there(pve: Estate) -> None:
    vm(pve)
    manage(pve)
    assert where(pve) == ("pve1", "running", "started")
    pve.lab("node", name="pve1", offline=True)
    assert where(pve) == ("pve2", "running", "started")
    assert pve.ask("GET", "/nodes/pve1/status").status == 595
    pve.lab("node", name="pve1")
    assert where(pve) == ("pve2", "running", "started")
    assert pve.get("/nodes/pve2/qemu/200/config")["cicustom"] == "user=nfs:snippets/user.yaml"


def test_a_vm_whose_snippets_are_not_on_the_target_node_cannot_start_there(pve: Estate) -> None:
    vm(pve, snippets="local")
    manage(pve, max_restart=0)
    pve.lab("node", name="pve1", offline=True)
    assert where(pve) == ("pve3", "stopped", "error"), "tried on pve2, then on pve3"


def test_snippets_on_every_node_are_as_good_as_shared_ones(pve: Estate) -> None:
    vm(pve, snippets="local", nodes=("pve1", "pve2", "pve3"))
    manage(pve)
    pve.lab("node", name="pve1", offline=True)
    assert where(pve) == ("pve2", "running", "started")


def test_a_vm_whose_disk_stayed_behind_cannot_start_elsewhere(pve: Estate) -> None:
    vm(pve, disk="local-lvm")
    manage(pve)
    pve.lab("node", name="pve1", offline=True)
    assert where(pve)[1:] == ("stopped", "error")


def test_a_strict_rule_says_where_a_vm_may_go_and_without_a_node_it_waits(pve: Estate) -> None:
    vm(pve)
    manage(pve)
    rule = {"rule": "home", "type_": "node-affinity", "resources": SID, "nodes": "pve1,pve3:2", "strict": 1}
    assert pve.ask("POST", "/cluster/ha/rules", **rule).status == 200
    pve.lab("node", name="pve1", offline=True)
    assert where(pve) == ("pve3", "running", "started")
    pve.lab("node", name="pve3", offline=True)
    assert where(pve) == ("pve3", "unknown", "recovery")
    pve.lab("node", name="pve1")
    assert where(pve) == ("pve1", "running", "started")


def test_a_vm_without_ha_stays_down_with_its_node(pve: Estate) -> None:
    vm(pve)
    pve.lab("node", name="pve1", offline=True)
    (found,) = pve.listed()
    assert (found["node"], found["status"]) == ("pve1", "unknown")


def test_what_is_managed_is_started_and_stopped_by_the_manager(pve: Estate) -> None:
    vm(pve)
    manage(pve, max_relocate=2, comment="ours")
    current = "/nodes/pve1/qemu/200/status/current"
    assert pve.do("POST", "/nodes/pve1/qemu/200/status/stop").status == "OK"
    assert pve.get(f"/cluster/ha/resources/{SID}")["state"] == "stopped"
    until(lambda: pve.get(current)["status"] == "stopped", "the manager, which was only told, to stop it")
    assert pve.do("POST", "/nodes/pve1/qemu/200/status/start").status == "OK"
    described = {"sid": SID, "type": "vm", "state": "started", "max_relocate": 2, "comment": "ours"}
    assert described.items() <= pve.get("/cluster/ha/resources/200").items()
    assert (pve.get(current)["status"], pve.get(current)["ha"]) == ("running", {"managed": 1, "state": "started"})
    assert pve.do("POST", "/nodes/pve1/qemu/200/status/stop").status == "OK"
    until(lambda: pve.get(current)["status"] == "stopped", "the manager to stop it")
    assert "used in HA resources and purge" in pve.ask("DELETE", "/nodes/pve1/qemu/200").reason
    assert pve.do("DELETE", "/nodes/pve1/qemu/200", purge=1).status == "OK"
    assert pve.get("/cluster/ha/resources") == []


@pytest.mark.parametrize(
    ("path", "parameters", "words"),
    [
        ("resources", {"sid": "vm:999"}, "resource 'vm:999' does not exist in cluster"),
        ("resources", {"sid": "200 "}, "sid: invalid format"),
        ("resources", {"sid": SID, "type_": "ct"}, "types does not match"),
        ("resources", {"sid": SID, "group": "all"}, "ha groups have been migrated to rules"),
        ("resources", {"sid": SID, "state": "running"}, "state: value 'running'"),
        ("resources", {"sid": SID, "max_restart": -1}, "max_restart: value must have a minimum value of 0"),
        ("rules", {"rule": "a1", "type_": "node-affinity", "resources": SID, "nodes": "pve1"}, "cannot use unmanaged resource(s) vm:200."),
        ("rules", {"rule": "a1", "type_": "node-affinity", "resources": SID}, "nodes: missing value for required option"),
        ("rules", {"rule": "1", "type_": "node-affinity", "resources": SID, "nodes": "pve1"}, "rule: invalid format"),
        ("rules", {"rule": "a1", "type_": "place", "resources": SID, "nodes": "pve1"}, "type: value 'place'"),
    ],
)
def test_ha_that_cannot_be_is_refused(pve: Estate, path: str, parameters: dict[str, Any], words: str) -> None:
    vm(pve)
    answer = pve.ask("POST", f"/cluster/ha/{path}", **parameters)
    assert answer.status in {400, 500}
    assert words in " ".join([answer.reason, *(f"{key}: {text}" for key, text in answer.errors.items())])


def test_one_resource_is_managed_once_and_in_one_rule_and_goes_with_its_rules(pve: Estate) -> None:
    vm(pve)
    manage(pve)
    assert pve.ask("POST", "/cluster/ha/resources", sid="200").reason.endswith("resource ID 'vm:200' already defined")
    rule = {"type_": "node-affinity", "resources": SID, "nodes": "pve1"}
    assert pve.ask("POST", "/cluster/ha/rules", rule="one", **rule).status == 200
    assert "already used in another node affinity rule" in pve.ask("POST", "/cluster/ha/rules", rule="two", **rule).errors["resources"]
    assert pve.ask("PUT", "/cluster/ha/rules/one", type_="node-affinity", nodes="pve9").reason == "cannot use non-existent node(s) pve9."
    assert pve.ask("DELETE", f"/cluster/ha/resources/{SID}").status == 200
    assert pve.get("/cluster/ha/rules") == []
    assert pve.ask("GET", f"/cluster/ha/resources/{SID}").reason == f"no such resource '{SID}'"
