"""What the emulated PVE refuses of a VM's hardware, as the real one does (qemu-server's own checks, at the time they are made there)."""

from __future__ import annotations

import pytest

from tests.contract.estate import Estate

pytestmark = pytest.mark.contract

QEMU = "/nodes/pve1/qemu"
VM = {"cores": 1, "memory": 1024, "net0": "virtio,bridge=vmbr0"}


def refused(pve: Estate, vmid: int, **options: object) -> str:
    """What is said of a VM that cannot be made so."""
    answer = pve.ask("POST", QEMU, vmid=vmid, **(VM | options))
    assert answer.status in {400, 403, 500}, answer
    return " ".join([answer.reason, *(f"{key}: {text}" for key, text in answer.errors.items())])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"balloon": "-1"}, "balloon: value must have a minimum value of 0"),
        ({"hugepages": "4"}, "'4' does not have a value in the enumeration"),
        ({"numa": "2"}, "numa: type check ('boolean') failed"),
        ({"numa0": "memory=512"}, "cpus: property is missing"),
        ({"bios": "uefi"}, "bios: value 'uefi' does not have a value in the enumeration"),
        ({"machine": "q36"}, "machine: invalid format"),
        ({"efidisk0": "local-lvm:1,efitype=8m"}, "efitype: value '8m'"),
        ({"tpmstate0": "local-lvm:1,version=v3"}, "version: value 'v3'"),
        ({"startup": "order=first"}, "startup: invalid format"),
        ({"hostpci0": "mapping=0gpu"}, "mapping: invalid format"),
        ({"hostpci0": "pcie=1"}, "either 'host' or 'mapping' must be set"),
        ({"hostpci0": "0000:01:00.0"}, "only root can set 'hostpci0' config for non-mapped devices"),
        ({"usb0": "10c4:ea60"}, "only root can set 'usb0' config for real devices"),
        ({"usb0": "mapping=0stick"}, "mapping: invalid format"),
        ({"usb0": "stick"}, "host: value does not match the regex pattern"),
        ({"hostpci16": "mapping=gpu"}, "hostpci16: property is not defined in schema"),
        ({"hugepages": "any", "numa": 1}, "only root can set 'hugepages' config"),
        ({"virtio16": "local-lvm:1"}, "virtio16: property is not defined in schema"),
        ({"virtio1": "local-lvm:1,ssd=1"}, "ssd: property is not defined in schema"),
        ({"virtio1": "local:1"}, "storage 'local' does not support vm images"),
        ({"net0": "virtio,bridge=vmbr0,mtu=70000"}, "mtu: value must have a maximum value of 65520"),
        ({"net0": "virtio,bridge=vmbr0,trunks=10:20"}, "trunks: value does not match the regex pattern"),
        ({"pool": "nowhere"}, "pool 'nowhere' does not exist"),
        ({"description": "x" * 8193}, "description: value may only be 8192 characters long"),
        ({"tags": "no tag!"}, "tags: invalid format"),
        ({"sockets": "0"}, "sockets: value must have a minimum value of 1"),
    ],
)
def test_bad_hardware_is_refused_before_any_task(strict: Estate, options: dict[str, object], words: str) -> None:
    assert words in refused(strict, 900, **options)
    assert strict.ask("GET", f"{QEMU}/900/config").status == 500, "nothing was made"


def made(pve: Estate, vmid: int, **options: object) -> str:
    """A stopped VM; its path."""
    assert pve.do("POST", QEMU, vmid=vmid, **(VM | options)).status == "OK"
    return f"{QEMU}/{vmid}"


def test_a_balloon_larger_than_the_memory_is_refused_at_a_change(strict: Estate) -> None:
    vm = made(strict, 901)
    assert strict.ask("PUT", f"{vm}/config", balloon=2048).reason.startswith("balloon value too large")
    assert strict.ask("PUT", f"{vm}/config", balloon=2048, memory=4096).status == 200
    assert strict.ask("PUT", f"{vm}/config", memory=1024).reason.startswith("balloon value too large")
    assert strict.ask("PUT", f"{vm}/config", memory=1024, balloon=0).status == 200


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"hugepages": "2"}, "numa needs to be enabled to use hugepages"),
        ({"hugepages": "1024", "numa": 1, "memory": "1536"}, "Memory size 1536 is not a multiple of the requested hugepages size 1024"),
        ({"hugepages": "1024", "numa": 1, "memory": "1024", "sockets": 2}, "Memory size 512 is not a multiple"),
        ({"hugepages": "any", "numa": 1, "memory": "1025"}, "memory size '1025' is not a positive even integer"),
        ({"hugepages": "any", "numa": 1, "memory": "1026"}, "OK"),
    ],
)
def test_a_vm_starts_only_with_memory_that_huge_pages_fit(pve: Estate, config: dict[str, object], words: str) -> None:
    vm = made(pve, 200)
    pve.lab("config", vm_id=200, set=config)  # as `qm set` of root's would: no token may
    assert words in pve.do("POST", f"{vm}/status/start").status


