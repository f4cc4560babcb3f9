"""Every example under examples/ as it is shipped: it loads, makes a plan without a warning, and becomes Terraform JSON."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.systems import system
from stardock.workspace.workspace import open_workspace
from tests.plans import PUBLIC_KEY, ROOT
from tests.synth.running import synthesize

pytestmark = pytest.mark.synth

#: What `runner plan` tells whoever chooses such a system.
TOLD = {"flatcar-k3s": (f"flatcar: {system('flatcar').advice}",)}
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/cluster.yaml"))


def copied(example: str, folder: Path) -> Path:
    """The example's files with the key that it names, as README makes them."""
    shutil.copytree(ROOT / "examples" / example, folder, dirs_exist_ok=True)
    (folder / "id_ed25519.pub").write_text(PUBLIC_KEY + "\n")
    return folder / "cluster.yaml"


def planned(example: str, folder: Path) -> Plan:
    return open_workspace(copied(example, folder)).plan


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_loads_plans_without_a_warning_and_is_synthesized(example: str, tmp_path: Path) -> None:
    file = copied(example, tmp_path)
    plan = open_workspace(file).plan
    assert plan.warnings == TOLD.get(example, ())
    assert set(synthesize(file).machines) == {machine.name for machine in plan.machines}


def test_one_box_has_a_server_and_two_agents_that_fit_on_it(tmp_path: Path) -> None:
    machines = planned("one-box", tmp_path).machines
    assert [(machine.name, machine.pve_node) for machine in machines] == [("server1", "pve1"), ("agent1", "pve1"), ("agent2", "pve1")]
    assert sum(machine.memory_mib for machine in machines) == 16 * 1024, "the comment at its head says so"


def test_five_nodes_keep_one_server_each_and_the_large_agents_on_the_large_hosts(tmp_path: Path) -> None:
    plan = planned("five-nodes", tmp_path)
    assert _places(plan, "servers") == ["pve1", "pve2", "pve3", "pve4", "pve5"]
    assert _places(plan, "agents") == ["pve1", "pve2", "pve3", "pve4", "pve5"]
    assert _places(plan, "large") == ["pve4", "pve5"]


def test_vlan_and_disks_has_two_vlans_and_one_agent_with_a_larger_disk(tmp_path: Path) -> None:
    plan = planned("vlan-and-disks", tmp_path)
    assert {nic.vlan for machine in plan.machines for nic in machine.interfaces} == {20, 30}
    assert [_disks(plan.machine(name)) for name in ("agent1", "agent3")] == [{"longhorn": 200, "raw": 100}, {"longhorn": 500}]


def _places(plan: Plan, pool: str) -> list[str]:
    return [machine.pve_node for machine in plan.machines if machine.pool == pool]


def _disks(machine: Machine) -> dict[str, int]:
    return {disk.name: disk.size_gib for disk in machine.data_disks}
