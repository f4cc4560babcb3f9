"""/nodes/{node}/tasks: how workers went."""

from __future__ import annotations

from typing import Any

from lab.pve.errors import failed
from lab.pve.routes.handler import Request, Routes
from lab.pve.tasks import Task

_TASK = "/nodes/{node}/tasks/{upid}"
_LINES = 50


def listed(request: Request) -> list[dict[str, Any]]:
    """GET tasks, newest first: those that ended, or with `source` those that run, or all (PVE::API2::Tasks)."""
    request.estate.storages.of_node(request["node"])
    owner, kind = request.get("vmid"), request.get("typefilter")
    everybody = request.rights.has(f"/nodes/{request['node']}", "Sys.Audit")
    sources = {"archive": {False}, "active": {True}, "all": {True, False}}[request.get("source") or "archive"]
    known = [task for task in request.estate.tasks.all(request["node"]) if (task.exit_status is None) in sources]
    visible = [task for task in known if everybody or _owns(request, task)]
    since = int(request.get("since") or 0)
    found = [task for task in visible if owner in {None, task.subject} and kind in {None, task.kind} and task.started >= since]
    return [{"status": "RUNNING"} | _described(task) for task in found[: int(request.get("limit") or _LINES)]]


def _owns(request: Request, task: Task) -> bool:
    """A token owns what it started, a user that of the tokens, too."""
    return request.user in {task.user, task.user.partition("!")[0]}


def _task(request: Request, privilege: str) -> Task:
    """The task of the path; who did not start it needs the privilege on its node."""
    task = request.estate.tasks.find(request["upid"])
    if not _owns(request, task):
        request.rights.require(f"/nodes/{request['node']}", privilege)
    return task


def _described(task: Task) -> dict[str, Any]:
    known = {"upid": task.upid, "node": task.node, "pid": task.pid, "pstart": task.pid, "starttime": task.started, "type": task.kind,
             "id": task.subject, "user": task.user.partition("!")[0]}  # fmt: skip
    return known if task.exit_status is None else known | {"endtime": task.ended, "status": task.exit_status}


def status(request: Request) -> dict[str, Any]:
    """GET tasks/{upid}/status."""
    task = _task(request, "Sys.Audit")
    known = _described(task)
    if task.exit_status is None:
        return known | {"status": "running"}
    return known | {"status": "stopped", "exitstatus": task.exit_status}


def log(request: Request) -> list[dict[str, Any]]:
    """GET tasks/{upid}/log."""
    first = int(request.get("start") or 0)
    lines = _task(request, "Sys.Audit").lines[first:][: int(request.get("limit") or _LINES)]
    return [{"n": number, "t": line} for number, line in enumerate(lines, first + 1)] or [{"n": 1, "t": "no content"}]


def stop(request: Request) -> None:
    """A worker cannot be ended halfway here; one that has ended is left alone, as on PVE."""
    if _task(request, "Sys.Modify").exit_status is None:
        raise failed("emulated tasks cannot be stopped")


ROUTES: Routes = {
    ("GET", "/nodes/{node}/tasks"): listed,
    ("GET", f"{_TASK}/status"): status,
    ("GET", f"{_TASK}/log"): log,
    ("DELETE", _TASK): stop,
}
