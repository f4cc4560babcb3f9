"""docs/how-to/replace-a-machine.md as it says it: while a PVE host is away, and when it never comes back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from lab.patience import patient
from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.deploy.made import Made
from tests.contract.deploy.test_deploy import MACHINES
from tests.plans import ROOT

pytestmark = pytest.mark.contract

PAGE = (ROOT / "docs/how-to/replace-a-machine.md").read_text(encoding="utf-8")
LOST = 212  # server3, the only machine on pve3


def _bereave(estate: EmulatedEstate) -> EmulatedEstate:
    """Found the quick start, and take pve3 away for good."""
    path = estate.folder / "cluster.facts.json"
    facts = json.loads(path.read_text())
    servers = {name: facts["machines"][name]["host_keys"] for name in ("server1", "server2", "server3")}
    path.write_text(json.dumps(facts | {"founded": {"ca_sha256": "0" * 64, "servers": servers}}))
    estate.pve.lab("node", name="pve3", offline=True)
    return estate


@pytest.fixture
def bereaved(deployed: EmulatedEstate) -> EmulatedEstate:
    """The quick start, founded, whose pve3 is gone for good."""
    return _bereave(deployed)


@pytest.fixture(scope="module")
def stopping(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """A deploy of another such one: the provider asks for 52 s before it gives up, in which the other tests go on."""
    with made.restored(tmp_path_factory.mktemp("stopping")) as estate:
        process = _bereave(estate).start("deploy", "--timeout", "5")
        yield process
        if process.poll() is None:
            estate.kill(process, engine=True)


@pytest.mark.usefixtures("stopping")
@pytest.mark.proves("feature drift")
def test_while_the_host_is_away_drift_says_what_it_did_not_look_at(bereaved: EmulatedEstate) -> None:
    code, said = bereaved.run("drift")
    assert code == 4, said
    assert "VM 212 on pve3, local on pve3: 595" in said
    assert "5 machines as planned, as far as could be read; server3 was not looked at" in said


def test_without_it_in_the_state_its_machines_go_and_others_come(bereaved: EmulatedEstate) -> None:
    bereaved.data["pools"][1]["machines"] = ["server1", "server2", "server4"]
    bereaved.data["pools"][1]["nodes"] = ["pve1", "pve2"]
    bereaved.data["remove"] = ["server3"]
    bereaved.write()
    listed = bereaved.engine("state", "list").split()
    assert "tofu state list | grep -e server3- -e '[.]server3$' -e image-pve3" in PAGE
    gone = [address for address in listed if "server3-" in address or address.endswith(".server3") or "image-pve3" in address]
    assert len(gone) == 5
    bereaved.engine("state", "rm", *gone)
    bereaved.deploy()
    assert set(bereaved.vms()) == MACHINES | {213}

    del bereaved.data["remove"]
    bereaved.write()
    assert bereaved.run("lock", "forget", "server3")[0] == 0
    bereaved.data["proxmox"]["nodes"] = [node for node in bereaved.data["proxmox"]["nodes"] if node["name"] != "pve3"]
    bereaved.write()
    bereaved.deploy()


def test_while_the_host_is_away_deploy_stops_and_changes_nothing(stopping: subprocess.Popen[str]) -> None:
    output, _ = stopping.communicate(timeout=patient(180))
    assert stopping.returncode == 6, output
    assert "595" in output
    assert "`runner deploy` stops with HTTP 595" in PAGE
