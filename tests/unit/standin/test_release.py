from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from lab.standin import build_release

VERSION = "v1.36.5+rke2r1"
pytestmark = pytest.mark.unit


@pytest.fixture
def tarball(tmp_path: Path) -> Path:
    return build_release(tmp_path / "release", VERSION)


def test_the_same_version_gives_the_same_bytes(tarball: Path, tmp_path: Path) -> None:
    again = build_release(tmp_path / "again", VERSION)
    other = build_release(tmp_path / "other", "v1.36.6+rke2r1")
    assert tarball.read_bytes() == again.read_bytes()
    assert tarball.read_bytes() != other.read_bytes()


def test_the_layout_is_the_real_release_s(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        files = {entry.name: entry.mode for entry in archive if entry.isfile()}
    units = "lib/systemd/system"
    assert files == {
        "bin/rke2": 0o755, "bin/rke2-killall.sh": 0o755, "bin/rke2-uninstall.sh": 0o755,
        f"{units}/rke2-server.service": 0o644, f"{units}/rke2-server.env": 0o644,
        f"{units}/rke2-agent.service": 0o644, f"{units}/rke2-agent.env": 0o644, "share/rke2/README": 0o644,
    }  # fmt: skip


def test_the_checksum_file_is_in_the_release_s_format(tarball: Path) -> None:
    pairs = [line.split("  ") for line in (tarball.parent / "sha256sum-amd64.txt").read_text().splitlines()]
    lines = {name: digest for digest, name in pairs}
    assert lines["rke2.linux-amd64.tar.gz"] == hashlib.sha256(tarball.read_bytes()).hexdigest()
    assert set(lines) == {"rke2.linux-amd64", "rke2.linux-amd64.tar.gz"}  # the real list names the bare binary too


def test_a_release_of_k3s_is_the_program_and_its_line_in_the_checksum_file(tmp_path: Path) -> None:
    program = build_release(tmp_path / "k3s", "v1.36.5+k3s1")
    assert program.name == "k3s"
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    assert (program.parent / "sha256sum-amd64.txt").read_text() == f"{digest}  k3s\n"
    said = subprocess.run([sys.executable, program, "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("k3s version v1.36.5+k3s1 (")


def unpacked(tarball: Path) -> Path:
    with tarfile.open(tarball) as archive:
        archive.extractall(tarball.parent, filter="data")
    return tarball.parent


@pytest.mark.parametrize(("arguments", "code", "output"), [
    (["--version"], 0, f"rke2 version {VERSION} (stand-in)\n"), (["etcd-snapshot", "restore"], 2, ""), ([], 2, ""),
])  # fmt: skip
def test_the_packed_program_runs(tarball: Path, arguments: list[str], code: int, output: str) -> None:
    result = subprocess.run([unpacked(tarball) / "bin/rke2", *arguments], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (code, output)
    assert ("usage:" in result.stderr) == bool(code)


def test_a_configuration_that_it_refuses_ends_it_with_a_line_in_the_journal(tarball: Path, tmp_path: Path) -> None:
    folder = tmp_path / "etc/rancher/rke2"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("tls-sann: [x]\n")
    environment = {**os.environ, "STANDIN_ROOT": str(tmp_path)}
    result = subprocess.run(
        [unpacked(tarball) / "bin/rke2", "server"], capture_output=True, text=True, env=environment, check=False, timeout=30
    )
    assert result.returncode == 1
    assert "level=fatal" in result.stderr
    assert "unknown key 'tls-sann'" in result.stderr


def test_the_units_are_of_the_kind_that_blocks_a_start_until_ready(tarball: Path) -> None:
    for role in ("server", "agent"):
        unit = (unpacked(tarball) / f"lib/systemd/system/rke2-{role}.service").read_text()
        for line in ("Type=notify", "TimeoutStartSec=0", "Restart=always", "KillMode=process", f"ExecStart=/usr/local/bin/rke2 {role}"):
            assert f"\n{line}\n" in unit


@pytest.mark.proves("reality C18")
def test_the_uninstaller_looks_below_usr_local_until_its_path_is_rewritten(tarball: Path) -> None:
    script = (unpacked(tarball) / "bin/rke2-uninstall.sh").read_text()
    assert "${INSTALL_RKE2_ROOT:-/usr/local}" in script
    assert '$(dirname "$0")/..' not in script
