"""A plan's networks become the lab's: routers, VLANs, DHCP where somebody asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab import settings_file
from lab.command.settings import lab_settings
from lab.command.up import chosen
from lab.errors import LabError
from lab.settings import LabSettings, Network, PveNode
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit


def settings(data: dict[str, Any]) -> LabSettings:
    return lab_settings(plan_of(data)[0], Path("/lab"))


def test_static_networks_get_the_gateway_that_machines_name() -> None:
    made = settings(document())
    assert made.networks == (Network("vmbr0", "192.168.1.1/24"),)
    assert [node.name for node in made.pve_nodes] == ["pve1", "pve2", "pve3"]


def test_dhcp_only_gets_a_network_of_the_labs_own() -> None:
    assert settings(document("single")).networks == (Network("vmbr0", "10.77.0.1/24", None, ("10.77.0.205", "10.77.0.254")),)


def test_dhcp_beside_static_stays_out_of_taken_addresses() -> None:
    data = document()
    data["network"]["agent"] = [{"name": "ens18", "bridge": "vmbr0", "dhcp": True}]
    data["network"]["vip"] = "192.168.1.230"
    assert settings(data).networks == (Network("vmbr0", "192.168.1.1/24", None, ("192.168.1.231", "192.168.1.254")),)


def test_each_vlan_is_a_network_and_one_without_gateway_gets_a_free_address() -> None:
    data = document()
    second = {"name": "ens19", "bridge": "vmbr1", "vlan": 20, "static": {"base": "10.20.0.0", "offset": 1, "prefix": 24}}
    data["network"]["server"].append(second)
    assert settings(data).networks[1] == Network("vmbr1", "10.20.0.4/24", 20)


def test_the_lab_has_the_pools_devices_and_shared_datastores_of_the_plan_wherever_ha_may_go() -> None:
    data = document("single")
    data["proxmox"] |= {"nodes": ["pve1", "pve2"], "datastores": {"disks": "ceph", "shared": ["ceph", "fast"]}}
    data["pools"][0] |= {"pve_pool": "lab", "devices": ["gpu"], "ha": True}
    data["pools"][0]["data_disks"] = [{"name": "data", "size": "1GiB", "datastore": "fast"}]
    made = settings(data)
    assert (made.pools, made.devices) == (("lab",), ("gpu",))
    assert [node.storages for node in made.pve_nodes] == [{"ceph": "rbd", "fast": "rbd", "local": "dir"}] * 2


def test_settings_survive_their_file(tmp_path: Path) -> None:
    networks = (Network("vmbr0", "10.0.0.1/24", 7, ("10.0.0.5", "10.0.0.9")), Network("vmbr1", "10.1.0.1/24"))
    made = LabSettings("x", str(tmp_path), (PveNode("pve1", "127.0.1.1", {"nfs": "dir"}),), networks, machines="none", pools=("lab",))
    assert settings_file.load(settings_file.save(made)) == made


def test_a_machine_that_is_a_vm_is_named_with_the_file_name_of_its_image() -> None:
    made = lab_settings(plan_of(document("single"))[0], Path("/lab"), ["server1"])
    assert list(made.vms) == ["server1"]
    assert made.vms["server1"].startswith("debian-")


def test_a_vm_that_the_plan_lacks_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(LabError, match="no machine server9") as refused:
        lab_settings(plan_of(document("single"))[0], Path("/lab"), ["server9"])
    assert refused.value.cure == "it has server1"


def test_vms_survive_the_settings_file(tmp_path: Path) -> None:
    made = LabSettings("a", str(tmp_path), (PveNode("pve1", "127.0.1.1"),), (), vms={"m": "debian-13-generic-amd64.qcow2"}, vm_tools="/t")
    assert settings_file.load(settings_file.save(made)) == made


def test_nodes_are_real_where_what_they_need_is_built_and_there_is_room_and_as_asked_for_otherwise() -> None:
    assert [chosen(None, 20, built=True), chosen(None, 21, built=True), chosen(None, 6, built=False)] == ["real", "emulated", "emulated"]
    assert [chosen("real", 21, built=True), chosen("emulated", 6, built=True)] == ["real", "emulated"]
    with pytest.raises(LabError) as refused:
        chosen("real", 6, built=False)
    assert refused.value.cure == "tools/setup nodes"
