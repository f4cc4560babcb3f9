"""`runner deploy` killed in the middle of apply: the next one ends clean, and no machine was made twice."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from lab.patience import patient
from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.deploy.test_deploy import MACHINES

pytestmark = pytest.mark.contract

#: The request whose acceptance is waited for, and whether the engine is killed, too. An orphaned engine is ended by the next run.
MOMENTS = {
    "while images are fetched": ("/download-url", True),
    "while machines are made": ("/qemu", True),
    "while machines are made, the engine left alone": ("/qemu", False),
    "while machines start": ("/status/start", True),
}


def _made_once(estate: EmulatedEstate) -> None:
    made = Counter(item["parameters"]["vmid"] for item in estate.accepted("POST", "/qemu"))
    assert set(made.values()) == {1}
    _each_stands(estate)


def _each_stands(estate: EmulatedEstate) -> None:
    """All run, and none was destroyed since the estate came up."""
    assert set(estate.vms().items()) == {(vm_id, "running") for vm_id in MACHINES}
    assert not [item for item in estate.pve.lab("requests") if item["method"] == "DELETE" and "/qemu/" in item["path"]]


@pytest.mark.proves("feature Terraform half")
@pytest.mark.parametrize(("ending", "engine"), MOMENTS.values(), ids=MOMENTS.keys())
def test_killed_during_apply_the_next_ends_clean_and_no_vm_is_made_twice(estate: EmulatedEstate, ending: str, *, engine: bool) -> None:
    estate.pve.lab("delay", tasks=1.5)
    process = estate.start("deploy", "--timeout", "20")
    estate.wait_for("POST", ending, process)
    time.sleep(0.3)
    estate.kill(process, engine=engine)
    estate.pve.lab("delay", tasks=0.0)  # not of what is under way
    estate.deploy()
    _made_once(estate)
    estate.plans_nothing()


def test_interrupted_by_ctrl_c_the_engine_saves_its_state_and_the_next_deploy_ends_clean(estate: EmulatedEstate) -> None:
    estate.pve.lab("delay", tasks=1.5)
    process = estate.start("deploy", "--timeout", "20")
    estate.wait_for("POST", "/status/start", process)
    process.send_signal(2)
    output, _ = process.communicate(timeout=patient(60))
    assert process.returncode == 130
    assert "saves its state" in output
    assert "taken back" not in estate.deploy()
    _made_once(estate)


def test_machines_that_an_interrupted_apply_left_tainted_are_finished_and_not_made_anew(deployed: EmulatedEstate) -> None:
    deployed.engine("taint", "proxmox_virtual_environment_vm.server1")
    assert "runner deploy --replace server1" in deployed.run("deploy")[1]
    (deployed.stack / "stardock.applying").touch()  # what a kill leaves, and an apply that failed by itself does not
    assert "finishing what an interrupted run began: server1" in deployed.deploy()
    assert not deployed.accepted("POST", "/qemu")
    _each_stands(deployed)


def test_images_that_proxmox_deletes_too_late_for_the_provider_are_fetched_in_the_same_run(deployed: EmulatedEstate) -> None:
    for path in deployed.folder.glob("*.tfstate*"):
        path.unlink()
    # Each of the three images: refused, deleted by the provider, and refused again since the deletion is still under way.
    deployed.pve.lab("fail", kind="download", message="refusing to override existing file", times=6)
    assert "once more" in deployed.deploy()
    assert not deployed.accepted("POST", "/qemu")
    _each_stands(deployed)
    deployed.plans_nothing()
