"""The first server taken out of cluster.yaml: who is asked to join, and whose address kubeconfig has."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.model.facts import Facts
from stardock.model.plan import Plan
from tests.plans import plan_of
from tests.unit.plan.clusters import cluster, pool

pytestmark = pytest.mark.unit


def joined(plan: Plan) -> tuple[str, dict[str, str]]:
    """The server of kubeconfig, and whom each machine joins."""
    files: dict[str, Any] = inventory_files(plan, Facts(cluster="test"))
    hosts = {machine.name: files[f"host_vars/{machine.name}.yml"]["kubernetes_join_address"] for machine in plan.machines}
    return files["group_vars/all.yml"]["kubeconfig_server"], hosts


@pytest.mark.proves("case 28-first-server-removed")
def test_the_first_server_removed_makes_the_next_one_the_founder_whom_all_join_and_kubeconfig_names() -> None:
    data = cluster(["pve1", "pve2", "pve3"], server=["s1", "s2", "s3"], agent=["a1"])
    before, lock = plan_of(data)
    pool(data, "server")["machines"] = ["s2", "s3", "s4"]
    data["remove"] = ["s1"]
    plan, after = plan_of(data, lock)
    first = {machine.name: machine.address for machine in before.machines}
    assert (plan.founder, plan.machine("s2").address) == ("s2", first["s2"])
    kubeconfig, hosts = joined(plan)
    assert kubeconfig == f"https://{first['s2']}:6443"
    assert {hosts["s3"], hosts["s4"], hosts["a1"]} == {f"https://{first['s2']}:9345"}
    assert after.machines["s1"].retired, "what it was given is kept for its return"
