"""The whole of it, with the real tofu and the real provider."""

from __future__ import annotations

import json

import pytest

from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.prove.conftest import leavings, stranger

pytestmark = pytest.mark.contract


@pytest.mark.long
@pytest.mark.proves("feature proof on a real Proxmox")
def test_every_check_passes_with_exactly_the_printed_role_and_nothing_of_it_is_left(estate: EmulatedEstate) -> None:
    theirs = stranger(estate)
    code, output = estate.run("prove", "--yes")
    assert code == 0, output
    report = json.loads((estate.folder / "cluster.prove/report/report.json").read_text())
    assert report["counts"] == {"pass": 14, "fail": 0, "not possible": 7}, output
    assert [item for item in estate.pve.lab("requests") if item["status"] == 403] == []
    assert leavings(estate) == theirs
    assert sorted(path.name for path in (estate.folder / "cluster.prove").iterdir()) == [".gitignore", "prove.log", "prove.pid", "report"]
    written = "".join(path.read_text() for path in (estate.folder / "cluster.prove/report").iterdir())
    secret = estate.token.partition("=")[2]
    assert not [word for word in (secret, "pve1", "127.0.0.1", "192.168.1.", str(estate.folder)) if word in written]


def test_without_yes_and_a_terminal_the_budget_is_told_and_nothing_is_made(estate: EmulatedEstate) -> None:
    code, output = estate.run("prove")
    assert code == 5, output
    assert "2 VMs at a time in the pool stardock-prove, ids from 99000-99031: 3 cores, 6 GiB of memory, 41 GiB of disks" in output
    assert not [item for item in estate.pve.lab("requests") if item["method"] != "GET"]
    assert not (estate.folder / "cluster.prove").exists()


def test_without_its_pool_or_a_right_to_any_id_it_says_what_makes_them(estate: EmulatedEstate) -> None:
    code, output = estate.run("prove", "--yes", "--pool", "other")
    assert code == 4, output
    assert "there is no PVE pool other, or this token is not shown it" in output
    assert "runner proxmox-role --prove" in output
    code, output = estate.run("prove", "--yes", "--ids", "88000-88007")
    assert code == 4, output
    assert "of the VM ids 88000-88007, 0 are free and granted; 2 are needed" in output
