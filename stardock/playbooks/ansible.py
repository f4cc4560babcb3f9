"""The one place that knows ansible-runner: a playbook, run over a bundle, as a stream of events; here, or on another machine.

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
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import ansible_runner
from ansible_runner.utils import OutputEventFilter

from stardock.bundle.site import SITE
from stardock.bundle.text import yaml_text
from stardock.playbooks.events import Event, Kind
from stardock.playbooks.interrupts import caught_signals, raise_received
from stardock.workspace.run_lock import MARK, marked_processes

#: What Ansible and the ssh that it starts may know of our environment.
_PASSED = ("PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "TMPDIR", "VIRTUAL_ENV", "STARDOCK_ARTIFACTS", MARK)

#: What its callback writes is `{"uuid": "..."}` or `{}`, in Base64. Its own pattern takes any JSON, of which a list ends the run.
OutputEventFilter.EVENT_DATA_RE = re.compile(r"\x1b\[K(e30=\x1b\[4D|eyJ1dWlkIjogI[A-Za-z0-9+/]{51}\x1b\[64D)\x1b\[K")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: The file with a run's variables, in its bundle.
VARIABLES = "variables.yaml"

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


#: ansible-runner's own: it interferes less, and says nothing by itself.
_SETTINGS: Mapping[str, Any] = {"pexpect_timeout": 1, "suppress_ansible_output": True}
#: The folder of a run elsewhere, below `artifacts`; all that is in it comes back.
IDENT = "run"
#: Seconds after which a worker that has nothing to say says so.
_KEEPALIVE = 10


def run(wanted: Run, on_event: Callable[[Event], None]) -> int:
    """Run a playbook to its end; gives Ansible's return code. The bundle must lie in a private directory: artifacts stay beside it.

    Interrupted, it ends Ansible first and then raises KeyboardInterrupt or SystemExit.
    """
    number = secrets.randbits(62)
    sockets = _sockets(wanted.bundle)
    try:
        with caught_signals() as received, _environment(wanted.bundle, sockets, number):
            done = ansible_runner.interface.init_runner(
                private_data_dir=str(wanted.bundle),
                playbook=wanted.playbook,
                cmdline=shlex.join(_arguments(wanted, wanted.bundle)),
                settings=dict(_SETTINGS),
                event_handler=_handler(number, on_event),
                cancel_callback=lambda: bool(received),
                quiet=True,
            )
            done.run()
    finally:
        _close_connections(sockets)
    if received:
        _end_workers()
        raise_received(received)
    return int(done.rc)


def transmit(wanted: Run, folder: str, number: int, output: IO[bytes]) -> None:
    """Write the stream by which a worker runs it in a folder of another machine: the bundle's directory goes along whole.

    In memory there, so Ansible writes no modules to ~/.ansible: with pipelining, what it runs on that machine itself goes through a pipe.
    """
    environment = _ansible(folder, f"{folder}/s", number) | {"ANSIBLE_PIPELINING": "True"}
    (wanted.bundle / "s").mkdir(mode=0o700, exist_ok=True)
    ansible_runner.interface.init_runner(
        streamer="transmit",
        _output=output,
        private_data_dir=str(wanted.bundle),
        playbook=wanted.playbook,
        cmdline=shlex.join(_arguments(wanted, Path(folder))),
        settings={**_SETTINGS, "suppress_output_file": True},
        envvars=environment,
        ident=IDENT,
        cancel_callback=_never,
    ).run()


def process(stream: object, folder: Path, number: int, on_event: Callable[[Event], None]) -> str:
    """Follow what a worker says; gives the last status. The stream has a `readline`, and was looked through before it comes here."""
    followed = ansible_runner.interface.init_runner(
        streamer="process",
        _input=stream,
        private_data_dir=str(folder),
        ident=IDENT,
        settings={},
        event_handler=_handler(number, on_event),
        cancel_callback=_never,
        quiet=True,
    )
    followed.run()
    return str(followed.status)


def _never() -> bool:
    """Cancel nothing: without a word on that, ansible-runner takes SIGINT and SIGTERM from us (`utils.signal_handler`)."""
    return False


def work() -> None:
    """Be the worker, in the folder that the arguments name: the stream is stdin, what happens goes to stdout."""
    done = ansible_runner.interface.run(streamer="worker", private_data_dir=sys.argv[1], keepalive_seconds=_KEEPALIVE)
    raise SystemExit(0 if done.status in ("successful", "failed") else 1)


def _handler(number: int, on_event: Callable[[Event], None]) -> Callable[[Mapping[str, Any]], bool]:
    """Take events with the run's number; what has another one is only text."""

    def handle(raw: Mapping[str, Any]) -> bool:
        on_event(_event(raw) if raw.get("job_id") == number else Event(kind="none", output=str(raw.get("stdout") or "")))
        return False  # do not write it to disk as well

    return handle


def _only_own_files(take: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Look up no event by what is no UUID: it is part of the name of a file, which is read and deleted."""

    def checked(runner: Any, data: Any) -> None:
        if _UUID.fullmatch(str(data.get("uuid"))):
            take(runner, data)

    return checked


ansible_runner.Runner.event_callback = _only_own_files(ansible_runner.Runner.event_callback)


def _sockets(bundle: Path) -> Path:
    """Make a folder for ssh's sockets, in the bundle when its path is short enough: a socket's has room for 108 bytes."""
    if len(os.fsencode(bundle)) > _LONGEST_FOLDER:
        return Path(tempfile.mkdtemp(prefix="stardock-"))
    folder = bundle / "s"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _arguments(wanted: Run, folder: Path) -> list[str]:
    """Of ansible-playbook, which runs in that folder; here, or where it is carried to."""
    (wanted.bundle / VARIABLES).write_text(yaml_text(wanted.variables), encoding="utf-8")
    given = [f"@{folder / VARIABLES}", *([f"@{_there(wanted.secrets, wanted.bundle, folder)}"] if wanted.secrets else [])]
    tags = ["--tags", ",".join(wanted.tags)] if wanted.tags else []
    limit = ["--limit", ",".join(("all", *(f"!{name}" for name in wanted.without)))] if wanted.without else []
    return [*(word for value in given for word in ("-e", value)), *tags, *limit, *(["--check"] if wanted.check else [])]


def _there(file: Path, bundle: Path, folder: Path) -> Path:
    """Where a file of the bundle's is, when the bundle is carried to that folder; any other is where it is."""
    return folder / file.relative_to(bundle) if file.is_relative_to(bundle) else file.resolve()


def _ansible(bundle: Path | str, sockets: Path | str, number: int) -> dict[str, str]:
    """What Ansible is told by its environment."""
    return {
        "LANG": "C.UTF-8",
        "ANSIBLE_CONFIG": f"{bundle}/ansible.cfg",
        "ANSIBLE_HOST_KEY_CHECKING": "True",  # or ansible-runner turns it off
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
        "ANSIBLE_LOCAL_TEMP": f"{bundle}/t",
        "ANSIBLE_DIFF_ALWAYS": "True",
        "ANSIBLE_NOCOLOR": "True",
        "JOB_ID": str(number),
    }


@contextlib.contextmanager
def _environment(bundle: Path, sockets: Path, number: int) -> Iterator[None]:
    """Exchange our environment for the one that Ansible may see: ansible-runner takes all that it finds."""
    ours = dict(os.environ)
    passed = {name: ours[name] for name in _PASSED if name in ours}
    os.environ.clear()
    os.environ.update(passed | _ansible(bundle, sockets, number))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(ours)


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
