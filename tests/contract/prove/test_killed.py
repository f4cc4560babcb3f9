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
