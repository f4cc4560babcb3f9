"""What the emulated PVE answers is what the proof knows, and what reports in proofs/ tell of real ones; what differs is found and named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stardock.estate.connection import Estate
from stardock.prove.checks.answers import known, observe
from stardock.prove.conversation import QUESTIONS, additions, as_json, differences, from_json
from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.prove.machines import emulated
from tests.proof.reports import FOLDER as PROOFS

pytestmark = pytest.mark.contract

Made = tuple[EmulatedEstate, Estate, dict[str, str]]
VM = "/nodes/{node}/qemu/{vmid}"
STORE = "/nodes/{node}/storage/{storage}"

#: What is planted on a route, and words of the difference that must be told.
PLANTED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("GET /version", {"delete": ["repoid"]}, "GET /version: repoid is missing"),
    ("GET /version", {"set": {"release": 9.1}}, "GET /version: release is number, not text"),
    ("GET /nodes", {"delete": ["status"]}, "GET /nodes: [].status is missing"),
    ("GET /nodes", {"data": {}}, "GET /nodes: the data is an object, not a list"),
    ("GET /cluster/resources", {"set": {"vmid": "99000"}}, "[].vmid is text, not number"),
    ("GET /cluster/resources", {"delete": ["pool"]}, "[].pool is missing"),
    ("GET /cluster/nextid", {"data": 100}, "GET /cluster/nextid: the data is number, not text"),
    ("GET /cluster/nextid", {"status": 500, "reason": "got no quorum"}, "GET /cluster/nextid: status is 500, not 200"),
    ("GET /pools", {"delete": ["members"]}, "[].members is missing"),
    ("GET /storage/{storage}", {"delete": ["path"]}, "path is missing"),
    ("GET /nodes/{node}/network", {"set": {"active": "1"}}, "[].active is text, not number"),
    (f"GET {STORE}/content", {"set": {"size": "10"}}, "[].size is text, not number"),
    (f"GET {STORE}/content/{{volume}}", {"status": 500, "reason": "no such volume"}, "message is no such volume"),
    (f"GET {VM}/config", {"set": {"cores": "1"}}, "cores is text, not number"),
    (f"GET {VM}/config", {"delete": ["digest"]}, "digest is missing"),
    (f"GET {VM}/status/current", {"set": {"uptime": None}}, "uptime is nothing, not number"),
    (f"GET {VM}/agent/network-get-interfaces", {"set": {"result": {"error": "x"}}}, "result is an object, not a list"),
    (f"GET {VM}/agent/file-read", {"status": 596, "reason": "Connection timed out"}, "status is 596, not"),
    (f"PUT {VM}/config", {"status": 501, "reason": "Not Implemented"}, "status is 501, not 400"),
    (f"POST {VM}/status/start", {"status": 500, "reason": "VM is locked (backup)"}, "message is VM is locked (backup), not none"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A proof's machines, for all tests here: questions change nothing."""
    with emulated(tmp_path_factory.mktemp("answers")) as found:
        yield found


def test_the_emulated_pve_answers_as_the_file_says_and_nobody_forgot_to_record(made: Made) -> None:
    seen = observe(made[1], made[2])
    assert set(seen) == set(known()) == {one.name for one in QUESTIONS}
    assert differences(known(), seen) == []
    assert additions(known(), seen) == []
    text = json.dumps({name: str(one) for name, one in seen.items()})
    assert not [value for value in made[2].values() if value in text and value not in ("local", "local-lvm")], "values are no part of it"


@pytest.mark.proves("feature proof on a real Proxmox")
def test_twenty_planted_differences_are_each_found_and_named(made: Made) -> None:
    estate, asker, values = made
    assert len(PLANTED) == 20
    missed = {}
    for route, differs, words in PLANTED:
        estate.pve.lab("reset")
        estate.pve.lab("differ", route=route, **differs)
        found = differences(known(), observe(asker, values))
        if not any(words in line for line in found):
            missed[f"{route} {differs}"] = found
    estate.pve.lab("reset")
    assert missed == {}


@pytest.mark.parametrize("proof", [None, *sorted(PROOFS.glob("*.json"))], ids=lambda path: path.stem if path else "a made-up report")
def test_the_emulated_pve_answers_as_a_real_one_did(made: Made, proof: Any) -> None:
    """Without reports a made-up one: it fails until the emulated PVE answers as that one did."""
    seen = observe(made[1], made[2])
    if proof is not None:
        assert differences(from_json(json.loads(proof.read_text())["answers"]), seen) == []
        return
    told = as_json(known())
    told["GET /version"]["shape"]["console"] = "text"
    assert differences(from_json(told), seen) == ["GET /version: console is missing"]
    made[0].pve.lab("differ", route="GET /version", set={"console": "html5"})
    assert differences(from_json(told), observe(made[1], made[2])) == []
    made[0].pve.lab("reset")
