"""What a proof may touch, and the file of its machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from stardock.plan.views.privileges import needed
from stardock.prove.document import document
from stardock.prove.role import proof_grants
from stardock.prove.scope import is_cluster, parse_ids
from stardock.prove.things import Budget, Vm, Volume, budget, things
from tests.plans import document as example
from tests.unit.prove.proofs import SCOPE, WANTED, proof_plan

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("text", ["", "99000", "99031-99000", "9-20", "1-2", "99000-99999", "a-b", "99000-99001;x", "-1-5"])
def test_what_is_no_range_of_vm_ids_is_refused_with_words(text: str) -> None:
    with pytest.raises(ValueError, match="VM ids"):
        parse_ids(text)


def test_a_range_has_both_its_ends() -> None:
    assert parse_ids("100-101") == (100, 101)
    assert list(SCOPE.ids)[:: len(SCOPE.ids) - 1] == [99000, 99031]


def test_only_a_drawn_name_is_a_proofs() -> None:
    assert is_cluster("prove-0123abcd")
    assert not [name for name in ("prove", "prove-", "prove-0123abc", "prove-0123ABCD", "home", "prove-0123abcd.x") if is_cluster(name)]


def test_of_the_persons_file_only_proxmox_and_the_first_nic_of_servers_are_taken() -> None:
    data = example("vlan-and-disks")
    made = document(data, Path("/clusters/home"), WANTED)
    assert set(made) == {"cluster", "proxmox", "image", "ssh", "network", "pools", "protect"}
    assert {nic.bridge for machine in proof_plan(data).machines for nic in machine.interfaces} == {"vmbr0"}
    assert [machine.address for machine in proof_plan(data).machines] == [None, None], "by DHCP: no address of the person's is taken"
    assert made["ssh"]["keys"] == [WANTED.key]


def test_keys_are_found_from_the_folder_of_the_persons_file_and_placement_is_left_out() -> None:
    data = example("quickstart")
    node = {"name": "pve1", "address": "192.0.2.1", "memory": "8GiB", "cores": 4, "ssh_private_key": "keys/pve1"}
    data["proxmox"] |= {"nodes": ["pve0", node], "ssh": {"private_key": "id", "user": "terraform"}}
    proxmox = document(data, Path("/clusters/home"), WANTED)["proxmox"]
    assert proxmox["nodes"] == ["pve0", {"name": "pve1", "address": "192.0.2.1", "ssh_private_key": "/clusters/home/keys/pve1"}]
    assert proxmox["ssh"] == {"private_key": "/clusters/home/id", "user": "terraform"}
    data["proxmox"]["ssh"]["private_key"] = "~/.ssh/id"
    assert document(data, Path("/clusters/home"), WANTED)["proxmox"]["ssh"]["private_key"] == "~/.ssh/id"


def test_all_that_is_made_has_the_proofs_name_and_the_budget_is_its_sum() -> None:
    plan = proof_plan(example())
    made = things(plan)
    vms = [one for one in made if isinstance(one, Vm)]
    assert [(one.vm_id, one.name) for one in vms] == [(99000, "prove-0123abcd-server"), (99001, "prove-0123abcd-agent")]
    assert all({"stardock", SCOPE.cluster} <= set(one.tags) for one in vms)
    volumes = [one for one in made if isinstance(one, Volume)]
    assert {one.volume.partition(":")[2].partition("/")[2].partition(".")[0] for one in volumes} == {SCOPE.cluster}
    assert [one.what for one in volumes].count("snippet") == 6
    assert made.index(vms[0]) > max(map(made.index, volumes)), "files come before the machines that need them"
    assert budget(plan) == Budget(machines=2, cores=3, memory_mib=6144, disk_gib=41)


def test_the_role_is_the_plans_but_vms_are_reached_through_the_pool_and_each_id_once() -> None:
    plan = proof_plan(example())
    grants = {grant.kind: grant for grant in proof_grants(plan, SCOPE)}
    assert grants["machines"].paths == ("/pool/stardock-prove",)
    assert grants["new"].paths == tuple(f"/vms/{vm_id}" for vm_id in range(99000, 99032))
    assert grants["new"].privileges == ("VM.Config.Options", "VM.Config.Disk")
    paths = {path for grant in grants.values() for path in grant.paths}
    assert "/vms" not in paths
    assert paths >= set(needed(plan)) - {"/vms"}
