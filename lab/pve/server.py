"""Serves the emulated PVE over TLS."""

from __future__ import annotations

import threading
from asyncio import new_event_loop
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from lab.pve.keys import ensure_tls
from lab.settings import LabSettings


async def serve(app: web.Application, settings: LabSettings) -> web.AppRunner:
    """Listens where `settings.endpoint` says, with a certificate of the lab's own authority (<directory>/ca.pem).

    Returns once it listens; `await runner.cleanup()` ends it. Raises OSError when the address is taken.
    """
    endpoint = urlsplit(settings.endpoint)
    host, port = endpoint.hostname or "127.0.0.1", endpoint.port or 8006
    names = dict.fromkeys(
        [host, "localhost", "127.0.0.1", *(node.address for node in settings.pve_nodes), *(n.name for n in settings.pve_nodes)]
    )
    context = ensure_tls(Path(settings.directory), list(names)).context()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port, ssl_context=context).start()
    return runner


@contextmanager
def serving(app: web.Application, settings: LabSettings) -> Iterator[None]:
    """The same in a thread, for as long as the block runs."""
    loop = new_event_loop()
    runner = loop.run_until_complete(serve(app, settings))
    thread = threading.Thread(target=loop.run_forever, name="pve", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(runner.cleanup())
        loop.close()
