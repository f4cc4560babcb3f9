"""The emulated PVE as one web application: the API, and beside it `/lab`, by which tests look and turn knobs."""

from __future__ import annotations

from aiohttp import web

from lab.machines.hypervisor import Hypervisor
from lab.pve.api import PREFIX, Api
from lab.pve.control import control_routes
from lab.pve.estate import Estate
from lab.pve.furnish import furnish
from lab.pve.schema import load_schema
from lab.settings import LabSettings

_LARGEST_UPLOAD = 1 << 30


def create_app(settings: LabSettings, hypervisor: Hypervisor, token: str) -> web.Application:
    """The emulated PVE of a lab. `token` is the whole API token (`user@realm!name=secret`). Raises OSError, ValueError for a bad schema."""
    api = Api(Estate(settings, hypervisor, load_schema()))
    api.estate.access.trust(token)
    furnish(api.estate)
    app = web.Application(client_max_size=_LARGEST_UPLOAD)
    app.router.add_routes(control_routes(api))
    app.router.add_route("*", PREFIX + "/{path:.*}", api.answer)
    return app
