"""`runner plan --if-lost`, `--capacity` and `runner rebalance` as a person or a program runs them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from stardock.cli.main import runner
from stardock.estate.capacity import measured
from stardock.estate.connection import Estate
from stardock.model.settings import PveNode
from stardock.workspace.workspace import commit_lock, open_workspace
from tests.plans import document

pytestmark = pytest.mark.unit


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "cluster.yaml", document())


def written(path: Path, data: dict[str, Any]) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        YAML().dump(data, stream)
    return path


def run(file: Path, *arguments: str, code: int = 0) -> Result:
    before = sorted(path.name for path in file.parent.iterdir())
    result = CliRunner().invoke(runner, [arguments[0], "-f", str(file), *arguments[1:]])
    assert result.exit_code == code, result.output
    assert sorted(path.name for path in file.parent.iterdir()) == before
    return result


@pytest.mark.proves("feature placement")
def test_if_lost_shows_a_matrix_of_all_pve_nodes_or_the_one_that_is_named(file: Path) -> None:
    said = run(file, "plan", "--if-lost").stdout
    assert all(word in said for word in ("API up?", "etcd quorum?", "VIP?", "agents left", "pve1", "pve2", "pve3", "yes: 2 of 3 servers"))
    assert "pve2" not in run(file, "plan", "--if-lost", "pve1").stdout
    (loss,) = json.loads(run(file, "plan", "--if-lost", "pve1", "--format", "json").stdout)["if_lost"]
    assert loss == {
        "pve_node": "pve1", "machines": ["lb1", "server1", "agent1"], "api": True, "etcd_quorum": True, "vip": True,
        "servers_left": 2, "servers": 3, "agents_left": 0, "agents": 1, "restarted": [],
    }  # fmt: skip


def test_if_lost_refuses_a_pve_node_that_nobody_knows(file: Path) -> None:
    assert "the PVE nodes are pve1, pve2, pve3" in run(file, "plan", "--if-lost", "pve9", code=5).stderr


def test_capacity_shows_what_each_pve_node_carries_in_sum_and_in_per_cent(file: Path) -> None:
    assert "9GiB (50% of the cluster's)" in run(file, "plan", "--capacity").stdout
    data = document()
    data["proxmox"]["nodes"] = [{"name": name, "memory": "16GiB", "cores": 10} for name in ("pve1", "pve2", "pve3")]
    written(file, data)
    said = run(file, "plan", "--capacity").stdout
    for words in ("9GiB of 16GiB (56.2%)", "5 of 10 (50%)", "18GiB of 48GiB (37.5%)", "1 load balancer, 1 server, 1 agent"):
        assert words in said
    *_, every = json.loads(run(file, "plan", "--capacity", "--format", "json").stdout)["capacity"]
    assert every["memory_mib"] == {"taken": 18432, "there": 49152, "percent": 37.5, "percent_of_cluster": 100.0}
    assert every["datastores_gib"] == {"local-lvm": 200}


def test_read_belongs_to_capacity(file: Path) -> None:
    assert "--read belongs to --capacity" in run(file, "plan", "--read", code=2).stderr


def crowded(file: Path, **words: Any) -> str:
    """What rebalance says of servers that were made while they might stand on pve1 alone."""
    data = document()
    data["pools"][1] |= {"nodes": ["pve1"], **words}
    written(file, data)
    commit_lock(open_workspace(file))
    del data["pools"][1]["nodes"]
    written(file, data)
    return run(file, "rebalance").stdout


@pytest.mark.proves("feature placement")
def test_rebalance_proposes_by_name_with_the_way_to_do_it_and_makes_no_move(file: Path) -> None:
    assert run(file, "rebalance").stdout == "nothing to move\n"
    said = crowded(file)
    assert "server3 (server, VM 212): pve1 -> pve2: pve1 carries another server, and pve2 none" in said
    assert "qm migrate 212 pve2 --online --with-local-disks" in said
    assert f"runner lock accept -f {file} server3 && runner deploy -f {file}" in said
    assert "nothing was moved" in said
    moves = json.loads(run(file, "rebalance", "--format", "json").stdout)["moves"]
    assert [(move["machine"], move["from"], move["to"]) for move in moves] == [("server3", "pve1", "pve2"), ("server2", "pve1", "pve3")]


def test_a_machine_with_a_device_is_to_be_moved_while_it_is_off(file: Path) -> None:
    said = crowded(file, devices=["gpu"])
    assert "qm shutdown 212 && qm migrate 212 pve2   (a device stays behind)" in said
    assert "--online" not in said


def test_what_proxmox_says_fills_in_what_is_not_given() -> None:
    hosts = [{"node": "pve1", "maxmem": 64 << 30, "maxcpu": 16}, {"node": "pve2"}]
    storages = [{"type": "storage", "status": "available", "node": "pve1", "storage": "local-lvm", "maxdisk": 500 << 30}]
    api = SimpleNamespace(
        nodes=SimpleNamespace(get=lambda: hosts),
        cluster=SimpleNamespace(resources=SimpleNamespace(get=lambda **_: storages)),
    )
    estate = cast("Estate", SimpleNamespace(insist=lambda question: question(api)))
    one, two = measured(estate, (PveNode(name="pve1", memory_mib=1024), PveNode(name="pve2")))
    assert (one.memory_mib, one.cores, one.disk_gib) == (1024, 16, 500)
    assert (two.memory_mib, two.cores, two.disk_gib) == (None, None, None)
