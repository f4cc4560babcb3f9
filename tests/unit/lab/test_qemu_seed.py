"""The cloud-init drive of a VM in QEMU: PVE's label and names of files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.machines.hypervisor import Seed
from lab.machines.qemu.iso import contents, write_iso
from lab.machines.qemu.volumes import image_key

SEED = Seed(b"#cloud-config\n", b"version: 1\n", b"instance-id: a\n")


def test_nocloud_has_four_files_the_vendors_empty() -> None:
    assert contents({}, SEED) == (
        "cidata",
        {"user-data": SEED.user, "network-config": SEED.network, "meta-data": SEED.meta, "vendor-data": b""},
    )


def test_configdrive2_has_openstacks_names() -> None:
    label, files = contents({"citype": "configdrive2"}, SEED)
    assert label == "config-2"
    assert files["openstack/latest/user_data"] == SEED.user
    assert files["openstack/content/0000"] == SEED.network


def test_opennebula_is_refused() -> None:
    with pytest.raises(LabError, match="citype: opennebula"):
        contents({"citype": "opennebula"}, SEED)


@pytest.mark.skipif(shutil.which("genisoimage") is None, reason="genisoimage is not installed (tools/setup vm installs it)")
def test_the_iso_has_the_files_under_their_whole_names_and_only_we_may_read_it(tmp_path: Path) -> None:
    target = tmp_path / "seed.iso"
    write_iso({}, SEED, target)
    assert target.stat().st_mode & 0o777 == 0o600
    listed = subprocess.run(["isoinfo", "-J", "-f", "-i", str(target)], capture_output=True, text=True, check=True).stdout.split()
    assert sorted(listed) == ["/meta-data", "/network-config", "/user-data", "/vendor-data"]
    described = subprocess.run(["isoinfo", "-d", "-i", str(target)], capture_output=True, text=True, check=True).stdout
    assert "Volume id: cidata" in described


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("local:import/debian-13-generic-amd64.qcow2", "13-generic"),
        ("debian-12-genericcloud-amd64-20260101-1.qcow2", "12-cloud"),
        ("https://cloud.example/debian-13-generic-arm64.qcow2", None),
        ("openSUSE-MicroOS.x86_64-kvm-and-xen.qcow2", None),
    ],
)
def test_the_kernel_of_a_debian_image_is_in_its_name(name: str, key: str | None) -> None:
    assert image_key(name) == key
