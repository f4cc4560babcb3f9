"""RKE2 unpacked elsewhere than under /usr/local: what is shipped with it looks where it lies, as upstream's installer sees to."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.plans import ROOT
from tests.unit.ansible.test_turns import rendered

pytestmark = [pytest.mark.unit, pytest.mark.proves("reality C18")]

SHIPPED = ROOT / "lab/standin/tree/bin"


def test_the_uninstaller_takes_away_what_was_unpacked_elsewhere(tmp_path: Path) -> None:
    prefix, staged, script = tmp_path / "opt/rke2", tmp_path / "cache/rke2-abc", "bin/rke2-uninstall.sh"
    (staged / "bin").mkdir(parents=True)
    before = (SHIPPED / "rke2-uninstall.sh").read_text()
    assert "/usr/local" in before, "as the real one is shipped"
    (staged / script).write_text(before)
    (staged / script).chmod(0o755)
    known = {"kubernetes_staged": str(staged), "kubernetes_cache": str(staged.parent), "kubernetes_found": {"prefix": str(prefix)}}
    done = subprocess.run(["sh", "-c", rendered("install.sh.j2", **known)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    after = prefix / script
    commands = [line for line in after.read_text().splitlines() if not line.startswith("#")]
    assert not [line for line in commands if "/usr/local" in line]
    assert [line for line in commands if str(prefix) in line]
    assert after.stat().st_mode & 0o777 == 0o755


def test_it_is_done_wherever_the_prefix_is_another_and_before_the_installation_counts_as_done() -> None:
    tasks = YAML(typ="safe").load((ROOT / "ansible/roles/kubernetes/tasks/install.yml").read_text())
    names = [task["name"] for task in tasks]
    (found,) = [task for task in tasks if "install.sh.j2" in task.get("ansible.builtin.shell", "")]
    assert "when" not in found, "the script itself looks at the prefix"
    assert names.index(found["name"]) < names.index("Remember what is installed")