def test_a_device_is_found_by_its_mapping_on_the_vms_node_and_given_to_one_vm(strict: Estate) -> None:
    device = "node=pve1,path=0000:01:00.0,id=10de:2204"
    assert strict.ask("POST", "/cluster/mapping/pci", id_="gpu", map_="node=pve1").errors["map"].startswith("invalid format")
    assert strict.ask("POST", "/cluster/mapping/pci", id_="gpu", map_=device).status == 200
    assert strict.ask("POST", "/cluster/mapping/pci", id_="gpu", map_=device).reason.endswith("pci ID 'gpu' already defined")
    assert strict.get("/cluster/mapping/pci") == [{"id": "gpu", "type": "pci", "map": [device]}]
    first, second = (made(strict, vmid, machine="q35", hostpci0="mapping=gpu,pcie=1") for vmid in (910, 911))
    assert strict.do("POST", f"{first}/status/start").status == "OK"
    assert strict.do("POST", f"{second}/status/start").status == "PCI device '0000:01:00.0' already in use by VMID '910'"
    strict.lab("kill", vm_id=910)
    assert strict.do("POST", f"{second}/status/start").status == "OK"
    elsewhere = "/nodes/pve2/qemu"
    assert strict.do("POST", elsewhere, vmid=912, machine="q35", hostpci0="mapping=gpu,pcie=1", **VM).status == "OK"
    assert strict.do("POST", f"{elsewhere}/912/status/start").status == "PCI device mapping not found for 'gpu'"
    old = made(strict, 913, hostpci0="mapping=gpu,pcie=1")
    assert strict.do("POST", f"{old}/status/start").status == "q35 machine model is not enabled"
    assert strict.ask("DELETE", "/cluster/mapping/pci/gpu").status == 200
    assert strict.ask("GET", "/cluster/mapping/pci/gpu").reason == "mapping 'gpu' not found"


def test_a_vm_is_in_one_pool_and_moves_by_leaving_it(strict: Estate) -> None:
    for name in ("one", "other"):
        assert strict.ask("POST", "/pools", poolid=name).status == 200
    made(strict, 920, pool="one")
    assert [member["vmid"] for member in strict.get("/pools", poolid="one")[0]["members"]] == [920]
    assert "VM 920 belongs already to pool 'one'" in strict.ask("PUT", "/pools", poolid="other", vms=920).reason
    assert strict.ask("PUT", "/pools", poolid="one", vms=920, delete=1).status == 200
    assert strict.ask("PUT", "/pools", poolid="other", vms=920).status == 200
    assert [member["vmid"] for member in strict.get("/pools", poolid="other")[0]["members"]] == [920]


def test_a_data_disk_never_shrinks_and_taken_off_it_is_unused_not_gone(strict: Estate) -> None:
    vm = made(strict, 930, virtio1="local-lvm:20,serial=data")
    assert strict.do("PUT", f"{vm}/resize", disk="virtio1", size="10G").status == "shrinking disks is not supported"
    assert strict.do("PUT", f"{vm}/resize", disk="virtio1", size="30G").status == "OK"
    assert strict.ask("PUT", f"{vm}/config", delete="virtio1").status == 200
    assert strict.get(f"{vm}/config")["unused0"] == "local-lvm:vm-930-disk-0"


@pytest.mark.proves("case 11-vlan-trunk")
def test_a_trunk_wants_a_bridge_that_is_vlan_aware(pve: Estate) -> None:
    vm = made(pve, 201, net1="virtio,bridge=vmbr0,trunks=10;20-22")
    pve.lab("bridge", node="pve1", name="vmbr0", bridge_vlan_aware=None)
    assert pve.do("POST", f"{vm}/status/start").status == "vlan aware feature need to be enabled to use trunks"
    pve.lab("bridge", node="pve1", name="vmbr0", bridge_vlan_aware=1)
    assert pve.do("POST", f"{vm}/status/start").status == "OK"
    pve.lab("bridge", node="pve1", name="vmbr0", bridge_vlan_aware=None)
    answer = pve.ask("PUT", f"{vm}/config", net1="virtio,bridge=vmbr0,trunks=30")
    assert answer.errors == {"net1": "hotplug problem - vlan aware feature need to be enabled to use trunks"}


@pytest.mark.proves("case 12-usb-mapping")
def test_a_usb_mapping_has_one_device_on_the_pve_node_where_the_vm_starts(pve: Estate) -> None:
    vm = made(pve, 202, usb0="mapping=zigbee,usb3=0")
    assert pve.do("POST", f"{vm}/status/start").status == "USB device mapping not found for 'zigbee'"
    one, other = "node=pve1,id=10c4:ea60", "node=pve1,id=10c4:ea60,path=1-2.3"
    assert pve.ask("POST", "/cluster/mapping/usb", id_="zigbee", map_="node=pve1").errors["map"].startswith("invalid format")
    assert pve.ask("POST", "/cluster/mapping/usb", id_="zigbee", map_=[one, other]).status == 200
    assert pve.get("/cluster/mapping/usb") == [{"id": "zigbee", "type": "usb", "map": [one, other]}]
    assert pve.do("POST", f"{vm}/status/start").status == "More than one USB mapping per host not supported"
    assert pve.ask("DELETE", "/cluster/mapping/usb/zigbee").status == 200
    assert pve.ask("POST", "/cluster/mapping/usb", id_="zigbee", map_=one).status == 200
    assert pve.do("POST", f"{vm}/status/start").status == "OK"


@pytest.mark.parametrize(
    ("drive", "words"),
    [
        ("aio=native,cache=writeback", "it requires cache.direct=on"),
        ("aio=native,cache=directsync", "OK"),
        ("mbps_rd_max=100", "bps_max/iops_max need bps/iops"),
        ("iops_wr=200,iops_wr_max=100", "bps_max/iops_max need bps/iops"),
        ("mbps=1.5,mbps_max=3", "OK"),
    ],
)
def test_qemu_starts_only_with_flags_of_a_drive_that_fit(pve: Estate, drive: str, words: str) -> None:
    vm = made(pve, 203, virtio1=f"local-lvm:1,{drive}")
    assert words in pve.do("POST", f"{vm}/status/start").status
