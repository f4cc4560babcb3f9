"""The HTTP face: authentication, parameters, the check against the schema, errors as PVE words them."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from lab.pve.access import Rights
from lab.pve.access.declared import permit
from lab.pve.errors import SERVER_ERROR, UNAUTHORIZED, PveError, bad_parameters, failed, not_implemented, unauthorized
from lab.pve.estate import Estate
from lab.pve.routes import HANDLERS, Request
from lab.pve.schema.check import Given, parameter_errors
from lab.pve.schema.model import Route
from lab.pve.websocket import carry, is_upgrade

_log = logging.getLogger(__name__)
PREFIX = "/api2/json"
_SCHEME = "PVEAPIToken="
_SERVER = {"Server": "pve-api-daemon/3.0"}
_WORKERS = 32
OK = 200
#: Who asks for a ticket.
NOBODY = ""
_Asked = dict[str, str | list[str]]
#: Parameters whose value is never kept in the journal.
_SECRET = frozenset({"cipassword", "password", "vncticket"})


@dataclass(slots=True)
class Journal:
    """What was asked and answered, for tests and for `GET /lab/status`."""

    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=20_000))
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Api:
    """The application's own state. `unauthorized_delay` in seconds: PVE answers a 401 three seconds late."""

    estate: Estate
    journal: Journal = field(default_factory=Journal)
    unauthorized_delay: float = 3.0
    workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_WORKERS))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request of /api2/json."""
        code, reason, body, asked = await self._answer(request)
        path = request.rel_url.raw_path.removeprefix(PREFIX)
        kept = {name: value for name, value in asked.items() if name not in _SECRET}
        self.journal.requests.append({"time": time.time(), "method": request.method, "path": path, "parameters": kept, "status": code})
        if self.estate.conditions.latency:
            await asyncio.sleep(self.estate.conditions.latency)
        if code == UNAUTHORIZED:
            await asyncio.sleep(self.unauthorized_delay)
        if code == OK and is_upgrade(request):
            return await carry(request, self.estate, int(body["data"]["port"]))
        return web.Response(status=code, reason=reason, text=json.dumps(body), content_type="application/json", headers=_SERVER)

    async def _answer(self, request: web.Request) -> tuple[int, str, dict[str, Any], Given]:
        asked: _Asked = {}
        name = "?"
        try:
            user = self._user(request)
            route, in_path = self._route(request)
            name = route.path
            call = await self._read(request, route, in_path, asked, user)
            data = await asyncio.get_running_loop().run_in_executor(self.workers, HANDLERS[route.method, name], call)
            code, reason, body = 200, "OK", {"data": data}
        except PveError as error:
            code, reason, body = error.code, error.reason, _refusal(error)
        except Exception:  # noqa: BLE001 - answered as 500, and logged
            _log.exception("%s %s", request.method, request.path)
            code, reason, body = SERVER_ERROR, "the emulator itself failed: see its log", {"data": None}
        code, reason, body = _planted(self.estate.conditions.answers.get(f"{request.method} {name}"), code, reason, body)
        self.journal.counts[f"{request.method} {name} {code}"] += 1
        return code, reason, body, asked

    def _route(self, request: web.Request) -> tuple[Route, dict[str, str]]:
        path = request.rel_url.raw_path.removeprefix(PREFIX)
        found = self.estate.schema.match(request.method, path)
        if found is None or (found[0].method, found[0].path) not in HANDLERS:
            raise not_implemented(request.method, path)
        return found

    async def _read(self, request: web.Request, route: Route, in_path: dict[str, str], asked: _Asked, user: str) -> Request:
        """The request with all its parameters, checked. Raises PveError (400)."""
        upload = await _given(request, asked)
        twice = {name: "duplicate parameter (URI and body)" for name, value in in_path.items() if asked.get(name, value) != value}
        asked |= in_path
        permit(Rights(self.estate.access, user), route.permissions, {name: _last(value) for name, value in asked.items()})
        errors = twice or parameter_errors(route.rules, asked)
        if errors:
            raise bad_parameters(errors)
        self.estate.conditions.reach(in_path.get("node"))
        parameters = {name: _last(value) for name, value in asked.items()}
        return Request(self.estate, route, parameters, user, upload, asked)

    def _user(self, request: web.Request) -> str:
        given = request.headers.get("Authorization", "")
        ticket = request.cookies.get("PVEAuthCookie")
        if ticket and not given:
            return self.estate.tickets.user(ticket, request.headers.get("CSRFPreventionToken"), writes=request.method != "GET")
        if (request.method, request.path) == ("POST", f"{PREFIX}/access/ticket"):
            return NOBODY
        if not given.startswith(_SCHEME):
            raise unauthorized("No ticket")
        name, _, secret = given.removeprefix(_SCHEME).partition("=")
        user, _, token = name.partition("!")
        known, found = self.estate.access.users.get(user), self.estate.access.token(name)
        if known is None:
            raise unauthorized(f"no such user ('{user}')")
        if not known.enabled:
            raise unauthorized(f"user '{user}' is disabled")
        if found is None:
            raise unauthorized(f"no such token '{token}' for user '{user}'")
        if not hmac.compare_digest(found.secret, secret):
            raise unauthorized("invalid token value!")
        return name


def _planted(differs: dict[str, Any] | None, code: int, reason: str, body: dict[str, Any]) -> tuple[int, str, dict[str, Any]]:
    """What a test made differ (`/lab/differ`): status and words of a whole answer, or keys of its data, of each item of a list."""
    if differs is None:
        return code, reason, body
    if "status" in differs:
        code, reason = int(differs["status"]), str(differs.get("reason", reason))
        return code, reason, body if code == OK else {"data": None}
    items = body["data"] if isinstance(body["data"], list) else [body["data"]]
    for item in (one for one in items if isinstance(one, dict)):
        item.update(differs.get("set", {}))
        for key in differs.get("delete", ()):
            item.pop(key, None)
    return code, reason, body | ({"data": differs["data"]} if "data" in differs else {})


def _last(value: str | list[str]) -> str:
    return value if isinstance(value, str) else value[-1]


def _refusal(error: PveError) -> dict[str, Any]:
    body: dict[str, Any] = {"data": None, "message": f"{error.reason}\n"}
    return body | ({"errors": error.errors} if error.errors else {})


async def _given(request: web.Request, asked: _Asked) -> bytes:
    """Parameters of query and body go to `asked`; the file of a multipart body is returned."""
    for name, value in request.query.items():
        _add(asked, name, value)
    if request.method not in {"POST", "PUT"} or not request.can_read_body:
        return b""
    if request.content_type == "multipart/form-data":
        return await _multipart(request, asked)
    if request.content_type == "application/json":
        body = await request.json()
        for name, value in body.items():
            _add(asked, name, str(int(value)) if isinstance(value, bool) else str(value))
    elif request.content_type == "application/x-www-form-urlencoded":
        for name, field_value in (await request.post()).items():
            _add(asked, name, str(field_value))
    elif await request.read():
        raise failed(f"upload data with unsupported content type '{request.content_type}'")
    return b""


async def _multipart(request: web.Request, asked: _Asked) -> bytes:
    upload = b""
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.filename:
            _add(asked, "filename", part.filename)
            upload = bytes(await part.read())
        else:
            _add(asked, part.name or "", await part.text())
    return upload


def _add(asked: _Asked, name: str, value: str) -> None:
    earlier = asked.get(name)
    if earlier is None:
        asked[name] = value
    else:
        asked[name] = [*([earlier] if isinstance(earlier, str) else earlier), value]
