"""What nobody knows is not taken for its opposite: servers that were taken back, or whose facts were lost, with the real engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.deploy.test_deploy import MACHINES

pytestmark = pytest.mark.contract

MARK = b"ab" * 32 + b"\n"
SERVERS = (210, 211, 212)


def _fresh_clone(estate: EmulatedEstate) -> None:
    """What version control has: cluster.yaml and its lock."""
    for path in estate.folder.glob("cluster.*"):
        if path.suffix not in {".yaml", ".lock"}:
            path.unlink()


def _refused(estate: EmulatedEstate, *arguments: str) -> str:
    generations = list(estate.guests.starts)
    code, output = estate.run("deploy", "--timeout", "3", *arguments)
    assert code == 5, output
    assert set(estate.vms()) == MACHINES
    assert estate.guests.starts == generations
    assert not estate.accepted("DELETE", "/qemu/210")
    return output


def _facts(estate: EmulatedEstate) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(Path(estate.folder / "cluster.facts.json").read_text())
    return facts


@pytest.mark.proves("hostile 6")
def test_from_a_fresh_clone_no_server_is_destroyed_and_discover_tells_the_gate_that_they_are_founded(deployed: EmulatedEstate) -> None:
    deployed.guests.marks = dict.fromkeys(SERVERS, MARK)
    _fresh_clone(deployed)
    output = _refused(deployed, "--replace", "server1")
    assert "server1 would be destroyed and made anew" in output
    assert "has not said yet whether its cluster is founded" in output
    assert "runner discover" in output
    assert {"server1", "server2", "server3"} == set(_facts(deployed)["unknown"])
    deployed.run("deploy", "--timeout", "20")  # takes them back, and asks them
    assert _facts(deployed)["unknown"] == []
    assert _facts(deployed)["founded"]["ca_sha256"] == "ab" * 32
    assert "server1 is a server of a founded cluster" in _refused(deployed, "--replace", "server1")


@pytest.mark.proves("hostile 7")
def test_with_the_facts_lost_and_the_founders_agent_silent_it_is_unknown_and_not_unfounded(deployed: EmulatedEstate) -> None:
    deployed.guests.marks = {210: MARK}
    (deployed.folder / "cluster.facts.json").unlink()
    deployed.pve.lab("agent", vm_id=210, silent=True)
    code, output = deployed.run("discover", "--timeout", "3")
    assert code == 4, output
    assert (_facts(deployed)["founded"], _facts(deployed)["unknown"]) == (None, ["server1"])
    assert "runner discover" in _refused(deployed, "--replace", "server1")
    # Taken out of cluster.yaml it is no less unknown.
    machines = deployed.data["pools"][1]["machines"]
    deployed.data["pools"][1]["machines"] = [name for name in machines if name != "server1"]
    deployed.data["remove"] = ["server1"]
    deployed.write()
    assert "take server1 out of `remove:`" in _refused(deployed)
    del deployed.data["remove"]
    deployed.data["pools"][1]["machines"] = machines
    deployed.write()
    # It answers: founded, and kept for that.
    deployed.pve.lab("agent", vm_id=210, silent=False)
    assert deployed.run("discover")[0] == 0
    assert _facts(deployed)["unknown"] == []
    assert "server1 is a server of a founded cluster" in _refused(deployed, "--replace", "server1")
