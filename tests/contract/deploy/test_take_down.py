"""docs/take-down.md, as it says it: one agent, then the whole cluster without cdktf (with it: tests/contract/test_stacks.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.deploy.test_deploy import MACHINES

pytestmark = pytest.mark.contract

PAGE = (Path(__file__).parents[3] / "docs" / "take-down.md").read_text()


def test_an_agent_and_then_the_cluster_go_as_the_page_says(deployed: EmulatedEstate) -> None:
    assert "write `remove: [agent2]`" in PAGE
    deployed.data["pools"] = deployed.data["pools"][:2]
    deployed.data["remove"] = ["agent1"]
    deployed.write()
    deployed.deploy()
    assert set(deployed.vms()) == MACHINES - {220}
    assert "runner lock forget agent2" in PAGE
    del deployed.data["remove"]
    deployed.write()
    assert deployed.run("lock", "forget", "agent1")[0] == 0

    deployed.data["protect"] = True
    deployed.write()
    deployed.deploy()
    deployed.data["protect"] = False
    deployed.write()
    assert "cluster.yaml: write `protect: false`" in PAGE
    assert "cd clusters/home/cdktf.out/stacks/CLUSTER && tofu destroy" in PAGE
    deployed.deploy()
    deployed.engine("destroy", "-auto-approve", "-input=false", "-no-color")
    assert deployed.vms() == {}
