"""Clients of storage on a machine: their units run, and one that no package brought is no silence."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature clients of storage")]

ROLE = Path(__file__).parents[3] / "ansible/roles/machine"
NOW, LATER, BOOTED = ({"stdout_lines": lines} for lines in ([], ["open-iscsi"], []))
SKIPPED = {"skipped": True, "changed": False}


def played(folder: Path, *more: str, **variables: Any) -> tuple[int, str]:
    """Exit code and words of a run on a machine whose systemd knows no such unit."""
    (folder / "systemctl").write_text("#!/bin/sh\nexit 1\n")
    (folder / "systemctl").chmod(0o755)
    own = {"machine_storage_units": ["iscsid.service"], **variables}
    tasks = [
        {"ansible.builtin.include_vars": str(ROLE / "vars/main.yml")},
        {"ansible.builtin.include_tasks": str(ROLE / "tasks/storage.yml")},
    ]
    (folder / "play.json").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "vars": own, "tasks": tasks}]))
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}
    command = ["ansible-playbook", "-c", "local", *more, str(folder / "play.json")]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize(
    "packages",
    [
        {},  # Flatcar, or apt, which has just installed what was missing
        {"machine_lacking": NOW},  # a snapshot that has them
        {"machine_lacking": LATER, "machine_still_lacking": BOOTED},  # it restarted into it in this run
    ],
)
def test_a_unit_that_no_package_brought_is_told(tmp_path: Path, packages: dict[str, Any]) -> None:
    code, said = played(tmp_path, **packages)
    assert code != 0, said
    assert "localhost has no iscsid.service, and no package of `storage_clients` waits for a reboot there" in said


@pytest.mark.parametrize("packages", [{"machine_lacking": LATER}, {"machine_lacking": LATER, "machine_still_lacking": SKIPPED}])
def test_a_unit_whose_package_comes_with_the_next_boot_is_waited_for(tmp_path: Path, packages: dict[str, Any]) -> None:
    code, said = played(tmp_path, **packages)
    assert code == 0, said


def test_with_check_a_package_that_would_be_installed_has_no_unit_yet(tmp_path: Path) -> None:
    code, said = played(tmp_path, "--check")
    assert code == 0, said
