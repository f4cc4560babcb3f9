"""PVE's tasks: a request that takes time answers with a UPID, and a worker goes on. Here each worker is a thread.

Tasks are kept in memory: after a restart of the emulator an old UPID is unknown.
"""

from __future__ import annotations

import itertools
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.machines.hypervisor import GuestError
from lab.pve.errors import PveError, TaskError, bad_parameters, failed

_log = logging.getLogger(__name__)
Log = Callable[[str], None]
Work = Callable[[Log], None]

#: Work of so many seconds is not found running, unless a delay was asked for: the provider would ask again after a whole second (0.111.1,
#: WaitForTask in proxmox/nodes/tasks/tasks.go), for each of three tasks of a VM.
SHORT_SECONDS = 0.2


@dataclass(slots=True)
class Task:
    """One worker. `exit_status` is None while it runs, 'OK' or the error's words after."""

    upid: str
    node: str
    pid: int
    started: int
    kind: str
    subject: str
    user: str
    lines: list[str] = field(default_factory=list)
    exit_status: str | None = None
    ended: int | None = None


@dataclass(slots=True)
class Failure:
    """A task that shall fail: the next `times` of this kind (of this VM, when given) end with `message`; `warns`: they only warn."""

    kind: str
    message: str
    times: int = 1
    subject: str | None = None
    warns: bool = False


class Tasks:
    """All tasks since the start. `delay` in seconds is added to each; `failures` are what a test asked for."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._lock = threading.Lock()
        self._pids = itertools.count(1001)
        self.delay = 0.0
        self.failures: list[Failure] = []
        self.most_at_once = 0

    def start(self, node: str, kind: str, subject: str, user: str, work: Work) -> str:
        """Starts `work` and gives its UPID, of short work when it has ended. What `work` raises becomes the exit status."""
        task = self._new(node, kind, subject, user)
        worker = threading.Thread(target=self._run, args=(task, work), name=task.kind, daemon=True)
        worker.start()
        if not self.delay:
            worker.join(SHORT_SECONDS)
        return task.upid

    def find(self, upid: str) -> Task:
        """The task of a UPID. Raises PveError: 400 when it is no UPID, 500 when nobody knows it."""
        if not upid.startswith("UPID:"):
            raise bad_parameters({"upid": f"unable to parse worker upid '{upid}'"})
        try:
            return self._tasks[upid]
        except KeyError:
            raise failed("no such task") from None

    def all(self, node: str) -> list[Task]:
        """A PVE node's tasks, newest first."""
        return [task for task in reversed(self._tasks.values()) if task.node == node]

    def running(self) -> int:
        """How many workers are at work."""
        return sum(task.exit_status is None for task in self._tasks.values())

    def reset(self) -> None:
        """No delay, no asked failures."""
        self.delay, self.failures, self.most_at_once = 0.0, [], 0

    def _new(self, node: str, kind: str, subject: str, user: str) -> Task:
        with self._lock:
            pid, now = next(self._pids), int(time.time())
            upid = f"UPID:{node}:{pid:08X}:{pid:08X}:{now:08X}:{kind}:{_encoded(subject)}:{user}:"
            self._tasks[upid] = task = Task(upid, node, pid, now, kind, subject, user)
            self.most_at_once = max(self.most_at_once, self.running())
        return task

    def _run(self, task: Task, work: Work) -> None:
        try:
            time.sleep(self.delay)
            self._fail_as_asked(task)
            work(task.lines.append)
        except (TaskError, GuestError) as error:
            self._end(task, str(error))
        except PveError as error:
            self._end(task, "; ".join(error.errors.values()) or error.reason)
        except Exception:  # noqa: BLE001 - the task must end, whatever happened
            _log.exception("%s of %s", task.kind, task.subject)
            self._end(task, "the emulator itself failed: see its log")
        else:
            warnings = sum(line.startswith("WARN: ") for line in task.lines)  # PVE::RESTEnvironment, log_warn and fork_worker
            self._end(task, f"WARNINGS: {warnings}" if warnings else "OK")

    def _fail_as_asked(self, task: Task) -> None:
        with self._lock:
            for failure in self.failures:
                if failure.times and failure.kind == task.kind and failure.subject in {None, task.subject}:
                    failure.times -= 1
                    if not failure.warns:
                        raise TaskError(failure.message)
                    task.lines.append(f"WARN: {failure.message}")

    def _end(self, task: Task, status: str) -> None:
        well = status == "OK" or status.startswith("WARNINGS: ")
        task.lines.append(f"TASK {status}" if well else f"TASK ERROR: {status}")
        task.ended = int(time.time())
        task.exit_status = " ".join(status.split())


def _encoded(subject: str) -> str:
    """PVE's encoding of a worker's subject in its UPID: no colon, no slash."""
    return re.sub(r"[^A-Za-z0-9._@-]", lambda found: f"\\x{ord(found[0]):02x}", subject)
