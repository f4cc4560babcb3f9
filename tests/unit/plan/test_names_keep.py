"""Invariant 1: whatever is edited, no other machine moves. Random clusters, random edits."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stardock.model.lock import Lock, allocation
from stardock.model.plan import Plan
from stardock.plan.allocation.claims import static_addresses
from stardock.workspace.lock import to_json
from tests.plans import plan_of
from tests.unit.plan.clusters import cluster, numbered, pool

pytestmark = pytest.mark.unit

ROLES = ("server", "agent", "loadbalancer")


class Estate:
    """A cluster under edits. Every edit is planned with the lock of the edit before."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.made = 0
        self.gone: dict[str, list[str]] = {role: [] for role in ROLES}
        self.given: dict[str, tuple[object, ...]] = {}
        self.lock: Lock | None = None
        self.plan_again()

    def plan_again(self) -> None:
        """Plan, and hold every name that ever was to what it was given first."""
        plan, lock = plan_of(self.data, self.lock)
        self._new_ones_stand_apart(plan)
        for name, machine in lock.machines.items():
            assert self.given.setdefault(name, allocation(machine)) == allocation(machine), name
        self._everything_is_alone(plan, lock)
        again, same = plan_of(copy.deepcopy(self.data), lock)
        assert again.machines == plan.machines
        assert to_json(same) == to_json(lock)
        self.lock = lock

    def _new_ones_stand_apart(self, plan: Plan) -> None:
        """A server or load balancer never seen before shares a PVE node only where no allowed one is free."""
        for machine in (*plan.of_role("server"), *plan.of_role("loadbalancer")):
            taken = Counter(other.pve_node for other in plan.of_role(machine.role))
            nodes = pool(self.data, machine.role).get("nodes") or self.data["proxmox"]["nodes"]
            if machine.name not in self.given and taken[machine.pve_node] > 1:
                assert set(nodes) <= set(taken), machine.name

    def _everything_is_alone(self, plan: Plan, lock: Lock) -> None:
        ids = [machine.record.vm_id for machine in lock.machines.values()]
        macs = [nic.mac for machine in lock.machines.values() for nic in machine.record.interfaces]
        addresses = [text for machine in lock.machines.values() for nic in machine.record.interfaces for text in static_addresses(nic)]
        places = [(machine.record.role, machine.place) for machine in lock.machines.values()]
        for values in (ids, macs, addresses, places):
            assert len(set(values)) == len(values)
        assert lock.founder in {machine.name for machine in plan.of_role("server")}

    def insert(self, role: str, position: int) -> None:
        """A new name anywhere in the list."""
        names = pool(self.data, role)["machines"]
        self.made += 1
        names.insert(position % (len(names) + 1), f"new{self.made}")

    def delete(self, role: str, position: int, *, remove: bool) -> None:
        """A name less; under `remove` or only taken out."""
        names = pool(self.data, role)["machines"]
        if len(names) > 1:
            name = names.pop(position % len(names))
            self.gone[role].append(name)
            if remove:
                self.data.setdefault("remove", []).append(name)

    def bring_back(self, role: str, position: int) -> None:
        """A name that was there before."""
        if self.gone[role]:
            name = self.gone[role].pop(position % len(self.gone[role]))
            pool(self.data, role)["machines"].append(name)
            self.data["remove"] = [other for other in self.data.get("remove", []) if other != name]

    def reorder(self, role: str, position: int) -> None:
        """The list turned, and the pools too."""
        names = pool(self.data, role)["machines"]
        names[:] = names[position % len(names) :] + names[: position % len(names)]
        self.data["pools"].reverse()

    def add_pve_node(self, position: int) -> None:
        """One PVE node more, anywhere in the order."""
        nodes = self.data["proxmox"]["nodes"]
        nodes.insert(position % (len(nodes) + 1), f"pve{len(nodes) + 1}")

    def restrict(self, role: str, position: int) -> None:
        """A pool that may use other PVE nodes than before."""
        nodes = self.data["proxmox"]["nodes"]
        pool(self.data, role)["nodes"] = nodes[position % len(nodes) :]


ACTIONS = ("insert", "delete", "remove", "bring_back", "reorder", "add_pve_node", "restrict")


