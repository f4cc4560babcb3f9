"""What a machine is made of: its own words, its pool's, the defaults; and what a machine that exists keeps of it."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.model.parts import Agent, DataDisk, Device, DiskOptions, Ha, Startup, Usb
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.plan.views.privileges import needed
from stardock.workspace.records.lock_version import version
from tests.plans import plan_of, spec_of
from tests.unit.plan.clusters import cluster, pool

pytestmark = pytest.mark.unit

HA = Ha(nodes=("pve1", "pve2"))
DISKS = [
    {"name": "longhorn", "size": "100GiB", "mount": "/var/lib/longhorn", "filesystem": "xfs"},
    {"name": "raw", "size": "50GiB", "datastore": "ceph"},
]


@pytest.fixture
def data() -> dict[str, Any]:
    data = cluster(["pve1", "pve2"], server=["s1"], agent=["a1", "a2"])
    data["proxmox"]["datastores"] = {"shared": ["local-lvm", "ceph"]}  # what HA wants
    return data


def wishes(plan: Plan, name: str) -> dict[str, tuple[str, str]]:
    return {one.field: (one.old, one.new) for one in (*plan.changes, *plan.replacements) if one.machine == name}


def test_defaults_are_no_balloon_q35_seabios_serial_console_agent_and_the_order_of_roles(data: dict[str, Any]) -> None:
    plan, _ = plan_of(data)
    server, agent = plan.machine("s1"), plan.machine("a1")
    assert (server.balloon_mib, agent.balloon_mib, server.numa, server.hugepages, server.sockets) == (0, 0, False, None, 1)
    assert (server.chipset, server.firmware, server.tpm, server.serial, server.agent) == ("q35", "seabios", False, True, Agent())
    assert (server.startup, agent.startup) == (Startup(order=2), Startup(order=3))
    assert (server.stop_on_destroy, server.on_boot, server.ha, server.pve_pool, server.description) == (True, True, None, None, None)
    assert (server.data_disks, server.devices) == ((), ())


#: Key -> what the pool says, what a machine of it says.
WORDS: dict[str, tuple[Any, Any]] = {
    "numa": (True, False),
    "sockets": (2, 1),
    "firmware": ("ovmf", "seabios"),
    "chipset": ("i440fx", "q35"),
    "tpm": (True, False),
    "pve_pool": ("lab", "prod"),
    "description": (" ours \n", "mine"),
    "tags": (["a"], ["b"]),
    "startup": ({"order": 9, "up_delay": 30}, {"down_delay": 60}),
    "serial": (False, True),
    "agent": ({"timeout": "5m"}, {"enabled": True}),
    "stop_on_destroy": (False, True),
    "on_boot": (False, True),
    "ha": (True, False),
    "devices": (["gpu"], []),
    "disk_options": ({"cache": "writeback", "aio": "threads", "backup": False, "limits": {"mbps_wr": 100}}, {}),
    "usb": (["zigbee", {"mapping": "ups", "usb3": True}], []),
    "data_disks": (DISKS, []),
    "balloon": (0, "2GiB"),
}
#: The same as a plan has it.
PLANNED: dict[str, tuple[Any, Any]] = {
    **{key: WORDS[key] for key in ("numa", "sockets", "firmware", "chipset", "tpm", "pve_pool", "serial", "stop_on_destroy", "on_boot")},
    "description": ("ours", "mine"),
    "startup": (Startup(order=9, up_delay=30), Startup(order=3, down_delay=60)),
    "agent": (Agent(timeout_minutes=5), Agent()),
    "ha": (HA, None),
    "devices": ((Device(mapping="gpu"),), ()),
    "disk_options": (DiskOptions(cache="writeback", aio="threads", backup=False, limits={"mbps_wr": 100}), DiskOptions()),
    "usb": ((Usb(mapping="zigbee"), Usb(mapping="ups", usb3=True)), ()),
    "data_disks": (
        (
            DataDisk(name="longhorn", size_gib=100, datastore="local-lvm", slot=1, mount="/var/lib/longhorn", filesystem="xfs"),
            DataDisk(name="raw", size_gib=50, datastore="ceph", slot=2),
        ),
        (),
    ),
    "balloon_mib": (0, 2048),
}


def test_a_machines_own_word_goes_before_its_pools(data: dict[str, Any]) -> None:
    own = {"name": "a2"} | {key: second for key, (_, second) in WORDS.items()}
    pool(data, "agent").update({key: first for key, (first, _) in WORDS.items()}, machines=["a1", own])
    plan, _ = plan_of(data)
    one, other = plan.machine("a1"), plan.machine("a2")
    assert {field: (getattr(one, field), getattr(other, field)) for field in PLANNED} == PLANNED
    assert (one.tags[-1], other.tags[-1]) == ("a", "b")


@pytest.mark.proves("case 06-storage-per-pool")
def test_the_datastore_is_the_machines_own_else_its_pools_else_its_pve_nodes_and_data_disks_follow(data: dict[str, Any]) -> None:
    data["proxmox"]["nodes"][1] = {"name": "pve2", "datastores": {"disks": "zfs"}}
    pool(data, "server").update(machines=["s1", "s2"], data_disks=DISKS)
    own = {"name": "a2", "disk_datastore": "nvme"}
    pool(data, "agent").update(disk_datastore="hdd-pool", machines=["a1", own], data_disks=DISKS)
    plan, _ = plan_of(data)
    lies = {one.name: (one.disk_datastore, [disk.datastore for disk in one.data_disks]) for one in plan.machines}
    assert lies == {
        "s1": ("local-lvm", ["local-lvm", "ceph"]),
        "s2": ("zfs", ["zfs", "ceph"]),
        "a1": ("hdd-pool", ["hdd-pool", "ceph"]),
        "a2": ("nvme", ["nvme", "ceph"]),
    }
    assert {f"/storage/{name}" for name in ("local-lvm", "zfs", "hdd-pool", "nvme", "ceph")} <= needed(plan).keys()


@pytest.mark.proves("case 06-storage-per-pool")
def test_a_machine_that_exists_keeps_its_datastore_and_a_new_one_goes_to_the_wished(data: dict[str, Any]) -> None:
    before, lock = plan_of(data)
    pool(data, "agent").update(disk_datastore="hdd-pool", machines=["a1", "a2", "a3"])
    plan, after = plan_of(data, lock)
    assert [plan.machine(name) for name in ("a1", "a2")] == [before.machine(name) for name in ("a1", "a2")]
    assert plan.machine("a3").disk_datastore == "hdd-pool"
    assert wishes(plan, "a1") == {"disk_datastore": ("local-lvm", "hdd-pool")}
    accepted, _ = build(spec_of(data), after, "cluster.yaml", accept={"a1"})
    assert [accepted.machine(name).disk_datastore for name in ("a1", "a2")] == ["hdd-pool", "local-lvm"]


def test_flags_of_disks_follow_an_edit_on_machines_that_stand(data: dict[str, Any]) -> None:
    pool(data, "agent").update(data_disks=DISKS)
    _, lock = plan_of(data)
    flags = {"backup": False, "limits": {"iops_rd": 500}}
    pool(data, "agent").update(disk_options=flags, data_disks=[{**DISKS[0], **flags}, DISKS[1]])
    plan, after = plan_of(data, lock)
    machine = plan.machine("a1")
    changed = DiskOptions(backup=False, limits={"iops_rd": 500})
    assert (machine.disk_options, [disk.options for disk in machine.data_disks]) == (changed, [changed, DiskOptions()])
    assert wishes(plan, "a1") == {}
    assert (version(lock), version(after)) == (4, 5)


def test_a_balloon_on_a_server_is_a_warning(data: dict[str, Any]) -> None:
    pool(data, "server").update(balloon="1GiB")
    pool(data, "agent").update(balloon="1GiB")
    assert [warning for warning in plan_of(data)[0].warnings if "balloon" in warning] == [
        "s1: PVE may take memory from servers (`balloon`); etcd then stalls, and the cluster with it"
    ]


def test_huge_pages_warn_that_no_token_may_set_them(data: dict[str, Any]) -> None:
    pool(data, "agent").update(numa=True, hugepages="2MiB")
    (warning,) = [warning for warning in plan_of(data)[0].warnings if "hugepages" in warning]
    assert warning.startswith("a1, a2: PVE takes `hugepages` from root@pam's password only, from no API token")


def test_firmware_chipset_and_tpm_stay_until_accepted_and_are_reported(data: dict[str, Any]) -> None:
    before, lock = plan_of(data)
    pool(data, "agent").update(firmware="ovmf", chipset="i440fx", tpm=True)
    plan, after = plan_of(data, lock)
    assert plan.machine("a1") == before.machine("a1")
    assert wishes(plan, "a1") == {"firmware": ("seabios", "ovmf"), "chipset": ("q35", "i440fx"), "tpm": ("false", "true")}
    accepted, _ = build(spec_of(data), after, "cluster.yaml", accept={"a1"})
    assert (accepted.machine("a1").firmware, accepted.machine("a2").firmware) == ("ovmf", "seabios")


def test_a_data_disk_grows_and_is_never_smaller_moved_reformatted_or_taken_off(data: dict[str, Any]) -> None:
    pool(data, "agent").update(data_disks=DISKS)
    before, lock = plan_of(data)
    pool(data, "agent").update(data_disks=[{"name": "longhorn", "size": "60GiB", "datastore": "nvme", "filesystem": "ext4"}])
    plan, _ = plan_of(data, lock)
    assert [disk.size_gib for disk in plan.machine("a1").data_disks] == [100, 50]
    assert plan.machine("a1").data_disks[1] == before.machine("a1").data_disks[1]
    assert wishes(plan, "a1") == {
        "data_disks.longhorn.size": ("100GiB", "60GiB"),
        "data_disks.longhorn.datastore": ("local-lvm", "nvme"),
        "data_disks.longhorn.filesystem": ("xfs", "ext4"),
        "data_disks.raw": ("50GiB", "none"),
    }
    pool(data, "agent").update(data_disks=[DISKS[0] | {"size": "200GiB"}, DISKS[1]])
    grown, _ = plan_of(data, lock)
    assert (grown.machine("a1").data_disks[0].size_gib, wishes(grown, "a1")) == (200, {})


def test_a_data_disk_inserted_first_takes_a_new_slot_and_moves_no_other(data: dict[str, Any]) -> None:
    pool(data, "agent").update(data_disks=DISKS)
    before, lock = plan_of(data)
    pool(data, "agent").update(data_disks=[{"name": "first", "size": "1GiB"}, *reversed(DISKS)])
    plan, after = plan_of(data, lock)
    assert [(disk.name, disk.slot) for disk in plan.machine("a1").data_disks] == [("longhorn", 1), ("raw", 2), ("first", 3)]
    assert plan.machine("a1").data_disks[:2] == before.machine("a1").data_disks
    assert plan_of(data, after)[0] == plan


def test_a_vm_changes_its_pve_pool_and_does_not_leave_it(data: dict[str, Any]) -> None:
    pool(data, "agent").update(pve_pool="lab")
    _, lock = plan_of(data)
    pool(data, "agent").update(pve_pool="prod")
    moved, lock = plan_of(data, lock)
    assert (moved.machine("a1").pve_pool, wishes(moved, "a1")) == ("prod", {})
    del pool(data, "agent")["pve_pool"]
    left, _ = plan_of(data, lock)
    assert (left.machine("a1").pve_pool, wishes(left, "a1")) == ("prod", {"pve_pool": ("prod", "none")})


def test_what_pve_changes_in_place_follows_at_once(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    edit = {"numa": True, "sockets": 2, "balloon": "1GiB", "startup": {"order": 7}, "on_boot": False, "ha": True, "tags": ["x"]}
    pool(data, "agent").update(edit, description="new", serial=False, agent={"enabled": False})
    machine = plan_of(data, lock)[0].machine("a1")
    assert (machine.numa, machine.sockets, machine.balloon_mib, machine.startup, machine.on_boot) == (
        True,
        2,
        1024,
        Startup(order=7),
        False,
    )
    assert (machine.ha, machine.tags[-1], machine.description, machine.serial, machine.agent.enabled) == (HA, "x", "new", False, False)
