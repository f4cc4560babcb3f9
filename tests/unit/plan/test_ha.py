"""PVE HA in the plan: where a machine may be moved to, and what must be there before it is."""

from __future__ import annotations

from typing import Any

import pytest

from pve.template import literal
from stacks.props import ha_props, machine_props, snippet_copies
from stardock.errors import InputErrors
from stardock.model.parts import Ha
from tests.plans import plan_of
from tests.unit.plan.clusters import cluster, pool

pytestmark = pytest.mark.unit

NODES = ["pve1", "pve2", "pve3"]


@pytest.fixture
def data() -> dict[str, Any]:
    """One server, and an agent under HA on shared disks."""
    data = cluster(NODES, server=["s1"], agent=["a1"])
    data["proxmox"]["datastores"] = {"disks": "ceph", "shared": ["ceph"]}
    pool(data, "agent").update(ha=True)
    return data


def refused(data: dict[str, Any]) -> list[str]:
    with pytest.raises(InputErrors) as caught:
        plan_of(data)
    return [f"{problem.path}: {problem.message}: {problem.cure}" for problem in caught.value.problems]


def test_a_machine_under_ha_may_go_to_every_pve_node_of_its_pool(data: dict[str, Any]) -> None:
    assert plan_of(data)[0].machine("a1").ha == Ha(nodes=("pve1", "pve2", "pve3"))
    pool(data, "agent").update(nodes=["pve3", "pve1"], ha={"max_restart": 2, "max_relocate": 3})
    assert plan_of(data)[0].machine("a1").ha == Ha(max_restart=2, max_relocate=3, nodes=("pve1", "pve3"))
    assert plan_of(data)[0].machine("s1").ha is None


def test_its_snippets_lie_on_every_such_node_or_once_on_a_shared_datastore(data: dict[str, Any]) -> None:
    plan, _ = plan_of(data)
    a1 = machine_props("prod", plan.machine("a1"), image=literal("local:import/x.qcow2"), replace=False)
    copies = snippet_copies(plan, plan.machine("a1"), a1)
    assert {key: one.pve_node for key, one in copies.items()} == {
        f"{kind}--{node}": node for node in ("pve2", "pve3") for kind in ("user", "network", "meta")
    }
    assert {one.volume for key, one in copies.items() if key.startswith("user")} == {a1.user.volume}
    data["proxmox"]["datastores"] |= {"snippets": "nfs", "shared": ["ceph", "nfs"]}
    plan, _ = plan_of(data)
    assert snippet_copies(plan, plan.machine("a1"), a1) == {}
    assert ha_props(plan, plan.machine("a1")).nodes == NODES


def test_a_disk_that_would_stay_behind_is_refused_with_the_datastore_named(data: dict[str, Any]) -> None:
    data["proxmox"]["datastores"] = {"disks": "local-lvm"}
    (problem,) = refused(data)
    assert problem.startswith("pools[1].ha: a1: HA moves the machine without its disk, which is on local-lvm: put it on a shared datastore")
    data["proxmox"]["datastores"] = {"disks": "ceph", "shared": ["ceph"]}
    pool(data, "agent").update(data_disks=[{"name": "data", "size": "1GiB", "datastore": "nvme"}])
    (problem,) = refused(data)
    assert "without its data disk data, which is on nvme" in problem


def test_ha_where_it_cannot_help_is_a_warning(data: dict[str, Any]) -> None:
    pool(data, "agent").update(nodes=["pve2"])
    data["proxmox"]["nodes"] = ["pve1", "pve2"]
    found = [warning for warning in plan_of(data)[0].warnings if "HA" in warning]
    assert found == [
        "a1: HA needs the majority of at least 3 PVE nodes; 2 are named",
        "a1: one PVE node is allowed (`nodes`), so that HA has nowhere to move to",
    ]


def test_a_pve_node_more_or_less_moves_no_machine_and_changes_where_it_may_go(data: dict[str, Any]) -> None:
    before, lock = plan_of(data)
    data["proxmox"]["nodes"] = [*NODES, "pve4"]
    plan, _ = plan_of(data, lock)
    assert plan.machine("a1").pve_node == before.machine("a1").pve_node
    assert plan.machine("a1").ha == Ha(nodes=("pve1", "pve2", "pve3", "pve4"))