@pytest.mark.proves("feature plan and allocation")
@settings(max_examples=60, deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3)),
    dhcp=st.sets(st.sampled_from(ROLES)),
    edits=st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(ROLES), st.integers(0, 9)), max_size=8),
)
def test_no_edit_moves_another_machine(sizes: tuple[int, int, int, int], dhcp: set[str], edits: list[tuple[str, str, int]]) -> None:
    nodes, servers, agents, balancers = sizes
    data = cluster(
        numbered("pve", nodes, 1), server=numbered("s", servers), agent=numbered("a", agents), loadbalancer=numbered("lb", balancers)
    )
    for role in dhcp:
        data["network"][role] = [{"name": "ens18"}]
    for number, role in enumerate(ROLES):
        data["network"][role][0]["ipv6"] = {"static": {"base": "fd00::", "offset": 16 + 64 * number}}
    estate = Estate(data)
    for action, role, position in edits:
        apply(estate, action, role, position)
        estate.plan_again()


def apply(estate: Estate, action: str, role: str, position: int) -> None:
    if action in ("delete", "remove"):
        estate.delete(role, position, remove=action == "remove")
    elif action == "add_pve_node":
        estate.add_pve_node(position)
    else:
        getattr(estate, action)(role, position)


def test_a_name_inserted_in_the_middle_takes_the_next_values_and_a_new_node() -> None:
    data = cluster(["pve1", "pve2"], server=["s1", "s2"])
    _, lock = plan_of(data)
    data["proxmox"]["nodes"].insert(0, "pve0")
    pool(data, "server")["machines"].insert(1, "between")
    plan, after = plan_of(data, lock)
    assert [machine.name for machine in plan.machines] == ["s1", "between", "s2"]
    new = plan.machine("between")
    assert (new.vm_id, new.pve_node, new.address, after.founder) == (1002, "pve0", "10.0.3.234", "s1")
    assert after.machines["s2"] == lock.machines["s2"]


def test_a_range_edit_touches_new_names_only() -> None:
    data = cluster(["pve1"], server=["s1"])
    _, lock = plan_of(data)
    pool(data, "server").update(vm_id_start=7000, machines=["s1", "s2"])
    data["network"]["server"][0]["static"]["offset"] = 2000
    plan, after = plan_of(data, lock)
    assert (plan.machine("s1").vm_id, plan.machine("s1").address) == (1000, "10.0.3.232")
    assert (plan.machine("s2").vm_id, plan.machine("s2").address) == (7001, "10.0.7.209")
    assert after.machines["s1"] == lock.machines["s1"]
    assert plan.changes == plan.replacements == ()


def test_a_machine_that_changes_its_pool_keeps_everything_and_frees_nothing() -> None:
    data = cluster(["pve1"], server=["s1", "s2"])
    _, lock = plan_of(data)
    data["pools"] = [
        {"name": "big", "role": "server", "machines": ["s2"], "vm_id_start": 8000, "memory": "16GiB"},
        {"name": "servers", "role": "server", "machines": ["s1", "s3"], "vm_id_start": 1000},
    ]
    plan, after = plan_of(data, lock)
    assert (plan.machine("s2").pool, plan.machine("s2").memory_mib, plan.machine("s2").vm_id) == ("big", 16384, 1001)
    assert (plan.machine("s3").vm_id, plan.machine("s3").address) == (1002, "10.0.3.234")
    assert allocation(after.machines["s2"]) == allocation(lock.machines["s2"])


def test_addresses_of_two_pools_with_one_range_go_on_counting() -> None:
    data = cluster(["pve1"], server=["s1"], agent=["a1", "a2"])
    data["pools"].append({"name": "gpu", "role": "agent", "machines": ["g1"], "vm_id_start": 4000})
    plan, _ = plan_of(data)
    assert [machine.address for machine in plan.of_role("agent")] == ["10.0.11.184", "10.0.11.185", "10.0.11.186"]
    assert plan.machine("g1").vm_id == 4000


def test_explicit_values_are_taken_and_the_others_count_around_them() -> None:
    explicit = {"name": "s2", "vm_id": 1000, "pve_node": "pve1", "addresses": {"ens18": "10.0.9.9"}}
    plan, _ = plan_of(cluster(["pve1", "pve2"], server=["s1", explicit, "s3"]))
    assert [(m.vm_id, m.pve_node, m.address) for m in plan.machines] == [
        (1001, "pve2", "10.0.3.232"),
        (1000, "pve1", "10.0.9.9"),
        (1002, "pve1", "10.0.3.234"),
    ]
