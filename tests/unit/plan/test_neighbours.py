"""Several clusters in one folder: what both take is refused by `runner plan` of either; what only may clash is a warning."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from stardock.cli.main import runner
from stardock.errors import InputErrors
from stardock.plan.rules.neighbours import claims
from stardock.workspace.workspace import commit_lock, open_workspace
from tests.plans import document

pytestmark = pytest.mark.unit


def other(**network: int) -> dict[str, Any]:
    """A second cluster that meets the quick start nowhere: `meets` then moves it back."""
    data = document() | {"cluster": "second"}
    for pool in data["pools"]:
        pool["vm_id_start"] = {"loadbalancer": 300, "server": 310, "agent": 320}[pool["role"]]
        for key in ("machines", "pattern"):
            if key in pool:
                pool[key] = "x" + pool[key] if key == "pattern" else [f"x{name}" for name in pool[key]]
    for role, offset in {"loadbalancer": 141, "server": 150, "agent": 160, **network}.items():
        data["network"][role][0]["static"]["offset"] = offset
    data["network"]["vip"] = "192.168.1.140"
    return data


def folder(path: Path, **clusters: Mapping[str, Any]) -> Path:
    for name, data in clusters.items():
        with (path / f"{name}.yaml").open("w", encoding="utf-8") as stream:
            YAML().dump(data, stream)
    return path


def problems(path: Path, name: str = "second") -> list[str]:
    try:
        open_workspace(path / f"{name}.yaml")
    except InputErrors as error:
        return [f"{problem.path}: {problem.message}" for problem in error.problems]
    return []


def test_two_clusters_that_share_nothing_stand_side_by_side(tmp_path: Path) -> None:
    folder(tmp_path, first=document(), second=other())
    assert problems(tmp_path, "first") == problems(tmp_path, "second") == []
    assert open_workspace(tmp_path / "second.yaml").plan.warnings == ()


def test_two_clusters_that_are_too_much_for_one_pve_node_together_are_warned_of(tmp_path: Path) -> None:
    first, second = document(), other()
    for data in (first, second):
        data["proxmox"]["nodes"] = [{"name": name, "memory": "12GiB"} for name in ("pve1", "pve2", "pve3")]
    folder(tmp_path, first=first, second=second)
    warnings = open_workspace(tmp_path / "second.yaml").plan.warnings
    assert [one.partition(":")[0] for one in warnings] == ["pve1 carries 9GiB of second, 9GiB of quickstart, and has 12GiB"]
    for node in second["proxmox"]["nodes"]:
        node["memory"] = "20GiB"
    folder(tmp_path, second=second)
    assert open_workspace(tmp_path / "second.yaml").plan.warnings == ()


def test_equal_vm_ids_of_two_clusters_are_refused_with_all_that_meet(tmp_path: Path) -> None:
    data = other()
    data["pools"][0]["vm_id_start"] = 200
    folder(tmp_path, first=document(), second=data)
    (told,) = problems(tmp_path)
    assert "xlb1 and lb1 of quickstart (first.yaml) have the same VM id 200; likewise xlb2 201" in told
    assert problems(tmp_path, "first") != []
    shown = CliRunner().invoke(runner, ["plan", "-f", str(tmp_path / "second.yaml")])
    assert (shown.exit_code, shown.stdout) == (3, "")
    assert "vm_id_start" in shown.stderr


def test_equal_addresses_and_vips_of_two_clusters_are_refused(tmp_path: Path) -> None:
    data = other(server=50)
    data["network"]["vip"] = "192.168.1.60"
    folder(tmp_path, first=document(), second=data)
    told = "\n".join(problems(tmp_path))
    assert "xserver1 and server1 of quickstart (first.yaml) have the same address 192.168.1.50; likewise xserver2" in told
    assert "network.vip: this cluster and agent1 of quickstart (first.yaml) have the same VIP 192.168.1.60 (address there)" in told


def test_equal_vrrp_ids_are_refused_and_vrid_is_the_cure(tmp_path: Path) -> None:
    taken = open_workspace(folder(tmp_path, first=document()) / "first.yaml").plan.load_balancing
    assert taken is not None
    data = other()
    data["network"]["vrid"] = taken.vrid
    folder(tmp_path, second=data)
    assert f"network.vrid: this cluster and the cluster quickstart (first.yaml) have the same VRRP id {taken.vrid}" in problems(tmp_path)
    data["network"]["vrid"] = taken.vrid % 255 + 1
    folder(tmp_path, second=data)
    assert problems(tmp_path) == []


def test_kube_vip_speaks_no_vrrp_and_claims_no_id(tmp_path: Path) -> None:
    data = document() | {"api": {"on_servers": "kube-vip"}}
    data["pools"] = data["pools"][1:]
    data["network"]["vrid"] = 77
    plan = open_workspace(folder(tmp_path, first=data) / "first.yaml").plan
    assert {claim.words for claim in claims(plan)} >= {"VIP"}
    assert "VRRP id" not in {claim.words for claim in claims(plan)}


def test_equal_addresses_in_two_vlans_are_no_clash(tmp_path: Path) -> None:
    data = other(server=50)
    data["network"]["server"][0]["vlan"] = 7
    assert problems(folder(tmp_path, first=document(), second=data)) == []


def test_one_name_for_two_clusters_and_one_state_for_two_are_refused_on_any_estate(tmp_path: Path) -> None:
    state = {"backend": "s3", "bucket": "b", "key": "one.tfstate"}
    data = other() | {"cluster": "quickstart", "state": state}
    data["proxmox"] = {"endpoint": "https://10.9.9.9:8006", "nodes": ["elsewhere"]}
    told = problems(folder(tmp_path, first=document() | {"state": state}, second=data))
    assert any("have the same cluster name quickstart" in one for one in told)
    assert any("have the same state s3 b one.tfstate" in one for one in told)


def test_on_two_estates_nothing_meets_and_a_shared_name_of_a_pve_node_is_a_warning(tmp_path: Path) -> None:
    data = document() | {"cluster": "second"}
    data["proxmox"] = {"endpoint": "https://10.9.9.9:8006", "nodes": ["elsewhere"]}
    folder(tmp_path, first=document(), second=data)
    assert problems(tmp_path) == []
    assert not any("first.yaml" in one for one in open_workspace(tmp_path / "second.yaml").plan.warnings)
    data["proxmox"]["nodes"] = ["pve1"]
    folder(tmp_path, second=data)
    warnings = open_workspace(tmp_path / "second.yaml").plan.warnings
    assert any("have the same VM id 200" in one and "is pve1 the same PVE node in both?" in one for one in warnings)


def test_the_lock_of_the_other_cluster_counts_and_not_what_a_new_one_would_get(tmp_path: Path) -> None:
    folder(tmp_path, first=document())
    commit_lock(open_workspace(tmp_path / "first.yaml"))
    moved = document()
    moved["pools"][0]["vm_id_start"] = 500  # the load balancers that exist keep 200 and 201
    data = other()
    data["pools"][0]["vm_id_start"] = 200
    told = problems(folder(tmp_path, first=moved, second=data))
    assert "have the same VM id 200" in told[0]


def test_a_file_that_is_broken_or_no_cluster_hinders_nobody(tmp_path: Path) -> None:
    folder(tmp_path, second=other())
    (tmp_path / "secrets.yaml").write_text("token: x\n")
    (tmp_path / "first.yaml").write_text("cluster: first\nproxmox: {}\npools: []\n")
    warnings = open_workspace(tmp_path / "second.yaml").plan.warnings
    assert any("first.yaml was not compared with this cluster: it has" in one for one in warnings)
    assert not any("secrets.yaml" in one for one in warnings)
