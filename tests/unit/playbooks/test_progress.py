"""From Ansible's events to stages, changes, and an error that a person can act on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from stardock.distributions.rke2 import RKE2
from stardock.errors import ConditionError, EngineError, RefusedError
from stardock.model.jump import Jump
from stardock.playbooks.events import Event, Kind
from stardock.playbooks.failure import QUORUM, cause, failure_error
from stardock.playbooks.progress import LOGS, SAYS_FOUNDED, SAYS_HELD, SAYS_RUNNING, Log, Watcher
from tests.plans import ROOT

pytestmark = pytest.mark.unit


class Shown:
    """Remembers what was shown."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.changed: dict[str, dict[str, int]] = {}
        self.tasks: list[tuple[str, str, int]] = []

    def stage_begins(self, stage: str) -> None:
        self.stages.append(stage)

    def stage_ends(self, stage: str, seconds: float, changed: dict[str, int]) -> None:
        assert seconds >= 0
        self.changed[stage] = changed

    def machine_does(self, machine: str, task: str, changes: int) -> None:
        self.tasks.append((machine, task, changes))


def event(kind: Kind, host: str = "server1", **more: Any) -> Event:
    return Event(kind=kind, host=host, play=more.pop("play", "Servers: one at a time"), task=more.pop("task", "Do it"), **more)


def watch(tmp_path: Path, *events: Event) -> tuple[Watcher, Shown]:
    shown = Shown()
    with Log(tmp_path / "x.log") as log:
        watcher = Watcher(shown, log)
        for each in events:
            watcher.see(each)
        watcher.finish()
    return watcher, shown


def test_stages_are_told_once_with_their_changes(tmp_path: Path) -> None:
    _, shown = watch(
        tmp_path,
        event("play", "", play="Founder: what the machines know"),
        event("start"),
        event("ok"),
        event("play", "", play="Founder: the first server"),
        event("start"),
        event("changed"),
        event("start"),
        event("play", "", play="Servers: installed"),
        event("start", "server2"),
    )
    assert shown.stages == ["founder", "servers"]
    assert shown.changed == {"founder": {"server1": 1}, "servers": {"server2": 0}}
    assert shown.tasks[2] == ("server1", "Do it", 1)


def test_what_a_machine_says_does_nothing_to_the_terminal_that_shows_the_log(tmp_path: Path) -> None:
    watch(tmp_path, event("ok", output="ok: \x1b]0;evil\x07\x9b2J\u202eé → \tx\r\n"))
    assert (tmp_path / "x.log").read_text() == "ok:  ]0;evil  2J é → \tx \n\n"


AUTHORITY = "0f" * 32


def facts(role: str, task: str, **values: str) -> Event:
    return event("ok", role=role, task=task, result={"ansible_facts": values})


def test_the_founded_authority_is_taken_from_the_run(tmp_path: Path) -> None:
    watcher, _ = watch(tmp_path, facts("founding", "Say what was founded", founding_authority=AUTHORITY))
    assert watcher.authority == AUTHORITY


@pytest.mark.parametrize(
    ("role", "task", "value"),
    [
        ("founding", "Say what was founded", "#jinja2: variable_start_string:'[%'"),
        ("founding", "Say what was founded", AUTHORITY[:-1]),
        ("founding", "Read mark, data and authority", AUTHORITY),
        ("rke2", "Say what was founded", AUTHORITY),
    ],
)
def test_no_machine_says_what_was_founded_by_itself(tmp_path: Path, role: str, task: str, value: str) -> None:
    watcher, _ = watch(tmp_path, facts(role, task, founding_authority=value, kubernetes_running="v1.99.0+rke2r1"))
    assert (watcher.authority, watcher.versions) == ("", {})


@pytest.mark.parametrize(("said", "held"), [("1987", {"server1": 1987}), ("", {}), ("1987; rm", {})])
def test_memory_that_a_machine_lacks_is_a_number(tmp_path: Path, said: str, held: dict[str, int]) -> None:
    watcher, _ = watch(tmp_path, facts("kubernetes", "Say that a reservation waits", kubernetes_held=said))
    assert watcher.held == held


