"""The relay fetches once, keeps what cannot change, serves what it has when the mirror is away, and serves nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import BaseTestServer, RawTestServer
from yarl import URL

from lab.network import relay as relay_module
from lab.network.mirror import Mirror
from lab.network.relay import Relay

pytestmark = pytest.mark.unit
PACKAGE, INDEX = "/debian/pool/x_1%2b2.deb", "/debian/dists/bookworm/InRelease"
DATE = "Sat, 21 Nov 2026 10:00:00 GMT"


@dataclass
class Upstream:
    """A mirror on the loopback that remembers what it was asked for."""

    asked: list[str] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request.rel_url.raw_path)
        if request.headers.get("If-Modified-Since") == DATE:
            return web.Response(status=304)
        if "missing" in request.path:
            return web.Response(status=404)
        return web.Response(body=b"content of " + request.rel_url.raw_path.encode(), headers={"Last-Modified": DATE})


@dataclass(frozen=True)
class Setup:
    """`get` asks through the relay; `mirror` can be closed."""

    upstream: Upstream
    mirror: BaseTestServer
    site: str
    relay: BaseTestServer
    client: ClientSession

    async def get(self, path: str, site: str | None = None) -> tuple[int, bytes]:
        url = URL(f"http://{site or self.site}{path}", encoded=True)
        async with self.client.get(url, proxy=f"http://127.0.0.1:{self.relay.port}") as response:
            return response.status, await response.read()


@asynccontextmanager
async def setup(folder: Path) -> AsyncIterator[Setup]:
    upstream = Upstream()
    async with RawTestServer(upstream.handle) as mirror:
        site = f"127.0.0.1:{mirror.port}"
        relay = Relay(Mirror(f"http://{site}/debian", None), folder)
        async with RawTestServer(relay.handle) as server, ClientSession() as client:
            yield Setup(upstream, mirror, site, server, client)


def run(test: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 20))


def test_a_package_is_fetched_once_under_its_exact_name(tmp_path: Path) -> None:
    async def test() -> None:
        async with setup(tmp_path) as lab:
            answers = await asyncio.gather(*(lab.get(PACKAGE) for _ in range(6)))
            assert set(answers) == {(200, b"content of " + PACKAGE.encode())}
            assert lab.upstream.asked == [PACKAGE]

    run(test())


def test_an_index_is_asked_for_again_when_it_is_old_and_kept_when_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with setup(tmp_path) as lab:
            await lab.get(INDEX)
            await lab.get(INDEX)
            assert lab.upstream.asked == [INDEX]
            monkeypatch.setattr(relay_module, "_FRESH_SECONDS", -1)
            assert await lab.get(INDEX) == (200, b"content of " + INDEX.encode())
            assert lab.upstream.asked == [INDEX, INDEX]

    run(test())


def test_what_is_kept_is_served_when_the_mirror_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with setup(tmp_path) as lab:
            await lab.get(INDEX)
            monkeypatch.setattr(relay_module, "_FRESH_SECONDS", -1)
            await lab.mirror.close()
            assert (await lab.get(INDEX))[0] == 200
            assert (await lab.get(PACKAGE))[0] == 504

    run(test())


def test_a_missing_file_is_not_kept(tmp_path: Path) -> None:
    async def test() -> None:
        async with setup(tmp_path) as lab:
            assert [(await lab.get("/debian/missing.deb"))[0] for _ in range(2)] == [404, 404]
            assert len(lab.upstream.asked) == 2

    run(test())


def test_other_hosts_and_other_methods_are_refused(tmp_path: Path) -> None:
    async def test() -> None:
        async with setup(tmp_path) as lab:
            assert (await lab.get("/", site="example.com"))[0] == 403
            url = f"http://{lab.site}{PACKAGE}"
            async with lab.client.post(url, data=b"x", proxy=f"http://127.0.0.1:{lab.relay.port}") as response:
                assert response.status == 403
            assert lab.upstream.asked == []

    run(test())
