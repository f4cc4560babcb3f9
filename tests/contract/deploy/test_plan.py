"""`runner plan` against what the real tofu and the real provider left, and against what they would do next: the same machines change."""

from __future__ import annotations

import json

import pytest

from stardock.workspace.state import VM
from tests.contract.deploy.estate import EmulatedEstate
from tests.synth.running import synthesize

pytestmark = pytest.mark.contract


def planned(estate: EmulatedEstate) -> dict[str, list[str]]:
    """Machine -> fields of its VM that `runner plan` says would change."""
    code, said = estate.run("plan", "--format", "json")
    assert code == 0, said
    found: dict[str, list[str]] = {}
    for edit in json.loads(said[said.index("{") : said.rindex("}") + 1])["diff"]["change"]:
        if edit["effect"] != "bootstrap":
            found.setdefault(edit["machine"], []).append(edit["field"])
    return found


def engines(estate: EmulatedEstate) -> set[str]:
    """The machines that the engine would update."""
    synthesize(estate.file)
    estate.engine("plan", "-input=false", "-no-color", "-out=test.tfplan")
    changes = json.loads(estate.engine("show", "-json", "test.tfplan"))["resource_changes"]
    return {one["name"] for one in changes if one["type"] == VM and "update" in one["change"]["actions"]}


def test_after_a_deploy_plan_finds_nothing_to_do(deployed: EmulatedEstate) -> None:
    code, said = deployed.run("plan", "--detailed-exitcode")
    assert code == 0, said
    assert "Compared with cluster.tfstate" in said
    assert said.splitlines()[-1] == "Plan: 0 to create, 0 to change, 0 to remove, 0 to replace. Lock: +0 names"


def test_edits_show_for_the_machines_that_the_engine_would_update_and_for_no_other(deployed: EmulatedEstate) -> None:
    balancers, servers, agents = deployed.data["pools"]
    balancers.update(disk="30GiB", tags=["blue"])
    servers.update(memory="5GiB", startup={"order": 7, "up_delay": 9})
    agents.update(labels={"zone": "a"})
    deployed.data["network"]["server"][0]["bridge"] = "vmbr1"
    deployed.write()
    said = planned(deployed)
    fields = {"lb": ["disk", "tags"], "server": ["memory", "ens18.bridge", "startup"]}
    assert said == {name: fields[name[:-1]] for name in ("lb1", "lb2", "server1", "server2", "server3")}
    assert engines(deployed) == set(said)
    assert planned(deployed) == said  # the lock has it now, the state does not
    deployed.renew_role()  # another bridge wants another privilege
    deployed.deploy()
    assert planned(deployed) == {}
