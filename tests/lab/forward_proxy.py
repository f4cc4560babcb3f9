"""A forward proxy that lets nobody in without the password, and says of each request who asked for what.

Run inside of a lab: `python forward_proxy.py ADDRESS:PORT LOGIN PARENT NAME=ADDRESS...`; the file LOGIN has `user:password`. A NAME is
known to it alone; whatever else is asked for in clear goes to PARENT, a proxy too.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """CONNECT, and requests in clear for a whole URL; each connection serves one."""

    def __init__(self, login: str, parent: str, names: Mapping[str, str]) -> None:
        self._login = "Basic " + base64.b64encode(login.encode()).decode()
        self._parent = parent
        self._names = names

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
            method, target, _ = request.split(" ", 2)
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            await self._answered(method, target, headers, head, (reader, writer))
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            _say("ended", repr(error))
        finally:
            writer.close()

    async def _answered(self, method: str, target: str, headers: Mapping[str, str], head: str, client: Streams) -> None:
        if headers.get("proxy-authorization") != self._login:
            client[1].write(
                b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="lab"\r\nContent-Length: 0\r\n\r\n'
            )
            await client[1].drain()
            _say("407", method, target)
            return
        host, port = _parts(method, target)
        known = self._names.get(host)
        parent, _, parent_port = self._parent.partition(":")
        direct = known is not None or method == "CONNECT"
        server = await asyncio.open_connection(known or (host if direct else parent), port if direct else int(parent_port))
        _say("200", method, target)
        if method == "CONNECT":
            client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_copy(client[0], server[1]), _copy(server[0], client[1]))
        else:
            server[1].write(_passed_on(method, target, head, whole=not direct))
            await _copy(server[0], client[1])
        server[1].close()


def _say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def _parts(method: str, target: str) -> tuple[str, int]:
    parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
    return parts.hostname or "", parts.port or 80


def _passed_on(method: str, target: str, head: str, *, whole: bool) -> bytes:
    """The one request of this connection; what is said to this proxy alone stays here."""
    parts = urlsplit(target)
    path = target if whole else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [line for line in head.removesuffix("\r\n\r\n").split("\r\n")[1:] if not line.lower().startswith(("proxy-", "connection:"))]
    return "\r\n".join((f"{method} {path} HTTP/1.1", *lines, "Connection: close", "", "")).encode("latin-1")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while content := await reader.read(65536):
        writer.write(content)
        await writer.drain()
    writer.write_eof()


async def main(listening: str, login: str, parent: str, *names: str) -> None:
    address, _, port = listening.partition(":")
    proxy = Proxy(Path(login).read_text().strip(), parent, dict(name.split("=", 1) for name in names))
    async with await asyncio.start_server(proxy.serve, address, int(port)) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
