"""Real ansible-runner over a bundle of one play on this machine: events, environment, secrets, interruption."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from stardock.playbooks.ansible import Run, run
from stardock.playbooks.events import Event
from stardock.workspace.private_directory import private_directory
from stardock.workspace.run_lock import MARK, marked_processes
from tests.hostile_texts import HOSTILE

pytestmark = pytest.mark.unit

PLAY = """
- name: "Servers: a play"
  hosts: one
  vars:
    nobody: &dead {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
  tasks:
    - {name: Change, ansible.builtin.command: "true", tags: [servers]}
    - {name: Hush, ansible.builtin.command: "echo {{ stardock_token }}", no_log: true, tags: [servers]}
    - {name: Keep, ansible.builtin.command: "true", changed_when: false, tags: [servers]}
    - {name: Show, ansible.builtin.command: env, changed_when: false, tags: [show]}
    - {name: Sleep, ansible.builtin.command: sleep 60, tags: [sleep]}
    - {name: Call, ansible.builtin.raw: "true", vars: *dead, ignore_unreachable: true, tags: [call]}
    - {name: Shout, ansible.builtin.raw: "true", vars: *dead, tags: [call]}
    - {name: Fail, ansible.builtin.fail: {msg: "on purpose {{ word }}"}, tags: [fail]}
"""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return made(tmp_path)


def made(folder: Path) -> Path:
    """The smallest bundle that runs."""
    directory = folder / "x.run"
    (directory / "project").mkdir(parents=True)
    (directory / "inventory").mkdir()
    (directory / "project/site.yml").write_text(PLAY)
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (directory / "inventory/hosts.yml").write_text(json.dumps({"all": {"hosts": {"one": here}}}))
    (directory / "ansible.cfg").write_text("[defaults]\ngathering = explicit\n")
    (folder / "secrets.yaml").write_text("stardock_token: planted-token\n")
    return directory


@dataclass(frozen=True)
class Done:
    """A run that came to its end: Ansible's return code, what was told, and our environment after it."""

    bundle: Path
    code: int
    seen: list[Event]
    token_after: str


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A run of two tags, with secrets in a file and in our environment."""
    bundle = made(tmp_path_factory.mktemp("done"))
    seen: list[Event] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROXMOX_VE_API_TOKEN", "planted-environment")
        code = run(Run(bundle=bundle, tags=["servers", "show"], secrets=bundle.parent / "secrets.yaml"), seen.append)
        return Done(bundle, code, seen, os.environ["PROXMOX_VE_API_TOKEN"])


def test_events_tell_what_happened_even_of_tasks_that_must_not_be_logged(done: Done) -> None:
    assert done.code == 0
    ended = [(event.host, event.task, event.kind) for event in done.seen if event.kind in ("ok", "changed", "failed")]
    assert ended == [("one", "Change", "changed"), ("one", "Hush", "changed"), ("one", "Keep", "ok"), ("one", "Show", "ok")]
    assert [event.play for event in done.seen if event.kind == "play"] == ["Servers: a play"]


def test_no_secret_of_the_file_or_the_environment_is_left_in_the_artifacts(done: Done) -> None:
    files = [path for path in done.bundle.rglob("*") if path.is_file()]
    assert any(path.name == "command" for path in files)
    assert [path for path in files if b"planted" in path.read_bytes()] == []
    assert "planted" not in "".join(event.output + json.dumps(event.result) for event in done.seen)
    assert done.token_after == "planted-environment"


@pytest.mark.proves("hostile 5")
@pytest.mark.parametrize("word", ["header", "expression", "quotes"])
def test_variables_of_a_run_are_texts_whatever_they_look_like(word: str, bundle: Path) -> None:
    """They are paths and names, and a folder or a cluster may be called anything."""
    seen: list[Event] = []
    text = HOSTILE[word].replace("CANARY", str(bundle / "canary"))
    assert run(Run(bundle=bundle, tags=["fail"], variables={"word": text}), seen.append) == 2
    assert [event.result["msg"] for event in seen if event.kind == "failed"] == [f"on purpose {text}"]
    assert not (bundle / "canary").exists()


def test_a_failure_has_its_words_and_variables_come_by_a_file(bundle: Path) -> None:
    seen: list[Event] = []
    assert run(Run(bundle=bundle, tags=["fail"], variables={"word": "{ 'odd\" one"}), seen.append) == 2
    assert [event.result["msg"] for event in seen if event.kind == "failed"] == ["on purpose { 'odd\" one"]


def test_only_what_stops_a_machine_is_a_failure(bundle: Path) -> None:
    seen: list[Event] = []
    assert run(Run(bundle=bundle, tags=["call"]), seen.append) == 4
    assert [(event.task, event.kind) for event in seen if event.kind in ("ignored", "unreachable")] == [
        ("Call", "ignored"),
        ("Shout", "unreachable"),
    ]


def test_interrupted_it_ends_ansible_and_its_workers_and_says_so(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MARK, "token-of-a-test")

    def interrupt(event: Event) -> None:
        if event.kind == "start" and event.task == "Sleep":
            os.kill(os.getpid(), signal.SIGINT)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(Run(bundle=bundle, tags=["sleep"]), interrupt)
    assert time.monotonic() - began < 20
    while marked_processes("token-of-a-test") and time.monotonic() - began < 20:  # killed, not yet reaped
        time.sleep(0.1)
    assert marked_processes("token-of-a-test") == {}


def test_the_directory_of_a_killed_run_is_made_anew_and_private(tmp_path: Path) -> None:
    (tmp_path / "x.run").mkdir()
    (tmp_path / "x.run/left").write_text("")
    with private_directory(tmp_path / "x.run") as directory:
        assert list(directory.iterdir()) == []
        assert directory.stat().st_mode & 0o777 == 0o700
    assert not (tmp_path / "x.run").exists()
