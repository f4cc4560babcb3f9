"""What an edit of cluster.yaml changes in the JSON, and what it leaves as it was to the byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stardock.workspace.workspace import open_workspace
from tests.plans import document
from tests.synth.running import Synthesized, run_main, synthesize, write_cluster

pytestmark = pytest.mark.synth


def around(made: Synthesized, name: str) -> Any:
    """A machine with all that is its own."""
    return made.machines[name], [made.snippets[f"{name}-{kind}"] for kind in ("user", "network", "meta")]


@pytest.fixture
def first(tmp_path: Path) -> Synthesized:
    """The quick start, synthesized once in this folder."""
    return synthesize(write_cluster(tmp_path, document()))


def again(first: Synthesized, data: dict[str, Any]) -> Synthesized:
    """Synthesize an edited file over the same lock."""
    return synthesize(write_cluster(first.path.parents[3], data))


def test_an_inserted_name_and_one_pve_node_more_leave_every_other_machine_as_it_was(first: Synthesized) -> None:
    data = document()
    data["pools"][1]["machines"].insert(1, "server-new")
    data["proxmox"]["nodes"].insert(0, {"name": "pve0", "address": "192.168.1.9"})
    edited = again(first, data)
    assert set(edited.machines) - set(first.machines) == {"server-new"}
    assert [name for name in first.machines if around(first, name) != around(edited, name)] == []
    assert {name: edited.images[name] for name in first.images} == first.images


def test_a_name_taken_out_stays_until_it_is_under_remove(first: Synthesized) -> None:
    data = document()
    data["pools"][1]["machines"].remove("server2")
    kept = again(first, data)
    assert around(kept, "server2") == around(first, "server2")
    data["remove"] = ["server2"]
    assert set(again(first, data).machines) == set(first.machines) - {"server2"}


def test_a_whole_pool_taken_out_leaves_its_machines(first: Synthesized) -> None:
    data = document()
    del data["pools"][2]
    assert around(again(first, data), "agent1") == around(first, "agent1")


def test_an_edit_of_packages_dns_and_image_touches_no_vm_block(first: Synthesized) -> None:
    data = document()
    data["cloud_init"] = {"packages": ["htop"]}
    data["network"]["server"][0]["dns"] = ["192.168.1.3"]
    data["image"]["url"] = "https://images.example/debian-12-20261101.qcow2"
    data["pools"][2]["machines"].append("agent-new")
    edited = again(first, data)
    assert {name: edited.machines[name] for name in first.machines} == first.machines
    assert "htop" in edited.snippets["server1-user"]["source_raw"]["data"]
    assert "192.168.1.3" in edited.snippets["server1-network"]["source_raw"]["data"]
    added = {name: image["url"] for name, image in edited.images.items() if name not in first.images}
    assert list(added.values()) == ["https://images.example/debian-12-20261101.qcow2"]
    (name,) = added
    assert edited.machines["agent-new"]["disk"][0]["import_from"] == f"${{proxmox_download_file.{name}.id}}"


@pytest.mark.proves("case 27-user-data-edit")
def test_an_edit_of_user_data_touches_no_vm_block_and_its_commands_wait_for_a_replacement(first: Synthesized) -> None:
    data = document()
    file = {"path": "/etc/motd.d/x", "content": "hi"}
    data["cloud_init"] = {"packages": ["htop"], "user_data": {"write_files": [file], "runcmd": ["true"]}}
    edited = again(first, data)
    assert edited.machines == first.machines
    assert "/etc/motd.d/x" in edited.snippets["server1-user"]["source_raw"]["data"]
    plan = open_workspace(edited.path.parents[3] / "cluster.yaml").plan
    waiting = [(change.field, change.old, change.new) for change in plan.replacements if change.machine == "server1"]
    assert waiting == [("user_data.runcmd", "none", "true")]


def test_a_refused_file_writes_nothing(tmp_path: Path) -> None:
    data = document()
    data["pools"][1]["machines"] = []
    done = run_main(write_cluster(tmp_path, data))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.yaml"]


def test_a_frozen_lock_refuses_a_needed_allocation_and_writes_nothing(tmp_path: Path) -> None:
    done = run_main(write_cluster(tmp_path, document()), STARDOCK_LOCK="frozen")
    assert done.returncode == 5
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.yaml"]
