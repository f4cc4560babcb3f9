"""From Ansible's events to what a person follows: stages, and on each machine what is being done. The full text goes to a log."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from stardock.model.facts import MESH_KEY
from stardock.model.stages import BEFORE, STAGES
from stardock.playbooks.events import Event
from stardock.writing import open_in_place

#: How the names of plays begin, up to the colon -> stage.
PLAYS = {stage.title: stage.name for stage in (*STAGES, *BEFORE)}

#: Role and task by which a playbook goes on without a machine.
LEAVES_OUT = ("reachable", "Go on without it")
#: And by which it stops after all, in the words of the task before.
STOPS = (
    ("reachable", "Stop for a machine that others depend on"),
    ("preflight", "Stop for a host that others depend on"),
    ("mesh", "Stop for a machine that others depend on"),
)

#: The task of the role kubernetes that reads them.
LOGS = "Read what its logs say"
_MOST_LOGS = 100_000

#: What a terminal obeys, and what turns the direction of writing: machines' words are in the log.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

#: Roles, task and name of what a run tells us. From no other task: a machine may answer any module with facts.
SAYS_FOUNDED = (("founding",), "Say what was founded", "founding_authority")
SAYS_RUNNING = (("kubernetes",), "Say what runs now", "kubernetes_running")
SAYS_MESH_KEY = (("mesh",), "Say the public key that is in force", "mesh_public_key")
SAYS_DROPPED = (("mesh",), "Say that a new key was dropped", "mesh_dropped")
SAYS_HELD = (("kubernetes",), "Say that a reservation waits", "kubernetes_held")
#: It comes from a file of the founder's, and into the variables of the next run.
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MESH_KEY = re.compile(MESH_KEY)
_MIB = re.compile(r"[0-9]{1,9}")


class Progress(Protocol):
    """Who shows it: lines in a terminal that change, or plain ones."""

    def stage_begins(self, stage: str) -> None:
        """A stage starts."""

    def stage_ends(self, stage: str, seconds: float, changed: dict[str, int]) -> None:
        """A stage is done; `changed` counts changes by machine, machines without any included."""

    def machine_does(self, machine: str, task: str, changes: int) -> None:
        """A machine is at this task."""


class Log:
    """The full log of a run, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        handle = open_in_place(self._path, empty=True)
        self._file = os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", buffering=1)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file:
            self._file.close()

    def write(self, text: str) -> None:
        """Add a piece of Ansible's output; the start of a task or play with the seconds since the run began."""
        if text and self._file:
            began = f"\n+{time.monotonic() - self._began:.1f} s" if text.lstrip().startswith(("TASK [", "PLAY [")) else ""
            self._file.write(f"{began}{_CONTROL.sub(' ', text)}\n")


@dataclass(slots=True)
class Watcher:
    """Follows one run of these stages."""

    progress: Progress
    log: Log
    stages: frozenset[str] = frozenset(PLAYS.values())
    stage: str = ""
    failures: dict[str, Event] = field(default_factory=dict)  # machine -> its last failure; the first machine that failed is the first
    left_out: dict[str, Event | None] = field(default_factory=dict)  # machine that the run goes on without -> its last failure
    authority: str = ""
    versions: dict[str, str] = field(default_factory=dict)  # machine -> release that it was seen to run by the end of its part
    held: dict[str, int] = field(default_factory=dict)  # machine whose kubelet keeps what it kept -> MiB that it has
    mesh_keys: dict[str, str] = field(default_factory=dict)  # machine -> its public key in the mesh
    dropped: set[str] = field(default_factory=set)  # machine whose new key of a run that was killed was dropped
    logs: dict[str, str] = field(default_factory=dict)  # machine -> last words of a Kubernetes that does not start
    _began: float = 0.0
    _changed: dict[str, int] = field(default_factory=dict)

    @property
    def failure(self) -> Event | None:
        """What the run ends with: the first machine's."""
        return next(iter(self.failures.values()), None)

    def see(self, event: Event) -> None:
        """Take in one event."""
        self.log.write(event.output)
        if event.kind == "play":
            self._enter(PLAYS.get(event.play.partition(":")[0], ""))
        elif event.kind == "start" and event.host:
            self._changed.setdefault(event.host, 0)
            self.progress.machine_does(event.host, event.task, self._changed[event.host])
        elif event.kind in ("ok", "changed") and (event.role, event.task) == LEAVES_OUT:
            self._leave_out(event.host)
        elif event.kind in ("ok", "changed"):
            self._done(event)
        elif event.kind in ("failed", "unreachable"):
            self._failed(event)

    def _enter(self, stage: str) -> None:
        if stage == self.stage or self.failure or stage not in self.stages:  # plays of other stages come and go without a task
            return
        self.finish()
        self.stage, self._began = stage, time.monotonic()
        self.progress.stage_begins(stage)

    def finish(self) -> None:
        """End the stage that runs, if one does and nothing failed in it."""
        if self.stage and not self.failure:
            self.progress.stage_ends(self.stage, time.monotonic() - self._began, dict(self._changed))
        self.stage, self._changed = "" if not self.failure else self.stage, {}

    def _done(self, event: Event) -> None:
        if event.kind == "changed":
            self._changed[event.host] = self._changed.get(event.host, 0) + 1
        if event.task == LOGS:
            self.logs[event.host] = str(event.result.get("stdout") or "")[:_MOST_LOGS]
        authority, version, has = (_said(event, *what) for what in (SAYS_FOUNDED, SAYS_RUNNING, SAYS_HELD))
        if _SHA256.fullmatch(authority):
            self.authority = authority
        if version:
            self.versions[event.host] = version
        key = _said(event, *SAYS_MESH_KEY)
        if _MESH_KEY.fullmatch(key):
            self.mesh_keys[event.host] = key
        if _said(event, *SAYS_DROPPED):
            self.dropped.add(event.host)
        if _MIB.fullmatch(has):
            self.held[event.host] = int(has)

    def _failed(self, event: Event) -> None:
        """Keep each machine's last failure: a rescue that tells what was waited for comes after what it rescues."""
        if (event.role, event.task) not in STOPS or event.host not in self.failures:
            self.failures[event.host] = event

    def _leave_out(self, machine: str) -> None:
        """The playbook goes on without it: its failure is not the run's."""
        self.left_out[machine] = self.failures.pop(machine, None)

    def leave_lost(self, agents: Collection[str]) -> bool:
        """Go on without agents that stopped answering in their own stage: Ansible rescues none of these, and ends where they were a batch.

        False where there is none, or another failure.
        """
        lost = [name for name, event in self.failures.items() if name in agents and event.kind == "unreachable"]
        if not lost or len(lost) < len(self.failures) or self.stage != "agents":
            return False
        for name in lost:
            self._leave_out(name)
        return True


def _said(event: Event, roles: tuple[str, ...], task: str, name: str) -> str:
    """What this task of ours sets; empty for every other task."""
    facts = event.result.get("ansible_facts")
    return str(facts.get(name) or "") if event.role in roles and event.task == task and isinstance(facts, dict) else ""
