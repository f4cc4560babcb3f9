"""/lab: what a test asks of the emulated PVE and a real one does not have. It is reachable from inside the lab only.

GET /lab/status (which schema, how many requests of what kind), GET /lab/requests, POST /lab/reset, /lab/delay, /lab/fail, /lab/agent,
/lab/differ, /lab/qmp, /lab/console, /lab/pvestatd, /lab/kill, /lab/config, /lab/catalog, /lab/node, /lab/storage, /lab/bridge,
/lab/password, /lab/orphan. Bodies and answers are JSON.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web

from lab.machines.agent import AgentInterface
from lab.pve import ha
from lab.pve.api import Api
from lab.pve.conditions import Conditions, NodeCondition
from lab.pve.flags import PowerFlags
from lab.pve.routes import HANDLERS
from lab.pve.schema.formats import is_known
from lab.pve.state import Disk
from lab.pve.tasks import Failure

_Body = dict[str, Any]


class Control:
    """The handlers behind /lab."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._estate = api.estate

    def status(self, _: _Body) -> _Body:
        """Which schema is in use, what of it is not looked at, and what happened so far."""
        schema, tasks = self._estate.schema, self._estate.tasks
        return {
            "schema": schema.source,
            "schema_origin": schema.origin,
            "formats_not_checked": self._unchecked(),
            "requests": dict(sorted(self._api.journal.counts.items())),
            "typed": list(self._estate.consoles.typed),
            "tasks_running": tasks.running(),
            "tasks_most_at_once": tasks.most_at_once,
            "vms": {vm.vm_id: {"node": vm.node, "status": self._estate.power(vm)} for vm in list(self._estate.state.vms.values())},
        }

    def _unchecked(self) -> list[str]:
        routes = [self._estate.schema.route(*key) for key in HANDLERS]
        names = {rule.format for route in routes if route for rule in route.rules.values() if isinstance(rule.format, str)}
        return sorted(name for name in names if not is_known(name))

    def requests(self, _: _Body) -> list[_Body]:
        """Every request since the last reset, oldest first."""
        return list(self._api.journal.requests)

    def reset(self, _: _Body) -> _Body:
        """No counts, no delays, no asked failures, no agents that refuse."""
        self._api.journal.requests.clear()
        self._api.journal.counts.clear()
        self._estate.tasks.reset()
        self._estate.conditions = Conditions()
        self._estate.pvestatd.held = False
        self._api.unauthorized_delay = 3.0
        return {}

    def delay(self, body: _Body) -> _Body:
        """`tasks`: seconds added to each task. `unauthorized`: seconds before a 401. `answers`: seconds added to every answer."""
        self._estate.conditions.latency = float(body.get("answers", self._estate.conditions.latency))
        self._estate.tasks.delay = float(body.get("tasks", self._estate.tasks.delay))
        self._api.unauthorized_delay = float(body.get("unauthorized", self._api.unauthorized_delay))
        return {}

    def differ(self, body: _Body) -> _Body:
        """Answers of a `route` (`GET /version`) differ from now on: `status` and `reason`, `data`, or keys of it: `set`, `delete`."""
        self._estate.conditions.answers[body["route"]] = body
        return {}

    def fail(self, body: _Body) -> _Body:
        """The next `times` tasks of `kind` (qmstart, download, ...), of `subject` when given, fail with `message`; `warns`: they warn."""
        self._estate.tasks.failures.append(Failure(**body))
        return {}

    def orphan(self, body: _Body) -> _Body:
        """A disk that no VM has: `volume`, on `node`, with the id of `vm_id`."""
        self._estate.state.orphans[body["volume"]] = Disk(1 << 30, int(body["vm_id"]), "", body["node"])
        return {}

    def agent(self, body: _Body) -> _Body:
        """What the agent of `vm_id` tells: `interfaces`, `files` (machines: none only); or refuses: any of AgentCondition's."""
        vm_id = int(body.pop("vm_id"))
        interfaces, files = body.pop("interfaces", None), body.pop("files", None)
        if interfaces is not None or files is not None:
            self._flags().tell(vm_id, _interfaces(interfaces or []), {path: text.encode() for path, text in (files or {}).items()})
        if body:
            self._estate.conditions.agents[vm_id] = replace(self._estate.conditions.agent(vm_id), **body)
        return {}

    def qmp(self, body: _Body) -> _Body:
        """QEMU says `status` of the VM `vm_id` while it runs (paused, io-error, ...); without one, the usual."""
        self._estate.conditions.qmp[int(body["vm_id"])] = body.get("status", "")
        return {}

    def console(self, body: _Body) -> _Body:
        """`text` (its characters are bytes) comes out of the serial console of `vm_id`; `tokens`: whether terminals know API tokens."""
        if "tokens" in body:
            self._estate.conditions.console_tokens = bool(body["tokens"])
        if "text" in body:
            self._flags().print(int(body["vm_id"]), str(body["text"]).encode("latin-1"))
        return {}

    def _flags(self) -> PowerFlags:
        if not isinstance(self._estate.hypervisor, PowerFlags):
            raise web.HTTPConflict(reason="these machines are real: their agents speak for themselves")
        return self._estate.hypervisor

    def pvestatd(self, body: _Body) -> _Body:
        """The PVE nodes tell the cluster now what their VMs do; `held`: and from now on no more."""
        self._estate.pvestatd.run()
        self._estate.pvestatd.held = bool(body.get("held", False))
        return {}

    def kill(self, body: _Body) -> _Body:
        """The guest of `vm_id` dies, and PVE had nothing to do with it."""
        self._estate.hypervisor.stop(int(body["vm_id"]))
        return {}

    def config(self, body: _Body) -> _Body:
        """Edits the configuration of `vm_id` behind everyone's back: `set`, `delete`."""
        with self._estate.state as state:
            config = state.vms[int(body["vm_id"])].config
            config.update(body.get("set", {}))
            for name in body.get("delete", []):
                config.pop(name, None)
        return {}

    def node(self, body: _Body) -> _Body:
        """PVE node `name`: `offline` (HA moves what it manages), `clock` seconds ahead, `version`, `memory_gib`, `unreachable` URLs."""
        name = body.pop("name")
        self._estate.conditions.nodes[name] = NodeCondition(**body)
        ha.node_changed(self._estate, name)
        return {}

    def storage(self, body: _Body) -> _Body:
        """On PVE node `node`, the storage `name` tells other things than usual: `content`, `used`, `total` (bytes), `active`, ..."""
        place = (body.pop("node"), body.pop("name"))
        self._estate.conditions.storages[place] = body
        return {}

    def bridge(self, body: _Body) -> _Body:
        """On PVE node `node`, the bridge `name` is not there, or tells other things (null: lacks that key), is a vnet of `zone`."""
        place = (body.pop("node"), body.pop("name"))
        if zone := body.pop("zone", None):
            self._estate.access.zones[place[1]] = str(zone)
        self._estate.conditions.bridges[place] = body or None
        return {}

    def password(self, body: _Body) -> _Body:
        """The user `user` may log in with `password`; before, nobody may."""
        self._estate.tickets.passwords[body["user"]] = body["password"]
        return {}

    def catalog(self, body: _Body) -> _Body:
        """A download of `url` brings `file`, a file of the lab's own, and its checksum is verified."""
        if not Path(body["file"]).is_file():
            raise web.HTTPNotFound(reason=f"{body['file']} is no file")
        with self._estate.state as state:
            state.catalog[body["url"]] = body["file"]
        return {}


