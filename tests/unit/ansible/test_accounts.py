"""Accounts on a host that exists already: those that were there before stay as they are, those that were made here may be taken away."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.plans import ROOT

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature hosts that exist already")]

#: An account that every system has, with a shell and a home that are not ours.
OWNERS = "daemon"


def told(folder: Path, *, keeps: bool, recorded: str = "") -> str:
    """What the real role would do on this machine, which is asked only."""
    (folder / "accounts").write_text(recorded)
    users = [{"name": name, "home": f"/home/{name}", "keys": []} for name in (OWNERS, "stardock-new")]
    variables = {
        "machine_users": users,
        "machine_files": [],
        "machine_packages": [],
        "machine_package_manager": "none",
        "machine_in_service": [],
        "machine_accounts": str(folder / "accounts"),
        "machine_sudoers": "/dev/null",
        "machine_first_boots": "/dev/null",
        "machine_keeps_accounts": keeps,
    }
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": {"pi1": {"ansible_connection": "local"}}, "vars": variables}}))
    tell = {"ansible.builtin.debug": {"msg": "record={{ machine_record.split() | join(',') }} revoked={{ machine_revoked | join(',') }}."}}
    (folder / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "roles": ["machine"], "tasks": [tell]}]))
    command = ["ansible-playbook", "--check", "-i", str(folder / "hosts.json"), str(folder / "play.json")]
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ROOT / "ansible/roles")}
    done = subprocess.run(command, cwd=ROOT / "ansible", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_account_that_was_there_before_keeps_its_shell_and_home_and_is_in_no_record(tmp_path: Path) -> None:
    words = told(tmp_path, keeps=True)
    assert "(item=stardock-new)" in words
    assert f"(item={OWNERS})" not in words
    assert "record=stardock-new revoked=." in words


def test_an_account_that_was_made_here_is_in_the_record_and_as_planned_from_then_on(tmp_path: Path) -> None:
    words = told(tmp_path, keeps=True, recorded=f"{OWNERS}\n")
    assert f"(item={OWNERS})" in words
    assert f"record={OWNERS},stardock-new revoked=." in words


def test_on_a_machine_of_ours_each_account_is_as_planned(tmp_path: Path) -> None:
    words = told(tmp_path, keeps=False)
    assert f"(item={OWNERS})" in words
    assert f"record={OWNERS},stardock-new revoked=." in words
