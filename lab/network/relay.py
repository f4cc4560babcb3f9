"""Packages for machines that reach nothing else: an HTTP proxy for the configured Debian mirror, with a cache on disk.

It is the only process of a lab that talks to the world. It runs in the machine's own network namespace and accepts on a socket
that was opened inside the lab's: connections come from there, no packet of the lab leaves it.
Files that never change under their name (.deb, by-hash) are kept for ever, the rest is asked for again after an hour; when the
mirror does not answer, what is kept is served whatever its age.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import logging
import os
import socket
import time
from collections import defaultdict
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from yarl import URL

from lab.cache import cache_root
from lab.network.mirror import Mirror, told_mirror

_FRESH_SECONDS = 3600
_TIMEOUT = ClientTimeout(total=300, connect=10)
_OK, _NOT_MODIFIED = 200, 304
_log = logging.getLogger("relay")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the mirror said: a status, and the file when there is one."""

    status: int
    file: Path | None = None


class Relay:
    """Serves URLs of `mirror`'s hosts from `folder`, fetching what it lacks; every other host is refused."""

    def __init__(self, mirror: Mirror, folder: Path) -> None:
        self._mirror = mirror
        self._folder = folder
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """A proxy request: its target is a whole URL."""
        url = request.url
        host = url.raw_authority.removesuffix(":80")
        if request.method not in {"GET", "HEAD"} or host not in self._mirror.schemes:
            _log.info("refused %s %s", request.method, url)
            return web.Response(status=403, reason="The lab's relay serves the Debian mirror and nothing else")
        answer = await self._answer(url.with_scheme(self._mirror.schemes[host]))
        _log.info("%s %s", answer.status, url)
        return web.Response(status=answer.status) if answer.file is None else web.FileResponse(answer.file)

    async def _answer(self, url: URL) -> Answer:
        file = self._folder / str(url.host) / _file_name(url)
        async with self._locks[str(url)]:
            if file.exists() and (_is_immutable(url) or time.time() - file.stat().st_ctime < _FRESH_SECONDS):
                return Answer(_OK, file)
            try:
                return await self._fetch(url, file)
            except (ClientError, TimeoutError) as error:
                _log.warning("%s: %s", url, error)
                return Answer(_OK, file) if file.exists() else Answer(504)

    async def _fetch(self, url: URL, file: Path) -> Answer:
        headers = {"Accept-Encoding": "identity"} | ({"If-Modified-Since": _http_date(file)} if file.exists() else {})
        async with (
            ClientSession(timeout=_TIMEOUT, auto_decompress=False) as session,
            session.get(url, headers=headers, proxy=self._mirror.proxy) as response,
        ):
            if response.status == _NOT_MODIFIED:
                os.utime(file, (time.time(), file.stat().st_mtime))
                return Answer(_OK, file)
            if response.status != _OK:
                return Answer(response.status)
            _store(file, await response.read(), response.headers.get("Last-Modified"))
            return Answer(_OK, file)


def _store(file: Path, content: bytes, modified: str | None) -> None:
    """Whole or not at all; other labs read the same folder. The mirror's own date lets apt ask `If-Modified-Since`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    if modified:
        os.utime(unfinished, (time.time(), parsedate_to_datetime(modified).timestamp()))
    unfinished.replace(file)


def _is_immutable(url: URL) -> bool:
    return url.path.endswith(".deb") or "/by-hash/" in url.path


def _file_name(url: URL) -> str:
    """One flat name a URL. Ends in a hash: a suffix like .xz would make the server declare a content encoding."""
    return f"{url.name[-80:]}-{hashlib.sha256(str(url).encode()).hexdigest()[:24]}"


def _http_date(file: Path) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(file.stat().st_mtime))


async def serve(listening: socket.socket, relay: Relay) -> None:
    """Serves for ever on a socket that listens already."""
    runner = web.ServerRunner(web.Server(relay.handle, access_log=None))
    await runner.setup()
    await web.SockSite(runner, listening).start()
    await asyncio.Event().wait()


def main() -> None:
    """`python -m lab.network.relay --socket FD`: waits for the listening socket to come through FD, then serves on it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=int, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with socket.socket(fileno=options.socket) as channel:
        _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    relay = Relay(told_mirror(), cache_root() / "packages")
    asyncio.run(serve(socket.socket(fileno=descriptors[0]), relay))


if __name__ == "__main__":
    main()
