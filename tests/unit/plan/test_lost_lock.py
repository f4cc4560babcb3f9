"""A lock that is gone while the machines still exist: nothing is allocated anew to a machine that the engine's state knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stardock.errors import RefusedError
from tests.unit.plan.test_bad_input import TEXT, contents
from tests.unit.plan.test_workspace import file, run, save

__all__ = ["file"]  # the fixture

pytestmark = pytest.mark.unit


def state(file: Path, **machines: tuple[str, int]) -> None:
    """A state as the engine leaves it: name -> (PVE node, VM id)."""
    resources = [
        {
            "mode": "managed",
            "type": "proxmox_virtual_environment_vm",
            "name": name,
            "instances": [{"attributes": {"node_name": node, "vm_id": vm_id}}],
        }
        for name, (node, vm_id) in machines.items()
    ]
    file.with_suffix(".tfstate").write_text(json.dumps({"version": 4, "resources": resources}))


def test_without_its_lock_a_cluster_that_would_come_out_the_same_goes_on(file: Path) -> None:
    state(file, server1=("pve1", 210), server2=("pve2", 211))
    save(file)


def test_without_its_lock_a_cluster_that_would_move_is_refused(file: Path) -> None:
    state(file, server1=("pve1", 210), server2=("pve2", 299), server3=("pve1", 212), gone=("pve3", 300))
    before = contents(file.parent)
    with pytest.raises(RefusedError, match=r"cluster\.lock is not there") as caught:
        save(file)
    assert "server2 is VM 299 on pve2 and would be VM 211 on pve2" in caught.value.message
    assert "server3 is VM 212 on pve1 and would be VM 212 on pve3" in caught.value.message
    assert "gone would be deleted" in caught.value.message
    assert "server1" not in caught.value.message
    assert "git checkout -- cluster.lock" in (caught.value.cure or "")
    assert contents(file.parent) == before
    shown = run("plan", "-f", str(file))
    assert (shown.exit_code, shown.stdout) == (5, "")
    assert "server2 is VM 299" in shown.stderr


def test_a_lost_lock_is_made_again_from_explicit_values(file: Path) -> None:
    state(file, server2=("pve2", 299), server3=("pve1", 212), gone=("pve3", 300))
    servers = "[server1, {name: server2, vm_id: 299, pve_node: pve2}, {name: server3, pve_node: pve1}]"
    file.write_text(TEXT.replace("[server1, server2, server3]", servers) + "\nremove: [gone]\n")
    save(file)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"resources": null}'])
def test_a_state_that_tells_nothing_hinders_nobody(text: str, file: Path) -> None:
    file.with_suffix(".tfstate").write_text(text)
    save(file)
