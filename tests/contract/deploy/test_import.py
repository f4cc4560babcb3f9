"""`runner import starbase` and `runner deploy` over VMs as starbase 0.3.1 makes them, with the real tofu and the real provider."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab.patience import patient
from stardock.workspace.lock import load_lock
from tests.contract.deploy.estate import EmulatedEstate, until
from tests.contract.estate import NODES
from tests.engines import chosen_engine
from tests.starbase import GIVEN, checkout, mac_of, vm_options
from tests.synth.running import run_main

pytestmark = pytest.mark.contract

#: Requests that would touch what runs in a VM, or take it away.
HARMFUL = ("/status/stop", "/status/shutdown", "/status/reboot", "/status/reset", "/status/start", "/resize", "/migrate")


#: Labels and the order of starts: taken by a running VM as it runs. The OS type is taken at the next power cycle.
HARMLESS = ("description", "operating_system", "startup", "tags")
#: How the provider is to go about things; nothing on Proxmox.
IN_STATE_ALONE = ("agent", "migrate", "reboot_after_update", "stop_on_destroy")


@pytest.fixture
def starbase(estate: EmulatedEstate) -> EmulatedEstate:
    """An estate on which starbase's VMs run, and its checkout in the folder `old`; no cluster.yaml yet."""
    for path in estate.folder.glob("cluster.*"):
        path.unlink()
    for name, (vm_id, node, address) in GIVEN.items():
        snippets = estate.folder.parent / "lab/pve" / node / "local/snippets"
        for kind in ("user-data", "network-config"):
            (snippets / f"{name}-{kind}").write_text(f"# {kind} of {name}, as starbase left it\n")
        estate.pve.granted("POST", f"/nodes/{node}/qemu", {"vmid": str(vm_id), **vm_options(name)})
        estate.guests.addresses[mac_of(vm_id)] = address
    until(lambda: len(estate.vms()) == len(GIVEN))
    for vm_id, node, _ in GIVEN.values():
        estate.pve.granted("POST", f"/nodes/{node}/qemu/{vm_id}/status/start")
    until(lambda: set(estate.vms().values()) == {"running"})
    checkout(estate.folder / "old", endpoint=estate.endpoint, private_key=str(estate.data["proxmox"]["ssh"]["private_key"]))
    estate.pve.lab("reset")
    return estate


def _reach_nodes(estate: EmulatedEstate) -> None:
    """The lab's sshds listen on other ports than 22: what a person adds to `proxmox.nodes`."""
    nodes = "\n".join(
        f"    - {{name: {node['name']}, address: {node['address']}, ssh_port: {node['ssh_port']}}}"
        for node in estate.data["proxmox"]["nodes"]
    )
    estate.file.write_text(estate.file.read_text().replace(f"  nodes: [{', '.join(NODES)}]", f"  nodes:\n{nodes}"))


def _import(estate: EmulatedEstate) -> str:
    code, said = estate.run("import", "starbase", "old")
    assert code == 0, said
    _reach_nodes(estate)
    return said


