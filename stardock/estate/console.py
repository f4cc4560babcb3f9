"""What a VM prints on its serial console from now on: PVE's `termproxy`, and its WebSocket; nothing is ever sent to the machine.

PVE::API2::Qemu (9.2.6): POST termproxy gives a ticket of this user, VM and port for 40 s, and waits 10 s for a client; GET vncwebsocket
leads there, with the same credentials and the ticket. The client begins with `USER:TICKET` and a newline, hears `OK`, and says `2` every
30 s (pve-xtermjs, main.js). Both need VM.Console. An API token is somebody there since qemu-server 9.1.7 (April 2026), which asks
/access/vncticket: before, its ticket was held against /access/ticket, where no token is known, and the connection ended without an `OK`.

None of the two is handed on to the VM's PVE node: the port is one of whoever was asked first, which enters the VM's node by SSH itself.

QEMU serves one client of a serial port at a time: while another console is open, nothing comes here.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

import aiohttp
import requests.utils
from proxmoxer.core import ResourceException

from stardock.errors import ConditionError
from stardock.estate.answers import shown
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine
from stardock.estate.refusals import Forbidden, NoAnswer
from stardock.estate.terminal import Plain

#: The port that every machine of ours has (`serial`).
SERIAL = "serial0"
#: Seconds to connect and to hear OK; between two signs of life. pveproxy sends no larger frame than 128 KiB.
CONNECT_SECONDS = 15.0
BEAT_SECONDS = 30.0
_LARGEST = 256 * 1024
_CLOSING = aiohttp.ClientWSTimeout(ws_close=1.0)

Tell = Callable[[str], None]


def console(estate: Estate, vm: EstateMachine, tell: Tell, seconds: float | None) -> None:
    """Tell what is printed, as text of lines, until that time is over or the VM ends. Raises ConditionError where there is no way."""
    ticket = _ticket(estate, vm)
    try:
        asyncio.run(_follow(estate, vm, ticket, tell, seconds))
    except BrokenPipeError:  # of whoever reads us, not of Proxmox
        raise
    except aiohttp.WSServerHandshakeError as error:
        raise ConditionError(f"{estate.endpoint} does not open the console of {vm.name}: {error.status} {shown(error.message)}") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        cure = "an endpoint that leads to several PVE nodes has no console: name one of them as `proxmox.endpoint`"
        raise NoAnswer(f"{estate.endpoint}: the console's connection broke: {shown(error) or type(error).__name__}", cure=cure) from error


def _ticket(estate: Estate, vm: EstateMachine) -> dict[str, Any]:
    """What termproxy gives: user, ticket, port."""
    try:
        told = estate.read(lambda api: api.nodes(vm.pve_node).qemu(vm.vm_id).termproxy.post(serial=SERIAL))
    except Forbidden as error:
        cure = "runner proxmox-role prints the commands that give VM.Console; `runner doctor` tells whether more is missing"
        raise ConditionError(error.message, cure=cure) from error
    except ResourceException as error:
        raise ConditionError(f"Proxmox begins no console of {vm.name}: {shown(error.content or error.status_message)}") from error
    if not isinstance(told, dict) or not {"user", "ticket", "port"} <= told.keys() or not str(told["port"]).isdecimal():
        raise NoAnswer(f"{estate.endpoint} answers, but not as Proxmox does: {shown(told)}")
    return told


async def _follow(estate: Estate, vm: EstateMachine, ticket: dict[str, Any], tell: Tell, seconds: float | None) -> None:
    end = None if seconds is None else time.monotonic() + seconds
    async with _connected(estate, vm, ticket) as socket:
        plain = Plain()
        tell(plain.feed(await _opened(socket, vm, ticket)))
        while end is None or time.monotonic() < end:
            left = BEAT_SECONDS if end is None else min(BEAT_SECONDS, end - time.monotonic())
            try:
                piece = await _piece(socket, max(left, 0.0))
            except TimeoutError:
                await socket.send_str("2")
                continue
            if piece is None:
                return
            tell(plain.feed(piece))


@asynccontextmanager
async def _connected(estate: Estate, vm: EstateMachine, ticket: dict[str, Any]) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    asked = urlencode({"port": int(ticket["port"]), "vncticket": str(ticket["ticket"])})
    url = f"{_origin(estate.endpoint)}/api2/json/nodes/{vm.pve_node}/qemu/{vm.vm_id}/vncwebsocket?{asked}"
    proxy = _proxy(url)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    async with (
        aiohttp.ClientSession(headers=estate.credentials, timeout=timeout) as session,
        asyncio.timeout(CONNECT_SECONDS) as waiting,
        session.ws_connect(
            url, proxy=proxy, ssl=_trust(estate.trust), protocols=("binary",), max_msg_size=_LARGEST, timeout=_CLOSING
        ) as socket,
    ):
        waiting.reschedule(None)
        yield socket


def _origin(endpoint: str) -> str:
    """Without a path: other questions to Proxmox go without one, too (proxmoxer), so PROXMOX_VE_ENDPOINT may end with /api2/json."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _proxy(url: str) -> str | None:
    """The proxy that other questions to Proxmox take, of the environment. aiohttp's `trust_env` would read ~/.netrc as well, and a second
    credential beside the token's is an error to it. Raises ConditionError for a kind that it does not speak.
    """
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    if proxy and urlsplit(proxy).scheme not in {"http", "https"}:
        kind = shown(urlsplit(proxy).scheme or "that")
        cure = "name an http:// one in HTTPS_PROXY, or go without: NO_PROXY"
        raise ConditionError(f"a console goes through no {kind} proxy, which the environment names", cure=cure)
    return proxy


def _trust(trust: bool | str) -> ssl.SSLContext | bool:
    """As requests takes it."""
    return ssl.create_default_context(cafile=trust) if isinstance(trust, str) else trust


async def _opened(socket: aiohttp.ClientWebSocketResponse, vm: EstateMachine, ticket: dict[str, Any]) -> bytes:
    """Say who we are; what came behind the OK."""
    await socket.send_str(f"{ticket['user']}:{ticket['ticket']}\n")
    heard = b""
    while len(heard) < len(b"OK"):
        try:
            piece = await _piece(socket, CONNECT_SECONDS)
        except TimeoutError:
            piece = None
        if piece is None:
            _unknown(vm)
        heard += piece
    if not heard.startswith(b"OK"):
        _unknown(vm)
    return heard[len(b"OK") :]


def _unknown(vm: EstateMachine) -> NoReturn:
    raise ConditionError(
        f"Proxmox ended the console of {vm.name} before it began: it does not take our API token there, or another PVE node took the "
        "connection",
        cure="consoles know API tokens since qemu-server 9.1.7 (April 2026): upgrade that PVE node\n"
        "the terminal waits on the PVE node that was asked for it: where a balancer or a name with several addresses stands before them,\n"
        f"name one in `proxmox.endpoint`, best {vm.pve_node} itself\n"
        f"till then, look in Proxmox' web interface, or on {vm.pve_node}: qm terminal {vm.vm_id}",
    )


async def _piece(socket: aiohttp.ClientWebSocketResponse, seconds: float) -> bytes | None:
    """What came; None: it ended. Raises TimeoutError."""
    message = await socket.receive(timeout=seconds)
    if message.type is aiohttp.WSMsgType.BINARY:
        return bytes(message.data)
    if message.type is aiohttp.WSMsgType.TEXT:
        return str(message.data).encode()
    return None
