"""What containers cannot show, in one VM that boots Debian's own kernel with exactly the documents that Proxmox would be given."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stardock.firstboot import documents
from stardock.plan.model import Machine, User
from stardock.plan.parts import DataDisk
from tests.machines import interface, machine
from tests.vm.machine import Hardware, Vm, have_qemu, running

pytestmark = [
    pytest.mark.vm,
    pytest.mark.skipif(not have_qemu(), reason="qemu-system-x86_64 is not installed (make test-slow installs it)"),
]

ADDRESS, DISK_GIB = "192.168.1.12", 4
DATA = DataDisk(name="data", slot=1, size_gib=2, datastore="local-lvm", mount="/srv/data")


def subject(public_key: str) -> Machine:
    """A server with two NICs and a data disk, as a plan has it."""
    second = interface(13, name="ens19", bridge="vmbr1", address="10.20.0.12", gateway=None, dns=(), search=())
    first = interface(12, dns=("192.168.1.1",))
    admin = User(name="admin", keys=(public_key,))
    return replace(machine("server1", "server", 12, disk_gib=DISK_GIB, users=(admin,), data_disks=(DATA,)), interfaces=(first, second))


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, Path]:
    """The machine, and the key that opens it."""
    key = tmp_path_factory.mktemp("key") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return subject(key.with_suffix(".pub").read_text().strip()), key


@pytest.fixture(scope="module")
def vm(planned: tuple[Machine, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vm]:
    """The machine, booted to the end of its first boot. Its NICs sit in other slots than their names say, the second first.

    Not in each other's: cloud-init 22.4 cannot swap names there, because udev keeps a slot's name as an alternative name.
    """
    own, key = planned
    hardware = Hardware(ADDRESS, tuple(nic.mac for nic in own.interfaces), DISK_GIB, {DATA.name: DATA.size_gib})
    with running(tmp_path_factory.mktemp("vm"), key, documents("testing", own), hardware) as made:
        made.await_first_boot()
        yield made


def test_first_boot_ends_without_an_error(vm: Vm) -> None:
    assert json.loads(vm.said("cat", "/run/cloud-init/result.json"))["v1"]["errors"] == []
    assert vm.said("hostname") == "server1"


def test_nics_are_matched_by_mac_whatever_slot_they_sit_in(vm: Vm, planned: tuple[Machine, Path]) -> None:
    for nic in planned[0].interfaces:
        assert vm.said("cat", f"/sys/class/net/{nic.name}/address") == nic.mac.lower()
        assert f" {nic.address}/{nic.prefix} " in vm.said("ip", "-oneline", "-4", "address", "show", nic.name)
    assert "default via 192.168.1.1 dev ens18" in vm.said("ip", "route")
    slots = [vm.said("udevadm", "info", "--query=property", f"/sys/class/net/{nic.name}") for nic in planned[0].interfaces]
    assert ["ID_NET_NAME_SLOT=ens4" in slots[0], "ID_NET_NAME_SLOT=ens3" in slots[1]] == [True, True], (
        "the kernel's own names, the other way round"
    )


def test_kernel_settings_are_in_force(vm: Vm) -> None:
    assert vm.said("cat", "/proc/sys/fs/inotify/max_user_instances") == "8192"
    assert vm.said("cat", "/proc/sys/fs/inotify/max_user_watches") == "524288"


def test_it_runs_the_distributions_own_kernel_which_loads_modules(vm: Vm) -> None:
    assert vm.said("uname", "-r").endswith("cloud-amd64")
    assert vm.ssh("sudo", "modprobe", "br_netfilter").returncode == 0
    assert vm.ssh("test", "-e", "/proc/sys/net/bridge/bridge-nf-call-iptables").returncode == 0


def test_the_root_file_system_has_grown_to_the_disk(vm: Vm) -> None:
    size = int(vm.said("findmnt", "--noheadings", "--bytes", "--output", "SIZE", "/"))
    assert size > 0.93 * (DISK_GIB << 30)


def test_the_data_disk_found_by_its_serial_has_a_file_system_of_its_size_where_kubernetes_waits_for_it(vm: Vm) -> None:
    mounted = vm.said("findmnt", "--noheadings", "--bytes", "--output", "FSTYPE,SIZE", "/srv/data").split()
    assert mounted[0] == "ext4"
    assert int(mounted[1]) > 0.9 * (DATA.size_gib << 30)
    assert vm.said("readlink", "-f", "/dev/disk/by-id/virtio-data") == vm.said("findmnt", "--noheadings", "--output", "SOURCE", "/srv/data")
    assert "/srv/data" in vm.said("cat", "/etc/systemd/system/rke2-server.service.d/stardock-disks.conf")
    vm.said("sudo", "touch", "/srv/data/kept")


def test_after_a_reboot_everything_is_as_it_was(vm: Vm, planned: tuple[Machine, Path]) -> None:
    key = vm.said("cat", "/etc/ssh/ssh_host_ed25519_key.pub")
    vm.reboot()
    assert vm.said("cat", "/etc/ssh/ssh_host_ed25519_key.pub") == key
    assert vm.said("ls", "/srv/data/kept") == "/srv/data/kept"
    assert vm.said("cat", "/sys/class/net/ens18/address") == planned[0].interfaces[0].mac.lower()
    assert vm.said("cat", "/proc/sys/fs/inotify/max_user_instances") == "8192"
