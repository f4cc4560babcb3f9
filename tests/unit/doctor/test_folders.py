"""Whether an account may write the folder of snippets, by what sftp lists of it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from stardock.doctor.checks.ssh import ssh
from stardock.doctor.finding import Level
from stardock.doctor.folders import commands, judged
from stardock.doctor.scene import Scene, Tried
from tests.unit.doctor.scenes import plan

pytestmark = [pytest.mark.unit, pytest.mark.proves("case 21-non-root-snippets")]

VZ, SNIPPETS = "/var/lib/vz", "/var/lib/vz/snippets"


def said(snippets: str | None, parent: str = "drwxr-xr-x    5 0        0", home: str = "drwxr-x---    2 1001     1001") -> str:
    lines = ["sftp> pwd", "Remote working directory: /home/terraform"]
    if snippets:
        lines += [f"{snippets}         4096 Nov 29 18:44 {SNIPPETS}/.", f"{parent}         4096 Nov 29 18:44 {SNIPPETS}/.."]
    return "\n".join(
        [
            *lines,
            f"{parent}         4096 Nov 29 18:44 {VZ}/.",
            f"{home}         4096 Nov 29  2025 .",
            f"{parent}       4096 Nov 29 18:44 ..",
        ]
    )


@pytest.mark.parametrize(
    ("folder", "may"),
    [
        ("drwxr-xr-x    2 0        0", False),
        ("drwxr-xr-x    2 root     root", False),
        ("drwxr-xr-x    2 1001     0", True),
        ("drwxr-xr-x    2 terraform root", True),
        ("dr-xr-xr-x    2 1001     0", False),
        ("drwxrwxr-x    2 0        1001", True),
        ("drwxrwxr-x    2 0        55", None),
        ("drwxrwxrwt    2 0        0", True),
        (None, False),
    ],
)
def test_owner_group_and_mode_decide(folder: str | None, may: bool | None) -> None:
    assert judged(said(folder), SNIPPETS, "terraform").may is may


def test_a_folder_that_is_missing_is_made_by_whoever_may_write_its_parent() -> None:
    assert judged(said(None, parent="drwxrwxr-x    5 0        1001"), SNIPPETS, "terraform").may is True
    why = judged(said(None), SNIPPETS, "terraform").why
    assert "is not there, and /var/lib/vz is 0:0 drwxr-xr-x, so terraform may not write" in why


def test_root_may_always_and_nobody_is_taken_for_root_whose_home_is_the_root_folder() -> None:
    text = said("drwxr-xr-x    2 0        0", home="drwxr-xr-x    2 0        0").replace("/home/terraform", "/")
    assert judged(text, SNIPPETS, "root").may is True
    assert judged(text, SNIPPETS, "terraform").may is not True


def test_what_the_real_sftp_prints_is_understood(tmp_path: Path) -> None:
    server = next((one for one in ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")
                   if os.access(one, os.X_OK)), None)  # fmt: skip
    assert server is not None
    assert shutil.which("sftp")
    (tmp_path / "snippets").mkdir(mode=0o755)
    (tmp_path / "home").mkdir()
    folder = str(tmp_path / "snippets")
    done = subprocess.run(
        ["sftp", "-q", "-b", "-", "-D", server], input=commands(folder), capture_output=True, text=True, check=True, cwd=tmp_path / "home"
    )
    assert judged(done.stdout, folder, "somebody").may is True  # the same owner as the home's
    (tmp_path / "snippets").chmod(0o555)
    again = subprocess.run(
        ["sftp", "-q", "-b", "-", "-D", server], input=commands(folder), capture_output=True, text=True, check=True, cwd=tmp_path / "home"
    )
    assert judged(again.stdout, folder, "somebody").may is False


def test_the_refusal_says_how_to_give_the_folder() -> None:
    why = judged(said("drwxr-xr-x    2 0        0"), SNIPPETS, "terraform").why
    made = plan()
    made = replace(made, proxmox=replace(made.proxmox, ssh_user="terraform"))
    (found,) = ssh(Scene(plan=made, ssh={"pve1": Tried("terraform@pve1 port 22", why, folder=SNIPPETS)}))
    assert (found.level, found.subject) == (Level.PROBLEM, "pve1")
    assert "/var/lib/vz/snippets is 0:0 drwxr-xr-x, so terraform may not write" in found.cause
    assert "install -d -o terraform /var/lib/vz/snippets" in found.cure
    (quoted,) = ssh(Scene(plan=made, ssh={"pve1": Tried("terraform@pve1 port 22", why, folder="/a'; reboot")}))
    assert shlex.split(shlex.split(quoted.cure, comments=True)[2]) == ["install", "-d", "-o", "terraform", "/a'; reboot"]
    (unsure,) = ssh(Scene(plan=made, ssh={"pve1": Tried("terraform@pve1 port 22", "", "only as a member", SNIPPETS)}))
    assert unsure.level is Level.WARNING
