"""`runner deploy` where nobody can be asked, and what it and `runner plan` say of machines that are to go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.patience import patient
from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.deploy.test_deploy import MACHINES

pytestmark = pytest.mark.contract


def _unasked(estate: EmulatedEstate) -> tuple[int, str]:
    process = estate.start_unasked("deploy", "--timeout", "20")
    output, _ = process.communicate(timeout=patient(60))
    return process.returncode, output


def _remove(estate: EmulatedEstate, name: str) -> None:
    """From its pool, which goes with its last machine, to those that are to go."""
    (pool,) = [pool for pool in estate.data["pools"] if name in pool.get("machines", ())]
    pool["machines"].remove(name)
    if not pool["machines"]:
        estate.data["pools"].remove(pool)
    estate.data["remove"] = [name]
    estate.write()


def test_without_a_terminal_and_without_yes_the_plan_is_shown_and_nothing_changed(deployed: EmulatedEstate) -> None:
    _remove(deployed, "agent1")
    deployed.data["hooks"] = {"before_deploy": "touch before", "after_deploy": "touch after"}
    deployed.write()
    said = [
        "agent1: listed under `remove:`; VM 220 on pve1 is destroyed with all its disks",
        "first: kubectl drain agent1 --ignore-daemonsets --delete-emptydir-data",
        "afterwards its Node stays, NotReady, until: kubectl delete node agent1",
    ]
    planned = deployed.run("plan")[1]
    code, output = _unasked(deployed)
    assert code == 5, output
    assert "there is no terminal to ask at, and no --yes" in output
    assert "delete  agent1" in output
    assert all(line in output and line in planned for line in said)
    assert set(deployed.vms()) == MACHINES
    assert not [item for item in deployed.pve.lab("requests") if item["method"] != "GET"]
    assert not {"before", "after"} & {path.name for path in Path(deployed.folder).iterdir()}
    deployed.deploy()
    assert set(deployed.vms()) == MACHINES - {220}
    code, output = _unasked(deployed)
    assert code == 0, output
    assert "nothing to change" in output


def test_a_server_under_remove_is_refused_with_numbered_steps_in_the_same_words_by_plan_and_deploy(deployed: EmulatedEstate) -> None:
    path = deployed.folder / "cluster.facts.json"
    facts: dict[str, Any] = json.loads(path.read_text())
    servers = {name: machine["host_keys"] for name, machine in facts["machines"].items() if name.startswith("server")}
    path.write_text(json.dumps(facts | {"founded": {"ca_sha256": "0" * 64, "servers": servers}}))
    _remove(deployed, "server3")
    planned = deployed.run("plan")[1]
    code, output = deployed.run("deploy", "--timeout", "20")
    assert code == 5, output
    message = "server3 is a server of a founded cluster and would be deleted: it belongs under `remove:`"
    steps = ["1. kubectl drain server3", "2. kubectl delete node server3", "5. leave server3 under `remove:` and run `runner deploy`"]
    assert all(line in output and line in planned for line in (message, *steps))
    assert "put server3 back" not in output + planned
    assert set(deployed.vms()) == MACHINES
