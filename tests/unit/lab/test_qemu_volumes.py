"""Volumes of a VM in QEMU as files: over their image, as large as PVE says, gone with their generation."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.machines.hypervisor import Guest, Seed, Volume
from lab.machines.qemu.volumes import Volumes, firmware

pytestmark = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed (tools/setup vm installs it)")

GIB = 1 << 30
DISK, DATA = "local-lvm:vm-100-disk-0", "local-lvm:vm-100-disk-1"
GUEST = Guest(
    100, "server1", "a", 1, 512, GIB, (), None,
    {"scsi0": f"{DISK},size=1G", "virtio1": f"{DATA},size=1G"},
    {DISK: Volume(2 * GIB, "a", "local:import/debian-13-generic-amd64.qcow2"), DATA: Volume(GIB, "b")},
)  # fmt: skip


@pytest.fixture
def volumes(tmp_path: Path) -> Volumes:
    base = tmp_path / "base.raw"
    base.touch()
    base.write_bytes(b"boots")
    subprocess.run(["truncate", "-s", str(GIB), str(base)], check=True)
    return Volumes(tmp_path / "vm", {"13-generic": str(base)})


def info(file: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        subprocess.run(["qemu-img", "info", "--output=json", file], capture_output=True, check=True).stdout
    )
    return found


def test_the_first_disk_lies_over_its_image_and_a_data_disk_is_empty(volumes: Volumes) -> None:
    files = volumes.prepare(GUEST)
    assert info(files[DISK].path)["backing-filename"] == volumes.images["13-generic"]
    assert info(files[DISK].path)["virtual-size"] == 2 * GIB
    assert "backing-filename" not in info(files[DATA].path)


def test_a_disk_that_pve_grew_is_grown_at_the_next_start_and_keeps_its_content(volumes: Volumes) -> None:
    path = volumes.prepare(GUEST)[DISK].path
    subprocess.run(["qemu-io", "-c", "write -P 7 0 512", str(path)], check=True, capture_output=True)
    grown = replace(GUEST, volumes={**GUEST.volumes, DISK: replace(GUEST.volumes[DISK], size=3 * GIB)})
    assert volumes.prepare(grown)[DISK].path == path
    assert info(path)["virtual-size"] == 3 * GIB
    assert (
        "failed" not in subprocess.run(["qemu-io", "-c", "read -P 7 0 512", str(path)], check=True, capture_output=True, text=True).stdout
    )


def test_a_disk_that_was_made_anew_starts_from_the_image_again_and_the_old_one_is_gone(volumes: Volumes) -> None:
    old = volumes.prepare(GUEST)[DISK].path
    again = replace(GUEST, volumes={**GUEST.volumes, DISK: replace(GUEST.volumes[DISK], generation="c")})
    assert volumes.prepare(again)[DISK].path != old
    assert not old.exists()


def test_an_image_that_the_lab_has_no_disk_for_is_refused_by_its_name(volumes: Volumes) -> None:
    other = replace(GUEST, volumes={DISK: Volume(GIB, "a", "local:import/debian-12-genericcloud-amd64.qcow2")})
    with pytest.raises(LabError, match="in place of local:import/debian-12-genericcloud-amd64"):
        volumes.prepare(other)


@pytest.mark.skipif(shutil.which("genisoimage") is None, reason="genisoimage is not installed (tools/setup vm installs it)")
def test_the_seed_is_on_the_drive_that_the_configuration_names(volumes: Volumes) -> None:
    seed = Seed(b"#cloud-config\n", b"", b"")
    volume = "local-lvm:vm-100-cloudinit"
    guest = replace(
        GUEST, seed=seed, config={**GUEST.config, "scsi1": f"{volume},media=cdrom"}, volumes={**GUEST.volumes, volume: Volume(4 << 20, "")}
    )
    assert volumes.prepare(guest)[volume].path.name == "seed.iso"


@pytest.mark.skipif(not Path("/usr/share/OVMF/OVMF_VARS_4M.fd").exists(), reason="ovmf is not installed (tools/setup vm installs it)")
def test_uefis_variables_are_the_vms_own_and_kept(volumes: Volumes) -> None:
    variables = "local-lvm:vm-100-disk-2"
    config = {**GUEST.config, "bios": "ovmf", "machine": "q35", "efidisk0": f"{variables},efitype=4m,pre-enrolled-keys=0,size=4M"}
    guest = replace(GUEST, config=config, volumes={**GUEST.volumes, variables: Volume(4 << 20, "v")})
    files = volumes.prepare(guest)
    files[variables].path.write_bytes(b"theirs")
    assert volumes.prepare(guest)[variables].path.read_bytes() == b"theirs"
    uefi = firmware(guest, files)
    assert uefi is not None
    assert uefi.code.name == "OVMF_CODE_4M.secboot.fd", "with SMM, as PVE has it on q35"
    with pytest.raises(LabError, match="ovmf without efidisk0"):
        firmware(replace(guest, config={"bios": "ovmf"}), files)