def _changes(estate: EmulatedEstate) -> dict[str, dict[str, Any]]:
    """Address -> change, of the plan JSON with the import blocks that `runner deploy` writes."""
    lock = load_lock(estate.folder / "cluster.lock")
    assert lock is not None
    adopt = {name: f"{one.record.pve_node}/{one.record.vm_id}" for name, one in lock.machines.items()}
    done = run_main(estate.file, STARDOCK_ADOPT=json.dumps(adopt))
    assert done.returncode == 0, done.stderr
    stack = estate.folder / "cdktf.out/stacks/starbase"
    for command in (["init", "-input=false"], ["plan", "-input=false", "-out=test.tfplan"], ["show", "-json", "test.tfplan"]):
        ran = subprocess.run(
            [str(chosen_engine()), *command],
            cwd=stack,
            env=estate.environ(),
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(120),
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    Path(stack / "test.tfplan").unlink()
    return {item["address"]: item["change"] for item in json.loads(ran.stdout)["resource_changes"]}


def test_the_import_reads_ids_macs_and_places_from_proxmox(starbase: EmulatedEstate) -> None:
    said = _import(starbase)
    lock = load_lock(starbase.folder / "cluster.lock")
    assert lock is not None
    records = {one.record.hostname: one.record for one in lock.machines.values()}
    assert {name: (one.vm_id, one.pve_node, one.address) for name, one in records.items()} == GIVEN
    assert {one.interfaces[0].mac for one in records.values()} == {mac_of(vm_id) for vm_id, *_ in GIVEN.values()}
    assert "MACs of the VMs are not known" not in said
    assert not [item for item in starbase.pve.lab("requests") if item["method"] != "GET"]


@pytest.mark.proves("feature import from starbase")
def test_an_imported_starbase_cluster_is_taken_over_and_nothing_is_replaced_or_destroyed(starbase: EmulatedEstate) -> None:
    _import(starbase)
    changes = _changes(starbase)
    vms = {name: change for name, change in changes.items() if name.startswith("proxmox_virtual_environment_vm.")}
    assert len(vms) == len(GIVEN)
    assert all(change["importing"] and change["actions"] == ["update"] for change in vms.values()), vms
    assert not [name for name, change in changes.items() if "delete" in change["actions"]]
    touched = {
        key: (change["before"][key], value)
        for change in vms.values()
        for key, value in change["after"].items()
        if value != change["before"][key] and key not in change["after_unknown"]
    }
    assert not {key: values for key, values in touched.items() if key not in {*HARMLESS, *IN_STATE_ALONE}}, touched


@pytest.mark.proves("feature import from starbase")
def test_deploy_takes_the_vms_over_and_restarts_none_and_a_second_changes_nothing(starbase: EmulatedEstate) -> None:
    _import(starbase)
    started = list(starbase.guests.starts)
    starbase.pve.lab("reset")
    said = starbase.deploy()
    assert "taken over as imported: kload0, kload1, ktest0, ktest1, ktest10, ktest2, kworker0" in said
    asked = [item for item in starbase.pve.lab("requests") if item["status"] == 200 and item["method"] != "GET"]
    assert not [item for item in asked if item["path"].endswith(HARMFUL)]
    assert not [item for item in asked if item["method"] == "DELETE" and "/qemu/" in item["path"]]
    assert not starbase.accepted("POST", "/qemu")
    assert starbase.guests.starts == started
    assert "nothing to change" in starbase.deploy()
    code, drift = starbase.run("drift", "--ssh")
    assert code == 0, drift
    # A machine that is made anew is Stardock's from then on.
    starbase.deploy("--replace", "kworker0")
    config = starbase.pve.granted("GET", "/nodes/pve1/qemu/220/config")
    assert "snippets/starbase.kworker0.meta.yaml" in config["cicustom"]
    assert "kworker0.lan" not in config["cicustom"]
    code, drift = starbase.run("drift")
    assert code == 0, drift


def test_a_vm_with_other_macs_than_the_import_saw_is_a_strangers(starbase: EmulatedEstate) -> None:
    _import(starbase)
    starbase.pve.lab("config", vm_id=210, set={"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0"})
    code, said = starbase.run("deploy", "--timeout", "5")
    assert code == 4, said
    assert "VM id 210 of ktest0 is taken by ktest0.lan on pve1, not ours" in said
    assert "--lock-only --overwrite" in said


def test_vms_that_proxmox_does_not_show_are_not_taken_for_missing(estate: EmulatedEstate) -> None:
    for path in estate.folder.glob("cluster.*"):
        path.unlink()
    checkout(estate.folder / "old", endpoint=estate.endpoint)
    said = _import(estate)
    assert "shows none of these VMs" in said
    assert "the MACs of the VMs are not known" in said
    lock = load_lock(estate.folder / "cluster.lock")
    assert lock is not None
    assert all(one.record.cicustom for one in lock.machines.values())
