"""An agent's own load balancer: the API on itself is whichever server answers.

Facts of k3s: pkg/agent/loadbalancer (one server is used until it fails its health check, each second; connections to a failed one are cut).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

from .flavor import API_PORT, OURS

CHECK_SECONDS = 1.0
DIAL_SECONDS = 2.0
FAILURES = 3
PIECE = 65536
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Balancer:
    """`servers` gives the addresses that are known now, the preferred one first; `own` is our port, `port` theirs."""

    def __init__(self, servers: Callable[[], list[str]], own: int = OURS.balancer_port, port: int = API_PORT) -> None:
        self._servers = servers
        self._own = own
        self._port = port
        self._open: dict[str, set[asyncio.StreamWriter]] = {}
        self._failures: dict[str, int] = {}

    def start(self) -> None:
        """Listen from now on, in a thread of its own."""
        threading.Thread(target=lambda: asyncio.run(self._serve()), name="balancer", daemon=True).start()

    async def _serve(self) -> None:
        async with await asyncio.start_server(self._connected, "127.0.0.1", self._own):
            while True:
                await asyncio.sleep(CHECK_SECONDS)
                await asyncio.gather(*(self._check(server) for server in self._open))

    async def _check(self, server: str) -> None:
        pair = await self._dial(server)
        self._failures[server] = 0 if pair else self._failures.get(server, 0) + 1
        if pair:
            pair[1].close()
        elif self._failures[server] >= FAILURES:
            for writer in self._open[server]:
                writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for server in sorted(self._servers(), key=lambda address: self._failures.get(address, 0) > 0):
            if pair := await self._dial(server):
                await self._join(server, (reader, writer), pair)
                return
            self._failures[server] = self._failures.get(server, 0) + 1
        writer.transport.abort()

    async def _join(self, server: str, near: Pair, far: Pair) -> None:
        writers = self._open.setdefault(server, set())
        writers |= {near[1], far[1]}
        try:
            await asyncio.gather(_pump(near[0], far[1]), _pump(far[0], near[1]))
        finally:
            writers -= {near[1], far[1]}

    async def _dial(self, server: str) -> Pair | None:
        try:
            return await asyncio.wait_for(asyncio.open_connection(server, self._port), DIAL_SECONDS)
        except (OSError, TimeoutError):
            return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    with suppress(OSError):
        writer.close()