def test_the_tasks_that_say_something_are_there() -> None:
    """Under the names by which the watcher knows them."""
    said = [(role, task, name) for roles, task, name in (SAYS_FOUNDED, SAYS_RUNNING, SAYS_HELD) for role in roles]
    for role, task, name in said:
        text = "".join(path.read_text() for path in (ROOT / "ansible/roles" / role / "tasks").glob("*.yml"))
        assert re.search(rf"- name: {task}\n  ansible.builtin.set_fact:\n    {name}: ", text)


def test_the_log_is_private_and_holds_everything(tmp_path: Path) -> None:
    watch(tmp_path, event("ok", output="ok: [server1]"), event("none", "", output="PLAY RECAP"))
    assert (tmp_path / "x.log").read_text() == "ok: [server1]\nPLAY RECAP\n"
    assert (tmp_path / "x.log").stat().st_mode & 0o777 == 0o600


def test_a_failure_names_machine_task_cause_and_what_to_do(tmp_path: Path) -> None:
    rescued = event("failed", result={"msg": "non-zero return code", "stderr": "not yet"})
    told = event("failed", task="Say what was waited for", result={"msg": "server1 was not\n Ready within 900 s"})
    watcher, shown = watch(tmp_path, event("play", ""), rescued, told, event("failed", "server2", result={"msg": "later"}))
    error = failure_error(watcher, RKE2, Path("x.log"), 2)
    assert isinstance(error, EngineError)
    assert error.message == "server1: Say what was waited for: server1 was not Ready within 900 s"
    assert error.cure is not None
    assert "x.log" in error.cure
    assert "runner bootstrap --from-stage servers" in error.cure
    assert shown.changed == {}


@pytest.mark.proves("reality D26")
def test_the_cause_of_a_failed_start_is_told_from_the_machine_s_own_logs(tmp_path: Path) -> None:
    read = event("ok", task=LOGS, result={"stdout": "== etcd\nfine\n== kubelet.log\nNode password rejected, \x1b[31mduplicate hostname"})
    told = event("failed", task="Say what was waited for", result={"msg": "server1 did not become Ready within 900 s"})
    error = failure_error(watch(tmp_path, event("play", ""), event("failed"), read, told)[0], RKE2, Path("x.log"), 2)
    assert isinstance(error, EngineError)
    assert error.message.startswith("server1: the servers know another machine under this node's name")
    assert "did not become Ready within 900 s" in error.message
    assert "\x1b" not in error.message
    assert "kubectl delete node server1" in str(error.cure)
    watcher = watch(tmp_path, event("play", ""), event("failed"), read, told)[0]
    assert "kubectl delete node server1.lan" in str(failure_error(watcher, RKE2, Path("x.log"), 2, nodes={"server1": "server1.lan"}).cure)
    assert "--from-stage servers" in str(error.cure)


def test_another_machine_s_logs_are_no_cause(tmp_path: Path) -> None:
    read = event("ok", "server2", task=LOGS, result={"stdout": "no space left on device"})
    error = failure_error(watch(tmp_path, event("play", ""), read, event("failed", result={"msg": "x"}))[0], RKE2, Path("x.log"), 2)
    assert error.message == "server1: Do it: x"


def test_a_founding_that_is_refused_has_its_own_exit_code(tmp_path: Path) -> None:
    refused = event("failed", "localhost", play="Founder: whether to found", result={"msg": "refused to found again"})
    error = failure_error(watch(tmp_path, refused)[0], RKE2, Path("x.log"), 2)
    assert isinstance(error, RefusedError)
    assert error.message == "refused to found again"