def _interfaces(told: list[_Body]) -> tuple[AgentInterface, ...]:
    return tuple(
        AgentInterface(one["name"], one["mac"], tuple((address, int(prefix)) for address, prefix in one["addresses"])) for one in told
    )


def control_routes(api: Api) -> list[web.RouteDef]:
    """The routes under /lab."""
    control = Control(api)
    reads = {"status": control.status, "requests": control.requests}
    writes = {
        "reset": control.reset, "delay": control.delay, "fail": control.fail, "differ": control.differ,
        "orphan": control.orphan, "agent": control.agent, "kill": control.kill,
        "config": control.config, "catalog": control.catalog, "node": control.node, "storage": control.storage, "bridge": control.bridge,
        "password": control.password, "qmp": control.qmp, "console": control.console, "pvestatd": control.pvestatd,
    }  # fmt: skip
    return [web.get(f"/lab/{name}", _handler(action)) for name, action in reads.items()] + [
        web.post(f"/lab/{name}", _handler(action)) for name, action in writes.items()
    ]


def _handler(action: Callable[[_Body], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        try:
            return web.json_response(await asyncio.to_thread(action, body))
        except (KeyError, TypeError, ValueError) as error:
            raise web.HTTPBadRequest(text=f"{type(error).__name__}: {error}") from error

    return handle
