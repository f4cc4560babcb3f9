"""Data disks in the guest: the units, systemd's own word on them, and its own tool on an empty disk and on a full one."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stardock.bundle.machine import machine_variables
from stardock.firstboot import documents
from stardock.model.machine import Machine
from stardock.model.parts import DataDisk
from stardock.systems import SYSTEMS, disks, system
from tests.machines import machine

pytestmark = pytest.mark.unit

LONGHORN = DataDisk(name="long-horn", size_gib=100, datastore="nvme", slot=1, mount="/var/lib/long-horn", filesystem="xfs")
DATA = DataDisk(name="data", size_gib=10, datastore="local-lvm", slot=2, mount="/srv/data")
RAW = DataDisk(name="raw", size_gib=10, datastore="local-lvm", slot=3)


def subject(system_name: str = "debian", role: str = "agent") -> Machine:
    return replace(machine("a1", role, 30, system_name=system_name), data_disks=(LONGHORN, DATA, RAW))  # type: ignore[arg-type]


def unit(name: str) -> str:
    return next(file.content for file in disks.files(subject()) if file.path == f"/etc/systemd/system/{name}")


def test_a_disk_is_found_by_its_serial_formatted_mounted_and_grown_by_units() -> None:
    path = "/dev/disk/by-id/virtio-long-horn"
    assert f"ExecStart=/usr/lib/systemd/systemd-makefs xfs {path}\n" in unit("stardock-format-long-horn.service")
    mount = unit(r"var-lib-long\x2dhorn.mount")
    assert f"What={path}\nWhere=/var/lib/long-horn\nType=xfs\n" in mount
    assert "Requires=stardock-format-long-horn.service" in mount
    assert "ExecStart=/usr/lib/systemd/systemd-growfs /var/lib/long-horn\n" in unit("stardock-grow-long-horn.service")
    wants = unit("local-fs.target.d/stardock-long-horn.conf")
    assert "Wants=var-lib-long\\x2dhorn.mount stardock-grow-long-horn.service\n" in wants


def test_a_disk_without_a_mount_point_is_left_alone() -> None:
    assert not [file for file in disks.files(subject()) if "raw" in file.path + file.content]


def test_kubernetes_does_not_start_beneath_a_mount_point_whose_disk_is_missing() -> None:
    needs = unit("rke2-agent.service.d/stardock-disks.conf")
    assert needs.endswith("[Unit]\nRequiresMountsFor=/var/lib/long-horn /srv/data\n")
    paths = [file.path for file in disks.files(subject(role="loadbalancer"))]
    assert not [path for path in paths if "rke2" in path]


@pytest.mark.parametrize("path", ["/srv", "/var/lib/long-horn", "/srv/a_b.c", "/dev/disk/by-id/virtio-data-1"])
def test_paths_become_names_of_units_as_systemd_escapes_them(path: str) -> None:
    said = subprocess.run(["systemd-escape", "--path", path], capture_output=True, text=True, check=True).stdout
    assert disks.escaped(path) == said.strip()


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for file in disks.files(subject()):
        path = tmp_path / file.path.removeprefix("/etc/systemd/system/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(file.content)
    units = [str(path) for path in tmp_path.iterdir() if path.is_file()]
    assert len(units) == 6
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.proves("feature data disks")
def test_a_file_system_is_made_on_an_empty_disk_and_never_over_anything(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(64 << 20))
    makefs = next(line for line in unit("stardock-format-data.service").splitlines() if line.startswith("ExecStart="))
    command, kind, _ = makefs.removeprefix("ExecStart=").split()
    subprocess.run([command, kind, str(disk)], capture_output=True, check=True)
    first = subprocess.run(["blkid", "-p", "-o", "export", str(disk)], capture_output=True, text=True, check=True).stdout
    assert "TYPE=ext4" in first
    subprocess.run([command, "xfs", str(disk)], capture_output=True, check=True)
    assert subprocess.run(["blkid", "-p", "-o", "export", str(disk)], capture_output=True, text=True, check=True).stdout == first


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_gets_the_units_at_first_boot_and_from_the_stage_machines(name: str) -> None:
    a1 = subject(name)
    document = YAML(typ="safe").load(documents("testing", a1).user)
    written = {file["path"] for file in document.get("write_files") or document["storage"]["files"]}
    assert {file.path for file in disks.files(a1)} <= written
    owned = {file["path"]: file.get("applies") for file in machine_variables(a1)["machine_files"]}
    assert {owned[file.path] for file in disks.files(a1)} == {"systemd"}


def test_the_first_boot_starts_them_once_their_tools_are_installed() -> None:
    text = documents("testing", subject()).user
    assert text.index("packages:") < text.index("systemctl start local-fs.target")
    assert {"e2fsprogs", "xfsprogs"} <= set(system("debian").packages_of(subject()))
    plain = machine("a1", "agent", 30)
    assert "local-fs" not in documents("testing", plain).user
    assert [*disks.files(plain), *disks.packages(plain), *disks.commands(plain)] == []
