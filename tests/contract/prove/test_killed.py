"""`runner prove` killed at any moment: `--clean` removes exactly what it made, whatever the engine and Proxmox were at."""

from __future__ import annotations

import signal

import pytest

from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.prove.conftest import leavings, stranger

pytestmark = [pytest.mark.contract, pytest.mark.long]

#: The check that is made, the request whose acceptance is waited for.
MOMENTS = {
    "while images are fetched": ("machines are made", "POST", "/download-url"),
    "while machines are made": ("machines are made", "POST", "/qemu"),
    "while machines start": ("machines are made", "POST", "/status/start"),
    "when differences are planted": ("drift finds what is planted", "PUT", "/config"),
    "while it cleans": ("pool and tags", "DELETE", "/qemu/99000"),
}


@pytest.mark.proves("feature proof on a real Proxmox")
@pytest.mark.parametrize(("check", "method", "ending"), MOMENTS.values(), ids=MOMENTS.keys())
def test_killed_clean_leaves_nothing_of_the_proof_and_all_of_others(estate: EmulatedEstate, check: str, method: str, ending: str) -> None:
    theirs = stranger(estate)
    estate.pve.lab("delay", tasks=0.7)
    process = estate.start_unasked("prove", "--yes", "--check", check)
    estate.wait_for(method, ending, process)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "it ended before it was killed"
    if process.stdout:
        process.stdout.close()
    estate.pve.lab("delay", tasks=0.0)
    code, output = estate.run("prove", "--clean", "--yes")
    assert code == 0, output
    assert leavings(estate) == theirs
    assert not (estate.folder / "cluster.prove/machines").exists()


def test_what_is_left_is_told_before_another_and_only_removed_when_somebody_says_yes(estate: EmulatedEstate) -> None:
    code, output = estate.run("prove", "--yes", "--keep", "--check", "pool and tags")
    assert code == 0, output
    made = leavings(estate)
    assert set(estate.vms()) == {99000, 99001}
    code, output = estate.run("prove", "--yes")
    assert code == 5, output
    assert "runner prove --clean" in output
    code, output = estate.run("prove", "--clean", "--dry-run")
    assert code == 0, output
    assert "VM 99000 (prove-" in output
    code, output = estate.run("prove", "--clean")
    assert code == 5, output
    assert "nothing was removed" in output
    assert leavings(estate) == made
    estate.pve.lab("config", vm_id=99001, set={"tags": "somebody"}, delete=[])
    code, output = estate.run("prove", "--clean", "--yes")
    assert code == 4, output
    assert "it lacks the tags of prove-" in output
    assert set(estate.vms()) == {99001}


DISK = "local-lvm:vm-99001-disk-7"


def test_a_disk_without_its_vm_is_seen_with_exactly_the_printed_role_and_told_until_somebody_looked(estate: EmulatedEstate) -> None:
    estate.pve.lab("orphan", node="pve1", volume="local-lvm:vm-99000-disk-0", vm_id=99000)
    code, output = estate.run("prove", "--yes", "--keep", "--check", "pool and tags")
    assert code == 0, output
    assert set(estate.vms()) == {99001, 99002}, "an id whose disk somebody has is nobody's"
    estate.pve.lab("orphan", node="pve1", volume=DISK, vm_id=99001)
    for _ in range(2):
        code, output = estate.run("prove", "--clean", "--yes")
        assert code == 4, output
        assert f"{DISK} on pve1: nothing that the proof wrote down says that it is its own" in output
        assert "99000" not in output
        assert not estate.vms()
    assert [item for item in estate.pve.lab("requests") if item["status"] == 403] == []


def test_a_disk_that_proxmox_could_not_remove_with_its_vm_is_told_in_its_words(estate: EmulatedEstate) -> None:
    code, output = estate.run("prove", "--yes", "--keep", "--check", "pool and tags")
    assert code == 0, output
    words = "Could not remove disk 'local-lvm:vm-99000-disk-0', check manually: lvremove failed"
    estate.pve.lab("fail", kind="qmdestroy", subject="99000", message=words, warns=True)
    for _ in range(2):
        code, output = estate.run("prove", "--clean", "--yes")
        assert code == 4, output
        assert f"VM 99000 on pve1 was deleted: WARN: {words}" in output
        assert "VM 99001 on pve1 was deleted" not in output
