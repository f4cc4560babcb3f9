"""What is read of machines before anything is changed: the real playbook, over folders; one machine is silent."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from stardock.bundle.kubernetes import facts
from stardock.distributions.founding import founding_keys
from stardock.distributions.rke2 import RKE2
from stardock.errors import ConditionError
from stardock.playbooks.running import read_answers

pytestmark = pytest.mark.unit

ANSIBLE = Path(__file__).parents[3] / "ansible"


HERE: dict[str, object] = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": "/usr/bin/python3"}
DEAD: dict[str, object] = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": "1"}


def ask(folder: Path, servers: dict[str, dict[str, object]], agents: dict[str, dict[str, object]]) -> Path:
    """The real playbook over them; gives the report."""
    report = folder / "report.json"
    shared = {**facts(RKE2), "kubernetes_founding_keys": list(founding_keys(RKE2)), "kubernetes_report": str(report)}
    inventory = {"server": {"hosts": servers}, "agent": {"hosts": agents}}
    (folder / "hosts.json").write_text(json.dumps({"all": {"children": inventory, "vars": shared}}))
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = ["ansible-playbook", "-i", str(folder / "hosts.json"), "running.yml"]
    done = subprocess.run(command, cwd=ANSIBLE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return report


def member(folder: Path) -> dict[str, object]:
    """A server with etcd's data."""
    (folder / "data/server/db/etcd/member/wal").mkdir(parents=True)
    return {**HERE, "kubernetes_data_dir": str(folder / "data")}


def test_those_that_answer_are_reported_and_a_silent_machine_stops_nothing(tmp_path: Path) -> None:
    report = ask(
        tmp_path, {"server1": member(tmp_path), "server2": DEAD}, {"agent1": {**HERE, "kubernetes_data_dir": str(tmp_path / "none")}}
    )
    assert report.stat().st_mode & 0o777 == 0o600
    answers = read_answers(report, RKE2)
    assert {name: one.member for name, one in answers.items()} == {"server1": True, "agent1": False}
    assert not report.exists()


@pytest.mark.proves("reality D24")
@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"kubernetes_data_dir": "/x; echo member=yes; echo its disk is gone >&2; exit 3 #"}, "server2: its disk is gone"),
        ({"ansible_become": True, "ansible_become_user": "daemon", "ansible_become_exe": "/bin/false"}, "server2: "),
        ({"kubernetes_founding_keys": 7}, "server2: "),
    ],
    ids=["the script fails half way", "no sudo", "the question itself cannot be put"],
)
def test_a_machine_that_answers_ssh_and_not_the_question_is_unknown_and_refused(
    broken: dict[str, object], words: str, tmp_path: Path
) -> None:
    report = ask(tmp_path, {"server1": member(tmp_path), "server2": {**HERE, **broken}}, {})
    with pytest.raises(ConditionError) as caught:
        read_answers(report, RKE2)
    assert caught.value.message.startswith(f"answers SSH, but could not be asked what it runs: {words}")
    assert "server1" not in caught.value.message


@pytest.mark.proves("feature hosts that exist already")
def test_an_agent_that_exists_already_and_is_not_fit_stops_nobody_before_preflight_leaves_it_out(tmp_path: Path) -> None:
    unfit = {**HERE, "kubernetes_data_dir": "/x; exit 3 #"}
    other = {**HERE, "kubernetes_data_dir": "/x; echo other=k3s; echo package=rke2-agent; echo program=v1.99.0; exit 0 #"}
    report = ask(tmp_path, {"server1": member(tmp_path)}, {"pi1": unfit, "pi2": other})
    text = report.read_text()
    assert "pi1" in json.loads(text)["failed"]
    answers = read_answers(report, RKE2, {"pi1", "pi2"})
    assert list(answers) == ["server1"]
    report.write_text(text)
    with pytest.raises(ConditionError, match="pi1: "):
        read_answers(report, RKE2)


def test_a_host_that_has_joined_is_asked_as_machines_are(tmp_path: Path) -> None:
    report = tmp_path / "running.json"
    report.write_text(
        json.dumps({"answered": {"pi1": ["installed=v1.36.5+rke2r1"], "pi2": ["installed=", "program=v1.1.1+rke2r1"]}, "failed": {}})
    )
    assert list(read_answers(report, RKE2, {"pi1", "pi2"})) == ["pi1"]
