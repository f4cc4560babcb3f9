"""Asks HTTPS addresses at a fixed pace, whatever became of the questions before, and tells of each when it was put and what became of it.

`python -m bench.prober SECONDS KUBECONFIG TARGET...`, inside of a lab's network. A target is `KIND NAME URL EVERY`, one argument:

- `asks`: GET on a connection of its own; good is status 200;
- `writes`: one ConfigMap by server-side apply, on a connection of its own, as the kubeconfig's user;
- `keeps`: GET after GET on one connection for as long as that is good for it.

Prints `ready`, then one JSON line: name -> [[asked, seconds, good], ...], `asked` by CLOCK_MONOTONIC.
A question is put at its time, not after the last answer: what a client sees is then not counted in its own time-outs.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from tests.lab.prober import credentials

#: Who waits longer than that is told that there was no answer.
LIMIT = 3.0
#: So long one that keeps its connection waits for an answer before it makes another one.
KEPT = 0.5
APPLY = "application/apply-patch+yaml"

Probe = tuple[float, float, bool]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Target:
    """Whom to ask, how and how often; and what came of it."""

    kind: str
    name: str
    url: str
    every: float
    probes: list[Probe] = field(default_factory=list)

    def request(self, number: int) -> bytes:
        """What is sent."""
        parts = urlsplit(self.url)
        head = f"Host: {parts.hostname}\r\nConnection: {'keep-alive' if self.kind == 'keeps' else 'close'}\r\n"
        if self.kind != "writes":
            return f"GET {parts.path} HTTP/1.1\r\n{head}\r\n".encode()
        data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "outage"}, "data": {self.name: str(number)}}
        body = json.dumps(data)
        path = "/api/v1/namespaces/default/configmaps/outage?fieldManager=" + self.name
        return f"PATCH {path} HTTP/1.1\r\n{head}Content-Type: {APPLY}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


async def connected(target: Target, context: ssl.SSLContext) -> Connection:
    """A connection of its own, after TLS."""
    parts = urlsplit(target.url)
    return await asyncio.open_connection(parts.hostname, parts.port, ssl=context)


async def exchange(connection: Connection, request: bytes) -> bool:
    """One request and its whole answer."""
    reader, writer = connection
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next((int(line.split()[1]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0)
    await reader.readexactly(length)
    return head.split()[1] in {"200", "201"}


async def ask(target: Target, number: int, context: ssl.SSLContext) -> None:
    """One question on a connection of its own."""
    asked, good, connection = time.monotonic(), False, None
    with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
        async with asyncio.timeout(LIMIT):
            connection = await connected(target, context)
            good = await exchange(connection, target.request(number))
    target.probes.append((asked, time.monotonic() - asked, good))
    if connection:
        connection[1].transport.abort()


async def ask_each(target: Target, context: ssl.SSLContext, until: float) -> None:
    """Questions, each at its time."""
    began, running = time.monotonic(), set[asyncio.Task[None]]()
    for number in range(int((until - began) / target.every)):
        await asyncio.sleep(max(0.0, began + number * target.every - time.monotonic()))
        task = asyncio.create_task(ask(target, number, context))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)


async def keep(target: Target, context: ssl.SSLContext, until: float) -> None:
    """Questions on one connection, and on another one where that failed."""
    connection: Connection | None = None
    while (asked := time.monotonic()) < until:
        good = False
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(KEPT):
                connection = connection or await connected(target, context)
                good = await exchange(connection, target.request(0))
        target.probes.append((asked, time.monotonic() - asked, good))
        if not good and connection:
            connection[1].transport.abort()
            connection = None
        await asyncio.sleep(max(0.0, asked + target.every - time.monotonic()))


def contexts(kubeconfig: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of one who only asks, and checks no certificate, and of one who writes."""
    asking = ssl.create_default_context()
    asking.check_hostname, asking.verify_mode = False, ssl.CERT_NONE
    return asking, credentials(yaml.safe_load(Path(kubeconfig).read_text()))


def targets(words: list[str]) -> Iterator[Target]:
    """As they were written."""
    for word in words:
        kind, name, url, every = word.split()
        yield Target(kind, name, url, float(every))


async def probe(seconds: float, kubeconfig: str, wanted: list[Target]) -> None:
    """All of them, for so many seconds."""
    asking, writing = contexts(kubeconfig)
    until = time.monotonic() + seconds
    print("ready", flush=True)
    await asyncio.gather(
        *(
            keep(one, asking, until) if one.kind == "keeps" else ask_each(one, writing if one.kind == "writes" else asking, until)
            for one in wanted
        )
    )


def main() -> None:
    """Entry."""
    wanted = list(targets(sys.argv[3:]))
    asyncio.run(probe(float(sys.argv[1]), sys.argv[2], wanted))
    print(json.dumps({one.name: sorted(one.probes) for one in wanted}), flush=True)


if __name__ == "__main__":
    main()