@pytest.mark.proves("reality D33")
def test_a_restart_that_would_cost_the_quorum_is_a_condition_in_the_words_of_the_role(tmp_path: Path) -> None:
    assert f"- name: {QUORUM}\n" in (ROOT / "ansible/roles/kubernetes/tasks/quorum.yml").read_text()
    refused = event("failed", task=QUORUM, role="rke2", result={"msg": "server1 was left as it is: server3 cannot vote in etcd"})
    error = failure_error(watch(tmp_path, event("play", ""), refused)[0], RKE2, Path("x.log"), 2)
    assert isinstance(error, ConditionError)
    assert error.message == "server1 was left as it is: server3 cannot vote in etcd"
    assert "--from-stage servers" in str(error.cure)


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ("WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!", "runner discover"),
        ("Permission denied (publickey)", "ssh.private_key"),
        ("Missing sudo password", "sudo without a password"),
        ("timed out waiting for ping module test", "does the machine run"),
    ],
)
def test_a_machine_that_does_not_answer_is_a_condition_with_its_cure(tmp_path: Path, words: str, cure: str) -> None:
    error = failure_error(watch(tmp_path, event("failed", role="reachable", result={"msg": words}))[0], RKE2, Path("x.log"), 2)
    assert isinstance(error, ConditionError)
    assert cure in str(error.cure)


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ("WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!", "`host_keys` below its name becomes []"),
        ("another machine than server1 answers", "take the address away"),
        ("timed out waiting for ping module test", "Its console in Proxmox shows it"),
    ],
)
def test_what_helps_with_a_machine_without_a_guest_agent_is_nothing_that_asks_it(tmp_path: Path, words: str, cure: str) -> None:
    watcher = watch(tmp_path, event("failed", role="reachable", result={"msg": words}))[0]
    error = failure_error(watcher, RKE2, Path("x.log"), 2, mute={"server1"})
    assert cure in str(error.cure)
    assert "runner discover" not in str(error.cure)
    assert "runner discover" in str(failure_error(watcher, RKE2, Path("x.log"), 2, mute={"server2"}).cure)


def test_unreachable_in_the_middle_of_a_stage_is_a_condition(tmp_path: Path) -> None:
    assert isinstance(
        failure_error(watch(tmp_path, event("unreachable", result={"msg": "gone"}))[0], RKE2, Path("x.log"), 4), ConditionError
    )


def test_ansible_dying_without_a_failed_machine_is_told() -> None:
    error = failure_error(Watcher(Shown(), Log(Path("never"))), RKE2, Path("x.log"), 250)
    assert "ended with 250" in error.message


@pytest.mark.parametrize(
    ("result", "line"),
    [
        ({"msg": "non-zero return code", "stderr": "oops\n  twice", "stdout": "x"}, "oops twice"),
        ({"msg": "One or more items failed", "results": [{"failed": True, "msg": "this one"}, {"failed": False}]}, "this one"),
        ({}, "no reason was given"),
    ],
)
def test_the_cause_is_one_line(result: dict[str, Any], line: str) -> None:
    assert cause(event("failed", result=result)) == line


@pytest.mark.parametrize(("kind", "line"), [("unreachable", "stopped answering on ssh"), ("failed", "its words are hidden")])
def test_of_a_task_that_holds_a_secret_only_that_is_told(kind: Kind, line: str) -> None:
    assert cause(event(kind, result={"censored": "the output has been hidden"}, output="fatal: x")).startswith(line)


def test_the_stage_of_a_failure_is_the_one_that_is_told(tmp_path: Path) -> None:
    watcher, shown = watch(tmp_path, event("play", ""), event("failed", result={"msg": "x"}), event("play", "", play="Agents: nobody"))
    assert "--from-stage servers" in str(failure_error(watcher, RKE2, Path("x.log"), 2).cure)
    assert shown.stages == ["servers"]


def test_a_long_cause_is_cut() -> None:
    assert len(cause(event("failed", result={"msg": "x" * 5000}))) == 900


@pytest.mark.parametrize("words", ["Host key verification failed.", "Permission denied (publickey).", "Connection timed out"])
def test_behind_a_jump_host_that_is_looked_at_first(words: str, tmp_path: Path) -> None:
    """Whoever obeyed the machine's own cure at once would throw away a key that is right."""
    watcher = watch(tmp_path, event("play", ""), event("unreachable", result={"msg": words}))[0]
    error = failure_error(watcher, RKE2, Path("x.log"), 4, jumps={"server1": Jump("bastion", "ops")})
    assert str(error.cure).startswith("look first at its jump host ops@bastion: `runner doctor` tries it")
    assert "jump host" not in str(failure_error(watcher, RKE2, Path("x.log"), 4).cure)
