"""The estate and the state in the JSON: where PVE nodes differ, and where the state lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.plans import document
from tests.synth.running import Synthesized, run_main, synthesize, write_cluster

pytestmark = pytest.mark.synth


def cluster(folder: Path, **further: Any) -> Synthesized:
    return synthesize(write_cluster(folder, document() | further))


def test_the_state_lies_where_cluster_yaml_says_and_no_credential_is_in_the_json(tmp_path: Path) -> None:
    """Every other backend's block is made the same way: tests/unit/plan/test_state_place.py."""
    settings = {"backend": "s3", "bucket": "b", "endpoints": {"s3": "https://s3.home.arpa"}, "custom_ca_bundle": "ca.pem"}
    made = cluster(tmp_path, state=settings)
    assert made.json["terraform"]["backend"] == {
        "s3": {
            "bucket": "b",
            "key": "quickstart.tfstate",
            "use_lockfile": True,
            "endpoints": {"s3": "https://s3.home.arpa"},
            "custom_ca_bundle": "../../../ca.pem",
        }
    }
    assert not list(tmp_path.glob("*.tfstate"))


def test_without_a_word_the_state_lies_beside_cluster_yaml(tmp_path: Path) -> None:
    assert cluster(tmp_path).json["terraform"]["backend"] == {"local": {"path": "../../../cluster.tfstate"}}


def test_per_pve_node_address_port_user_key_and_bridge_and_a_proxy_for_ssh(tmp_path: Path) -> None:
    data = document()
    data["proxmox"]["ssh"] = {"user": "stardock", "private_key": "common", "socks5": "127.0.0.1:1080"}
    data["proxmox"]["nodes"] = [
        {"name": "pve1", "address": "192.168.1.10"},
        {
            "name": "pve2",
            "address": "10.2.0.2",
            "ssh_port": 2222,
            "ssh_user": "other",
            "ssh_private_key": "~/pve2",
            "bridges": {"vmbr0": "br2"},
        },
        {"name": "pve3", "datastores": {"snippets": "nfs", "disks": "zfs"}},
    ]
    made = synthesize(write_cluster(tmp_path, data))
    common, own = made.json["provider"]["proxmox"]
    assert (common["ssh"]["username"], common["ssh"]["private_key"]) == ("stardock", '${file("../../../common")}')
    assert common["ssh"]["node"][1] == {"name": "pve2", "address": "10.2.0.2", "port": 2222}
    assert (own["alias"], own["ssh"]["username"], own["ssh"]["private_key"]) == ("ssh-pve2", "other", '${file(pathexpand("~/pve2"))}')
    assert {one["ssh"]["socks5_server"] for one in (common, own)} == {"127.0.0.1:1080"}
    assert {one["upload_mode"] for one in made.snippets.values()} == {"sftp"}
    by_node = {machine["node_name"]: (name, machine) for name, machine in made.machines.items()}
    assert {node: machine["network_device"][0]["bridge"] for node, (_, machine) in by_node.items()} == {
        "pve1": "vmbr0",
        "pve2": "br2",
        "pve3": "vmbr0",
    }
    providers = {node: made.snippets[f"{name}-user"].get("provider") for node, (name, _) in by_node.items()}
    assert providers == {"pve1": None, "pve2": "proxmox.ssh-pve2", "pve3": None}
    assert {machine.get("provider") for machine in made.machines.values()} == {None}
    assert made.snippets[f"{by_node['pve3'][0]}-user"]["datastore_id"] == "nfs"


def test_the_provider_is_pinned_to_one_release(tmp_path: Path) -> None:
    """As cdktf.json says; what `init` then installs is in tests/synth/test_engines.py, under both engines."""
    assert cluster(tmp_path).json["terraform"]["required_providers"] == {"proxmox": {"source": "bpg/proxmox", "version": "0.111.1"}}


def test_two_clusters_in_one_folder_each_keep_their_json(tmp_path: Path) -> None:
    """Synthesized one after the other into one output folder."""
    first = cluster(tmp_path)
    data = document("single") | {"cluster": "second"}
    data["pools"][0]["vm_id_start"] = 500
    write_cluster(tmp_path / "other", data)
    (tmp_path / "other/cluster.yaml").rename(tmp_path / "second.yaml")

    done = run_main(tmp_path / "second.yaml")
    assert done.returncode == 0, done.stderr
    assert first.path.read_text() == first.text
    assert (tmp_path / "cdktf.out/stacks/second/cdk.tf.json").is_file()
