"""The copy of the public host keys that the guest agent may read: made by first boot on every system, and again when they change."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stardock.bundle.machine import machine_variables
from stardock.firstboot.ignition import ignition
from stardock.firstboot.user import user_data
from stardock.systems import SYSTEMS, system
from stardock.systems.hostkeys import UNIT, files
from stardock.systems.scripts import script
from tests.machines import machines

pytestmark = [pytest.mark.unit, pytest.mark.proves("reality B9", "selinux 2")]

PATHS = {"/etc/stardock/host-keys.sh", "/etc/systemd/system/stardock-host-keys.path", "/etc/systemd/system/stardock-host-keys.service"}


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_first_boot_makes_the_copy_on_every_system_and_the_stage_machines_owns_it(name: str) -> None:
    for subject in machines(name):
        if system(name).first_boot == "ignition":
            document: dict[str, Any] = ignition(subject)
            written = {file["path"] for file in document["storage"]["files"]}
            assert {"name": UNIT, "enabled": True} in document["systemd"]["units"]
        else:
            document = user_data(subject)
            written = {file["path"] for file in document["write_files"]}
            assert f"systemctl enable --now {UNIT}" in document["runcmd"]
        owned = machine_variables(subject)
        assert written >= PATHS
        assert {file["path"] for file in owned["machine_files"]} >= PATHS
        assert owned["machine_services"][UNIT] is True


class Copy:
    """The script over folders of ours; restorecon is a stub that writes down what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "ssh").mkdir()
        (folder / "stardock").mkdir()
        (folder / "restorecon").write_text(f'#!/bin/sh\necho "$*" >>{folder}/relabelled\n')
        (folder / "restorecon").chmod(0o755)
        text = script("host-keys.sh").replace("/etc/ssh", f"{folder}/ssh").replace("/etc/stardock", f"{folder}/stardock")
        (folder / "script").write_text(text)
        self.file = folder / "stardock/host-keys.pub"

    def make(self, **keys: str) -> None:
        for old in (self.folder / "ssh").iterdir():
            old.unlink()
        for kind, text in keys.items():
            (self.folder / f"ssh/ssh_host_{kind}_key").write_text("private\n")
            (self.folder / f"ssh/ssh_host_{kind}_key.pub").write_text(text)

    def run(self) -> None:
        environment = {"PATH": f"{self.folder}:{os.environ['PATH']}"}
        assert subprocess.run(["sh", self.folder / "script"], env=environment, check=False).returncode == 0


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_the_copy_holds_all_public_keys_and_no_private_one_and_anybody_may_read_it(copy: Copy) -> None:
    copy.make(ed25519="ssh-ed25519 AAAA root@one\n", rsa="ssh-rsa BBBB root@one\n")
    copy.run()
    assert copy.file.read_text() == "ssh-ed25519 AAAA root@one\nssh-rsa BBBB root@one\n"
    assert copy.file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in copy.file.parent.iterdir()] == ["host-keys.pub"]
    assert "ssh_host_ed25519_key.pub" in (copy.folder / "relabelled").read_text(), "what cloud-init made has its folder's label until then"


def test_new_keys_replace_the_copy_and_the_same_keys_leave_it_alone(copy: Copy) -> None:
    copy.make(ed25519="ssh-ed25519 AAAA\n")
    copy.run()
    before = copy.file.stat()
    copy.run()
    assert copy.file.stat() == before
    copy.make(ed25519="ssh-ed25519 CCCC\n")
    copy.run()
    assert copy.file.read_text() == "ssh-ed25519 CCCC\n"


def test_without_keys_there_is_no_copy_to_believe(copy: Copy) -> None:
    copy.run()
    assert not copy.file.exists()
    copy.make(ed25519="ssh-ed25519 AAAA\n")
    copy.run()
    copy.make()
    copy.run()
    assert not copy.file.exists()


def test_the_copy_is_a_new_file_never_a_moved_or_cloned_key() -> None:
    """It would keep the label sshd_key_t, which the agent may not read."""
    assert not [line for line in script("host-keys.sh").splitlines() if "/etc/ssh" in line and ("mv " in line or "cp " in line)]


def test_its_units_pass_systemds_own_verifier(tmp_path: Path) -> None:
    for file in files()[1:]:
        (tmp_path / file.path.rsplit("/", 1)[1]).write_text(file.content)
    paths = [str(path) for path in tmp_path.iterdir()]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False)
    assert "stardock" not in done.stderr, done.stderr
