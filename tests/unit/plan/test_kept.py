"""What stands although cluster.yaml changed: retained, removed and returning names; values that only a replacement brings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stardock.errors import InputErrors, RefusedError
from stardock.model.lock import Lock
from stardock.model.plan import Change, Plan
from stardock.plan.build import build
from stardock.workspace.lock import forget
from tests.plans import plan_of, spec_of
from tests.unit.plan.clusters import cluster, interface, pool

pytestmark = pytest.mark.unit


@pytest.fixture
def data() -> dict[str, Any]:
    return cluster(["pve1", "pve2"], server=["s1", "s2", "s3"], agent=["a1", "a2"], loadbalancer=["lb1", "lb2"])


def changes(plan: Plan) -> list[tuple[str, str, str, str]]:
    return [(one.machine, one.field, one.old, one.new) for one in (*plan.changes, *plan.replacements)]


def test_a_name_taken_out_stays_exactly_as_it_was_last_planned(data: dict[str, Any]) -> None:
    before, lock = plan_of(data)
    pool(data, "agent")["machines"] = ["a2"]
    data["maintenance"] = {"slots": [3]}
    data["cloud_init"] = {"packages": ["nfs-common"]}
    plan, after = plan_of(data, lock)
    assert plan.retained == ("a1",)
    assert plan.machines[-1] == before.machine("a1")
    assert after.machines["a1"] == lock.machines["a1"]
    assert "nfs-common" in plan.machine("a2").packages
    assert any("a1" in warning and "remove: [a1]" in warning for warning in plan.warnings)


def test_a_whole_pool_taken_out_stays(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    before, _ = plan_of(data, lock)
    data["pools"] = [one for one in data["pools"] if one["role"] != "loadbalancer"]
    del data["network"]["loadbalancer"]
    plan, _ = plan_of(data, lock)
    assert plan.retained == ("lb1", "lb2")
    assert plan.load_balancing == before.load_balancing
    assert plan.asked == ("10.0.0.2",)
    del data["network"]["vip"]
    with pytest.raises(InputErrors) as caught:
        plan_of(data, lock)
    assert "lb1, lb2 still exist" in caught.value.problems[0].message


def test_a_name_under_remove_goes_and_keeps_its_values_for_its_return(data: dict[str, Any]) -> None:
    first, lock = plan_of(data)
    pool(data, "agent")["machines"] = ["a2", "a3"]
    data["remove"] = ["a1"]
    plan, after = plan_of(data, lock)
    assert plan.removed == ("a1",)
    assert "a1" not in {machine.name for machine in plan.machines}
    assert (plan.machine("a3").vm_id, plan.machine("a3").address) == (3002, "10.0.11.186")
    again, same = plan_of(data, after)
    assert (again, same) == (plan, after)
    pool(data, "agent")["machines"] = ["a2", "a3", "a1"]
    data["remove"] = []
    returned, _ = plan_of(data, after)
    assert returned.machine("a1") == first.machine("a1")


def test_a_removed_machine_leaves_room_on_its_pve_node(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    pool(data, "agent")["machines"] = ["a2", "a3"]
    data["remove"] = ["a1"]
    plan, _ = plan_of(data, lock)
    assert plan.machine("a3").pve_node == "pve1"


def test_a_retired_names_values_are_reused_only_when_the_range_has_no_other(data: dict[str, Any]) -> None:
    data["network"]["agent"] = [{"name": "ens18", "static": {"base": "10.1.0.0", "offset": 5, "prefix": 29}}]
    _, lock = plan_of(data)
    pool(data, "agent")["machines"] = ["a2"]
    data["remove"] = ["a1"]
    _, lock = plan_of(data, lock)
    pool(data, "agent")["machines"] = ["a2", "a3"]
    plan, after = plan_of(data, lock)
    assert (plan.machine("a3").address, plan.machine("a3").vm_id) == ("10.1.0.5", 3000)
    assert "a1" not in after.machines


def test_forget_frees_a_removed_name_and_refuses_one_that_stands(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    pool(data, "agent")["machines"] = ["a2"]
    data["remove"] = ["a1"]
    _, lock = plan_of(data, lock)
    with pytest.raises(RefusedError, match="a2 still exists"):
        forget(lock, "a2")
    with pytest.raises(RefusedError, match="nothing for a9"):
        forget(lock, "a9")
    pool(data, "agent")["machines"] = ["a2", "a3"]
    plan, _ = plan_of(data, forget(lock, "a1"))
    assert plan.machine("a3").vm_id == 3000
    assert plan.warnings[-1] == "the lock has no machine a1, which is listed under `remove`: delete it there"


def test_the_founder_is_the_first_server_and_stays_it(data: dict[str, Any]) -> None:
    plan, lock = plan_of(data)
    assert plan.founder == "s1"
    pool(data, "server")["machines"] = ["s0", "s3", "s2"]
    plan, lock = plan_of(data, lock)
    assert plan.founder == "s1"
    data["remove"] = ["s1"]
    assert plan_of(data, lock)[0].founder == "s0"


def test_an_explicit_value_that_differs_from_the_lock_waits_for_accept(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    wish = {"name": "s2", "hostname": "s2.lan", "vm_id": 1500, "pve_node": "pve1", "addresses": {"ens18": "10.0.8.8"}}
    pool(data, "server")["machines"][1] = wish
    plan, after = plan_of(data, lock)
    assert (plan.machine("s2").vm_id, plan.machine("s2").pve_node, plan.machine("s2").address) == (1001, "pve2", "10.0.3.233")
    assert after == lock
    assert plan.changes == (
        Change(machine="s2", field="pve_node", old="pve2", new="pve1"),
        Change(machine="s2", field="vm_id", old="1001", new="1500"),
        Change(machine="s2", field="hostname", old="s2", new="s2.lan"),
        Change(machine="s2", field="ens18.address", old="10.0.3.233", new="10.0.8.8"),
    )
    accepted, lock = build(spec_of(data), lock, "cluster.yaml", accept={"s2"})
    assert (accepted.machine("s2").vm_id, accepted.machine("s2").pve_node, accepted.machine("s2").address) == (1500, "pve1", "10.0.8.8")
    assert changes(accepted) == changes(plan_of(data, lock)[0]) == []


IMAGE = {"system": "debian", "url": "https://example.org/images/13/debian.qcow2", "checksum": f"sha256:{'a' * 64}"}


@pytest.mark.parametrize(
    ("edit", "fields"),
    [
        (lambda data: data.update(image=IMAGE), ["image.url", "image.checksum"]),
        (lambda data: data.update(image={"system": "microos"}), ["image.system", "image.url"]),
        (lambda data: data["proxmox"].update(datastores={"disks": "ceph", "snippets": "nfs"}), ["disk_datastore", "snippet_datastore"]),
        (lambda data: pool(data, "server").update(disk="30GiB"), ["disk"]),
        (lambda data: pool(data, "server").update(disk_interface="virtio0"), ["disk_interface"]),
        (lambda data: data["network"].update(server=[{"name": "ens18"}]), ["ens18.address"]),
        (lambda data: data["network"].update(server=[interface(1000), {"name": "ens19"}]), ["interfaces"]),
        (lambda data: data["network"]["server"][0]["static"].update(gateway="10.0.0.9", prefix=17), ["ens18.prefix", "ens18.gateway"]),
    ],
    ids=["image pin", "system", "datastores", "smaller disk", "disk interface", "dhcp", "one NIC more", "gateway and prefix"],
)
def test_what_only_a_replacement_brings_is_listed_and_held_back(data: dict[str, Any], edit: Any, fields: list[str]) -> None:
    before, lock = plan_of(data)
    edit(data)
    plan, after = plan_of(data, lock)
    wished = [field for machine, field, *_ in changes(plan) if machine == "s1" and field != "image.checksum"]
    assert wished == [field for field in fields if field != "image.checksum"]
    assert plan.machine("s1") == before.machine("s1")
    assert after.machines["s1"] == lock.machines["s1"]
    assert plan.changes == ()
    renewed, _ = build(spec_of(data), lock, "cluster.yaml", accept={"s1"})
    assert {machine for machine, *_ in changes(renewed)} == {machine for machine, *_ in changes(plan)} - {"s1"}


def test_what_a_running_machine_can_take_is_planned_at_once(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    pool(data, "server").update(cores=8, memory="16GiB", disk="80GiB", labels={"zone": "a"})
    data["network"]["server"][0].update(bridge="vmbr1", vlan=20)
    data["network"]["server"][0]["dns"] = ["10.0.0.53"]
    plan, _ = plan_of(data, lock)
    machine = plan.machine("s1")
    assert (machine.cores, machine.memory_mib, machine.disk_gib, machine.labels) == (8, 16384, 80, {"zone": "a"})
    nic = machine.interfaces[0]
    assert (nic.bridge, nic.vlan, nic.dns, nic.mac) == ("vmbr1", 20, ("10.0.0.53",), lock.machines["s1"].record.interfaces[0].mac)
    assert changes(plan) == []


def test_an_imported_machine_keeps_its_first_boot_files_until_it_is_accepted(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    record = replace(lock.machines["s1"].record, cicustom="user=local:snippets/s1.lan-user-data")
    imported = replace(lock, machines={**lock.machines, "s1": replace(lock.machines["s1"], record=record)})
    plan, after = plan_of(data, imported)
    assert (plan.machine("s1"), after, changes(plan)) == (record, imported, [])
    assert build(spec_of(data), imported, "cluster.yaml", accept={"s1"})[0].machine("s1").cicustom is None


def test_a_new_image_pin_has_a_file_name_of_its_own(data: dict[str, Any]) -> None:
    plan, lock = plan_of(data)
    data["image"] = {"system": "debian", "url": "https://example.org/13/debian-12-genericcloud-amd64.qcow2"}
    pool(data, "server")["machines"].append("s4")
    after, _ = plan_of(data, lock)
    assert after.machine("s1").image == plan.machine("s1").image
    assert after.machine("s4").image.file_name != plan.machine("s1").image.file_name
    assert after.machine("s4").image.file_name.endswith(".qcow2")


def test_slots_may_change_because_the_lock_keeps_the_place(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    data["maintenance"] = {"slots": [2, 3], "offsets": [0, 30]}
    plan, after = plan_of(data, lock)
    assert [machine.window.start for machine in plan.of_role("server") if machine.window] == ["02:00", "02:30", "03:00"]
    assert {name: machine.place for name, machine in after.machines.items()} == {n: m.place for n, m in lock.machines.items()}


def test_the_vrrp_id_is_kept(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    other = Lock(cluster=lock.cluster, founder=lock.founder, vrid=7, machines=lock.machines)
    plan, after = plan_of(data, other)
    assert plan.load_balancing is not None
    assert plan.load_balancing.vrid == after.vrid == 7
