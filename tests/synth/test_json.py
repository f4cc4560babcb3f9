"""Facts of the synthesized JSON: what the provider would replace a machine for, what must not stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.plans import ROOT, document
from tests.synth.running import Synthesized, synthesize, synthesize_by_command, write_cluster

pytestmark = pytest.mark.synth

NETWORK_DEVICE = {
    *("bridge", "disconnected", "enabled", "firewall", "mac_address", "model"),
    *("mtu", "queues", "rate_limit", "trunks", "vlan_id"),
}


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The quick start as it is shipped."""
    return synthesize(write_cluster(tmp_path_factory.mktemp("quickstart"), document()))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The quick start with the default protection, a second user with a password, and a run that replaces and adopts."""
    data = document()
    del data["protect"]
    del data["ssh"]["private_key"]
    data["cloud_init"] = {"users": [{"name": "ops", "password_hash": {"env": "OPS_HASH"}}]}
    data["proxmox"]["ssh"] = {"private_key": "keys/pve"}
    del data["proxmox"]["endpoint"]
    data["pools"][1] |= {"disk_interface": "virtio0", "machines": [{"name": "server1", "hostname": "server1.lan"}, "server2", "server3"]}
    path = write_cluster(tmp_path_factory.mktemp("guarded"), data)
    return synthesize_by_command(
        path,
        STARDOCK_REPLACE="server2,lb1",
        STARDOCK_ADOPT=json.dumps({"server1": "pve1/210"}),
        OPS_HASH="$6$planted",
        TF_VAR_password_hash_ops="$6$planted",
        PROXMOX_VE_API_TOKEN="root@pam!x=planted",
    )


@pytest.mark.proves("feature hosts that exist already")
def test_hosts_that_exist_already_leave_no_trace_in_the_json(quickstart: Synthesized, tmp_path: Path) -> None:
    data = document()
    pi = {"role": "agent", "address": "192.168.1.201", "system": "debian"}
    data["hosts"] = [{"name": "pi1", **pi}, {"name": "pi2", **pi, "address": "192.168.1.202", "role": "server", "kured": True}]
    assert synthesize(write_cluster(tmp_path / "quickstart", data)).text == quickstart.text


def test_every_network_device_has_all_11_keys(quickstart: Synthesized) -> None:
    devices = [device for machine in quickstart.machines.values() for device in machine["network_device"]]
    assert len(devices) == 6
    assert all(set(device) == NETWORK_DEVICE for device in devices)
    assert all(device["mac_address"] == device["mac_address"].upper() for device in devices)


def test_three_snippets_a_machine_with_literal_ids_and_depends_on(quickstart: Synthesized) -> None:
    for name, machine in quickstart.machines.items():
        own = {key: value for key, value in machine["initialization"].items() if key.endswith("_file_id")}
        assert own == {f"{kind}_data_file_id": f"local:snippets/quickstart.{name}.{kind}.yaml" for kind in ("user", "network", "meta")}
        assert machine["depends_on"] == [f"proxmox_virtual_environment_file.{name}-{kind}" for kind in ("user", "network", "meta")]
        for kind in ("user", "network", "meta"):
            snippet = quickstart.snippets[f"{name}-{kind}"]
            assert snippet["source_raw"]["file_name"] == f"quickstart.{name}.{kind}.yaml"
            assert (snippet["node_name"], snippet["upload_mode"]) == (machine["node_name"], "sftp")


@pytest.mark.proves("reality A1")
def test_the_seed_drive_is_on_scsi1_which_has_a_controller_on_every_machine(quickstart: Synthesized, guarded: Synthesized) -> None:
    for machine in (*quickstart.machines.values(), *guarded.machines.values()):
        assert machine["initialization"]["interface"] == "scsi1"
        assert machine["scsi_hardware"] in {"virtio-scsi-single", "virtio-scsi-pci"}


@pytest.mark.proves("reality A1", "reality B16")
def test_machines_that_stand_keep_seed_and_image_in_the_json_and_one_made_anew_has_its_seed_on_scsi1(tmp_path: Path) -> None:
    data = document()
    data["pools"][2]["machines"].append("agent2")
    path = write_cluster(tmp_path, data)
    (tmp_path / "cluster.lock").write_text((ROOT / "tests/former/quickstart.lock").read_text())
    kept = synthesize(path)
    assert {name for name, machine in kept.machines.items() if machine["initialization"]["interface"] == "scsi1"} == {"agent2"}
    images = {name: machine["disk"][0]["import_from"] for name, machine in kept.machines.items()}
    assert [name for name, image in images.items() if "debian-13-generic" in image] == ["agent2"]
    assert all("debian-12-genericcloud" in image for name, image in images.items() if name != "agent2")
    anew = synthesize_by_command(path, STARDOCK_REPLACE="server1")
    interfaces = {name: machine["initialization"]["interface"] for name, machine in anew.machines.items()}
    assert (interfaces["server1"], interfaces["server2"]) == ("scsi1", "ide2")


def test_what_would_replace_a_machine_is_ignored_and_no_more(quickstart: Synthesized) -> None:
    for machine in quickstart.machines.values():
        assert machine["lifecycle"]["ignore_changes"] == ["initialization", "disk[0].import_from", "node_name"]
        assert machine["migrate"] is True
        assert "file_id" not in machine["disk"][0]


def test_no_apply_reboots_a_machine_or_waits_for_a_silent_agent(quickstart: Synthesized) -> None:
    for machine in quickstart.machines.values():
        assert machine["reboot_after_update"] is False
        assert machine["agent"] == {"enabled": True, "timeout": "2m", "wait_for_ip": {"disabled": True}}


def test_machines_start_in_the_order_of_roles_and_wear_their_tags(quickstart: Synthesized) -> None:
    orders = {name: machine["startup"]["order"] for name, machine in quickstart.machines.items()}
    assert orders == {"lb1": 1, "lb2": 1, "server1": 2, "server2": 2, "server3": 2, "agent1": 3}
    assert quickstart.machines["lb1"]["tags"] == ["loadbalancer", "quickstart", "stardock"]


def test_protect_false_leaves_destruction_to_the_engine(quickstart: Synthesized) -> None:
    assert not [name for name, machine in quickstart.machines.items() if machine["lifecycle"].get("prevent_destroy")]


def test_protect_is_the_default_and_replace_lifts_it_for_the_named_only(guarded: Synthesized) -> None:
    free = {name for name, machine in guarded.machines.items() if not machine["lifecycle"].get("prevent_destroy")}
    assert free == {"server2", "lb1"}
    assert not [machine for machine in guarded.machines.values() if "protection" in machine]


def test_adopted_machines_come_as_import_blocks(guarded: Synthesized) -> None:
    assert guarded.json["import"] == [{"to": "proxmox_virtual_environment_vm.server1", "id": "pve1/210"}]


def test_a_machine_as_starbase_made_it_has_its_disk_on_virtio0_and_its_full_name(guarded: Synthesized) -> None:
    assert guarded.machines["server1"]["name"] == "server1.lan"
    (disk,) = guarded.machines["server1"]["disk"]
    assert disk["interface"] == "virtio0"
    assert "ssd" not in disk or disk["ssd"] is False
    assert guarded.machines["server1"]["scsi_hardware"] == "virtio-scsi-pci"
    assert guarded.machines["lb1"]["disk"][0]["interface"] == "scsi0"
    assert guarded.machines["lb1"]["scsi_hardware"] == "virtio-scsi-single"


def test_a_machine_its_snippets_and_its_image_are_on_the_same_pve_node(quickstart: Synthesized) -> None:
    for name, machine in quickstart.machines.items():
        image = quickstart.images[machine["disk"][0]["import_from"].split(".")[1]]
        snippets = [quickstart.snippets[f"{name}-{kind}"] for kind in ("user", "network", "meta")]
        assert {one["node_name"] for one in (image, *snippets)} == {machine["node_name"]}


def test_one_image_a_pve_node_that_carries_machines(tmp_path: Path) -> None:
    data = document("single")
    data["proxmox"]["nodes"] = ["pve1", "pve2"]
    made = synthesize(write_cluster(tmp_path, data))
    assert [image["node_name"] for image in made.images.values()] == ["pve1"]
    (image,) = made.images.values()
    assert (image["overwrite"], image["overwrite_unmanaged"], image["content_type"]) == (False, True, "import")
    assert image["file_name"] == "single.debian-13-generic-amd64.qcow2"


def test_a_password_is_a_sensitive_variable(guarded: Synthesized) -> None:
    assert guarded.json["variable"]["password_hash_ops"]["sensitive"] is True
    assert "${var.password_hash_ops}" in guarded.snippets["server1-user"]["source_raw"]["data"]


def test_no_secret_no_absolute_path_no_provisioner(guarded: Synthesized) -> None:
    assert "planted" not in guarded.text
    assert not {"api_token", "password", "username"} & set(guarded.json["provider"]["proxmox"][0])
    assert str(guarded.path.parents[3]) not in guarded.text
    assert str(Path.home()) + "/" not in guarded.text
    assert not [key for key in keys_of(guarded.json) if key in ("provisioner", "connection", "null_resource")]


def test_state_and_key_are_reached_by_relative_paths(guarded: Synthesized) -> None:
    assert guarded.json["terraform"]["backend"] == {"local": {"path": "../../../cluster.tfstate"}}
    assert guarded.json["provider"]["proxmox"][0]["ssh"]["private_key"] == '${file("../../../keys/pve")}'


def test_without_a_key_the_ssh_agent_is_asked(quickstart: Synthesized) -> None:
    ssh = quickstart.json["provider"]["proxmox"][0]["ssh"]
    assert ssh["agent"] is True
    assert "private_key" not in ssh


def test_whole_numbers_are_whole_numbers(quickstart: Synthesized) -> None:
    # an integer as a string or a float is a decode error at Proxmox
    for machine in quickstart.machines.values():
        numbers = (machine["vm_id"], machine["cpu"]["cores"], machine["memory"]["dedicated"], machine["disk"][0]["size"])
        assert all(type(number) is int for number in numbers)


def test_the_output_says_what_was_made(quickstart: Synthesized) -> None:
    assert quickstart.json["output"]["machines"]["value"]["lb1"] == {
        "role": "loadbalancer",
        "pve_node": "pve1",
        "vm_id": 200,
        "address": "192.168.1.41",
    }


def test_nothing_but_password_references_is_interpolated_in_documents(guarded: Synthesized) -> None:
    for snippet in guarded.snippets.values():
        live = re.findall(r"(?<!\$)\$\{[^}]*\}", snippet["source_raw"]["data"])
        assert set(live) <= {"${var.password_hash_ops}"}


def keys_of(value: Any) -> list[str]:
    """Every key, however deep."""
    if isinstance(value, dict):
        return [*value, *(key for item in value.values() for key in keys_of(item))]
    return [key for item in value for key in keys_of(item)] if isinstance(value, list) else []


def test_a_machine_may_be_called_as_anything_else_in_the_stack(tmp_path: Path) -> None:
    data = document("single")
    data["pools"][0]["machines"] = ["images", "proxmox", "virtual-machines"]
    made = synthesize(write_cluster(tmp_path, data))
    assert set(made.machines) == {"images", "proxmox", "virtual-machines"}


def test_endpoint_and_insecure_that_cluster_yaml_leaves_open_are_the_environments_and_in_no_json(
    quickstart: Synthesized, guarded: Synthesized
) -> None:
    (said,), (left,) = quickstart.json["provider"]["proxmox"], guarded.json["provider"]["proxmox"]
    assert (said["endpoint"], "insecure" in said) == ("https://192.168.1.10:8006", False)
    assert not {"endpoint", "insecure", "api_token"} & set(left)
    assert left["ssh"]["username"] == "root", "PROXMOX_VE_SSH_USERNAME has no effect, and doctor says so"
