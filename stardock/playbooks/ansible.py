"""The one place that knows ansible-runner: a playbook, run over a bundle, as a stream of events.

Ansible gets an environment of its own making: ansible-runner writes the whole of it to disk (`artifacts/*/command`), and callbacks see it.

ansible-runner finds its events between escape sequences of what Ansible prints, and a machine has Ansible print what it likes (a
difference, a warning). So events count only with a number that no machine knows, which its callback puts into each (`JOB_ID`,
awx_display.py).
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import ansible_runner
from ansible_runner.utils import OutputEventFilter

from stardock.bundle.site import SITE
from stardock.bundle.text import yaml_text
from stardock.playbooks.events import Event, Kind
from stardock.workspace.run_lock import MARK, marked_processes

#: What Ansible and the ssh that it starts may know of our environment.
_PASSED = ("PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "TMPDIR", "VIRTUAL_ENV", "STARDOCK_ARTIFACTS", MARK)

#: What its callback writes is `{"uuid": "..."}` or `{}`, in Base64. Its own pattern takes any JSON, of which a list ends the run.
OutputEventFilter.EVENT_DATA_RE = re.compile(r"\x1b\[K(e30=\x1b\[4D|eyJ1dWlkIjogI[A-Za-z0-9+/]{51}\x1b\[64D)\x1b\[K")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: Ansible's socket names have 10 characters, and ssh appends 17 while it makes one.
_LONGEST_FOLDER = 75


#: ansible-runner's event -> ours; what is not here is only for the log.
_KINDS: Mapping[str, Kind] = {
    "playbook_on_play_start": "play",
    "playbook_on_task_start": "task",
    "runner_on_start": "start",
    "runner_on_ok": "ok",
    "runner_on_skipped": "skipped",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
    "runner_retry": "retry",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What to run. `variables` are written to a file for Ansible, never to its arguments; `secrets` is a file that it reads.

    `without` names machines that it passes over.
    """

    bundle: Path
    playbook: str = SITE
    tags: Sequence[str] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    secrets: Path | None = None
    check: bool = False
    without: Sequence[str] = ()


def run(wanted: Run, on_event: Callable[[Event], None]) -> int:
    """Run a playbook to its end; gives Ansible's return code. The bundle must lie in a private directory: artifacts stay beside it.

    Interrupted, it ends Ansible first and then raises KeyboardInterrupt or SystemExit.
    """
    number = secrets.randbits(62)

    def handle(raw: Mapping[str, Any]) -> bool:
        on_event(_event(raw) if raw.get("job_id") == number else Event(kind="none", output=str(raw.get("stdout") or "")))
        return False  # do not write it to disk as well

    sockets = _sockets(wanted.bundle)
    try:
        with _signals() as received, _environment(wanted.bundle, sockets, number):
            done = ansible_runner.interface.init_runner(
                private_data_dir=str(wanted.bundle),
                playbook=wanted.playbook,
                cmdline=shlex.join(_arguments(wanted)),
                settings={"pexpect_timeout": 1, "suppress_ansible_output": True},
                event_handler=handle,
                cancel_callback=lambda: bool(received),
                quiet=True,
            )
            _only_own_files(done)
            done.run()
    finally:
        _close_connections(sockets)
    if received:
        _end_workers()
        raise KeyboardInterrupt if received[0] == signal.SIGINT else SystemExit(128 + received[0])
    return int(done.rc)


def _only_own_files(runner: ansible_runner.Runner) -> None:
    """Look up no event by what is no UUID: it is part of the name of a file, which is read and deleted."""
    take = runner.event_callback
    runner.event_callback = lambda data: take(data) if _UUID.fullmatch(str(data.get("uuid"))) else None


def _sockets(bundle: Path) -> Path:
    """Make a folder for ssh's sockets, in the bundle when its path is short enough: a socket's has room for 108 bytes."""
    if len(os.fsencode(bundle)) > _LONGEST_FOLDER:
        return Path(tempfile.mkdtemp(prefix="stardock-"))
    folder = bundle / "s"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _arguments(wanted: Run) -> list[str]:
    variables = wanted.bundle / "variables.yaml"
    variables.write_text(yaml_text(wanted.variables), encoding="utf-8")
    given = [f"@{variables}", *([f"@{wanted.secrets.resolve()}"] if wanted.secrets else [])]
    tags = ["--tags", ",".join(wanted.tags)] if wanted.tags else []
    limit = ["--limit", ",".join(("all", *(f"!{name}" for name in wanted.without)))] if wanted.without else []
    return [*(word for value in given for word in ("-e", value)), *tags, *limit, *(["--check"] if wanted.check else [])]


@contextlib.contextmanager
def _environment(bundle: Path, sockets: Path, number: int) -> Iterator[None]:
    """Exchange our environment for the one that Ansible may see: ansible-runner takes all that it finds."""
    ours = dict(os.environ)
    passed = {name: ours[name] for name in _PASSED if name in ours}
    os.environ.clear()
    os.environ.update(
        passed,
        LANG="C.UTF-8",
        ANSIBLE_CONFIG=str(bundle / "ansible.cfg"),
        ANSIBLE_HOST_KEY_CHECKING="True",  # or ansible-runner turns it off
        ANSIBLE_SSH_CONTROL_PATH_DIR=str(sockets),
        ANSIBLE_LOCAL_TEMP=str(bundle / "t"),
        ANSIBLE_DIFF_ALWAYS="True",
        ANSIBLE_NOCOLOR="True",
        JOB_ID=str(number),
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(ours)


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM instead of raising: Ansible runs in a session of its own and must be ended by us."""
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _close_connections(sockets: Path) -> None:
    """End the ssh processes that keep connections open for a next task."""
    for socket in sockets.glob("*"):
        command = ["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "none"]
        subprocess.run(command, capture_output=True, check=False, timeout=10)
    shutil.rmtree(sockets, ignore_errors=True)


def _end_workers() -> None:
    """End what an interrupted Ansible leaves: its workers have sessions of their own and outlive it."""
    token = os.environ.get(MARK)
    for pid in marked_processes(token) if token else ():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _event(raw: Mapping[str, Any]) -> Event:
    data: Mapping[str, Any] = raw.get("event_data") or {}
    result = data.get("res")
    return Event(
        kind=_kind(str(raw.get("event")), data, str(raw.get("stdout") or "")),
        play=str(data.get("play") or data.get("name") or ""),
        task=str(data.get("task") or ""),
        role=str(data.get("role") or ""),
        host=str(data.get("host") or ""),
        result=result if isinstance(result, dict) else {},
        output=str(raw.get("stdout") or ""),
    )


def _kind(name: str, data: Mapping[str, Any], output: str) -> Kind:
    """What happened. Of a task that must not be logged, only Ansible's own line still tells that it changed something."""
    kind = _KINDS.get(name, "none")
    if kind == "ok" and ((data.get("res") or {}).get("changed") or re.search(r"^changed: ", output, re.MULTILINE)):
        return "changed"
    # That a task is told to put up with an unreachable machine stands only in Ansible's own text.
    ignored = data.get("ignore_errors") if kind == "failed" else kind == "unreachable" and output.rstrip().endswith("...ignoring")
    return "ignored" if ignored else kind
