"""What a Kubernetes that does not start is asked for: its last words, and the one line among hundreds that says why."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import jinja2
import pytest
from ruamel.yaml import YAML

from stardock.distributions import DISTRIBUTIONS
from stardock.distributions.causes import find_cause

pytestmark = pytest.mark.unit

ROLE = Path(__file__).parents[3] / "ansible/roles/kubernetes"
FAULT = 'time="2026-12-01T03:28:00Z" level=fatal msg="apiserver exited: unknown flag: --stardock-prove"'
CHATTER = '{"level":"info","ts":"2026-12-01T03:28:01.2Z","caller":"raft/raft.go:988","msg":"9a1 is starting a new election at term 7"}'


def logs(tmp_path: Path, journal: list[str]) -> str:
    """What the script prints on a machine whose unit said this."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (tmp_path / "journal").write_text("".join(f"{line}\n" for line in journal))
    (programs / "journalctl").write_text(
        """#!/bin/sh
while [ $# -gt 0 ]; do
  [ "$1" = --lines ] && lines=$2
  [ "$1" = --dmesg ] && exit 0
  shift
done
tail -n "$lines" "$JOURNAL"
"""
    )
    (programs / "journalctl").chmod(0o700)
    known = {"kubernetes_service": "k3s", "kubernetes_data_dir": str(tmp_path / "data"), "kubernetes_timeout": 90}
    script = jinja2.Template((ROLE / "templates/logs.sh.j2").read_text(), undefined=jinja2.StrictUndefined, trim_blocks=True).render(known)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "JOURNAL": str(tmp_path / "journal")}
    return subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=True).stdout


def test_the_line_that_says_why_is_found_though_etcd_has_said_hundreds_since(tmp_path: Path) -> None:
    said = logs(tmp_path, [*[CHATTER] * 50, FAULT, *[CHATTER] * 400])
    cause = find_cause(DISTRIBUTIONS["k3s"], said)
    assert cause
    assert cause.words == "--stardock-prove is no flag of this version's program"


def told(tmp_path: Path, said: str) -> str:
    """What the task that fails says."""
    (block,) = YAML(typ="safe").load((ROLE / "tasks/verify.yml").read_text())
    task = next(task for task in block["rescue"] if task["name"] == "Say what was waited for")
    known = {
        "ansible_connection": "local", "kubernetes_logs": {"stdout": said}, "kubernetes_wait": {"rc": 1, "stdout": "k3s is activating"},
        "kubernetes_hopeless": 9, "kubernetes_timeout": 90, "kubernetes_waited": ["Ready=True"],
    }  # fmt: skip
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": {"server1": known}}}))
    (tmp_path / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.json"), str(tmp_path / "play.json")]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout


def test_the_last_words_of_the_service_are_whole_lines_whatever_signs_are_in_them(tmp_path: Path) -> None:
    said = told(tmp_path, f"== journal\n{CHATTER}\ntime=now level=info msg=waiting\n== before\nolder")
    assert "is starting a new election at term 7" in said
    assert "time=now level=info msg=waiting" in said
    assert "older" not in said


def test_a_service_that_said_nothing_has_no_last_words(tmp_path: Path) -> None:
    assert "Last words of the service: none" in told(tmp_path, "")
