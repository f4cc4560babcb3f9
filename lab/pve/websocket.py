"""What goes through a terminal's WebSocket, both ends of it: pveproxy's (PVE::APIServer::AnyEvent) and termproxy's with `qm terminal`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import WSMessage, WSMsgType, web

from lab.pve.consoles import CLIENT_SECONDS, Terminal
from lab.pve.estate import Estate

#: pveproxy takes no larger frame.
_LARGEST = 128 * 1024
#: Seconds between two looks at what was printed.
_LOOK = 0.05
_ENDS = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})


def is_upgrade(request: web.Request) -> bool:
    """Whether pveproxy goes over to a WebSocket, where the method allows it."""
    return request.method == "GET" and request.path.endswith("websocket") and request.headers.get("Upgrade", "") == "websocket"


async def carry(request: web.Request, estate: Estate, port: int) -> web.StreamResponse:
    """Connect the client with the terminal at that port, until one of them ends."""
    terminal = estate.consoles.listening(port)
    if terminal is None or request.transport is None:
        if request.transport is not None:
            request.transport.close()
        return web.Response()
    terminal.client.set()
    socket = web.WebSocketResponse(compress=False, max_msg_size=_LARGEST, protocols=("binary",))
    try:
        await socket.prepare(request)
        await _terminal(socket, estate, terminal)
    finally:
        terminal.over.set()
        await socket.close()
    return socket


async def _terminal(socket: web.WebSocketResponse, estate: Estate, terminal: Terminal) -> None:
    user, _, ticket = (await _first_line(socket)).partition(":")
    unknown = "!" in user and not estate.conditions.console_tokens
    if unknown or (user, ticket) != (terminal.user, terminal.ticket):
        terminal.failed = "authentication request failed"
        return
    await socket.send_bytes(b"OK")
    async for piece in _printed(socket, estate, terminal):
        await socket.send_bytes(piece)


async def _first_line(socket: web.WebSocketResponse) -> str:
    text = ""
    while "\n" not in text:
        message = await socket.receive(timeout=CLIENT_SECONDS)
        if message.type in _ENDS:
            return ""
        text += _text(message)
    return text.partition("\n")[0]


def _text(message: WSMessage) -> str:
    return message.data if isinstance(message.data, str) else bytes(message.data or b"").decode("latin-1")


async def _printed(socket: web.WebSocketResponse, estate: Estate, terminal: Terminal) -> AsyncIterator[bytes]:
    """What `qm terminal` prints: a line of its own, then the console from now on."""
    config = estate.state.vms[terminal.vm_id].config
    serial = terminal.serial or next((name for name in ("serial0", "serial1", "serial2", "serial3") if config.get(name) == "socket"), "")
    refusal = _refusal(estate, terminal, serial)
    if refusal:
        terminal.failed = refusal
        yield f"{refusal}\r\n".encode()
        return
    position, _ = await asyncio.to_thread(estate.hypervisor.printed, terminal.vm_id, None)
    yield f"starting serial terminal on interface {serial}\r\n".encode()
    receiving = asyncio.create_task(socket.receive())
    while await asyncio.to_thread(estate.hypervisor.is_running, terminal.vm_id):
        done, _ = await asyncio.wait({receiving}, timeout=_LOOK)
        if done and receiving.result().type in _ENDS:
            return
        if done:
            _take(estate, receiving.result())
            receiving = asyncio.create_task(socket.receive())
        position, piece = await asyncio.to_thread(estate.hypervisor.printed, terminal.vm_id, position)
        if piece:
            yield piece
    receiving.cancel()


def _refusal(estate: Estate, terminal: Terminal, serial: str) -> str:
    config = estate.state.vms[terminal.vm_id].config
    if not serial:
        return "unable to find a serial interface"
    if not config.get(serial):
        return f"serial interface '{serial}' is not configured"
    if config[serial] != "socket":
        return f"wrong serial type on interface '{serial}'"
    return "" if estate.hypervisor.is_running(terminal.vm_id) else f"VM {terminal.vm_id} not running"


def _take(estate: Estate, message: WSMessage) -> None:
    """`0:LENGTH:DATA` is for the guest; `1:COLUMNS:ROWS:` is a size, `2` a sign of life."""
    text = _text(message)
    if text.startswith("0:"):
        estate.consoles.typed.append(text.split(":", 2)[-1])
