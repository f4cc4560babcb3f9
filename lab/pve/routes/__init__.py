"""The emulated routes: (method, path template) -> handler. Handlers run in threads, after the parameters were checked."""

from __future__ import annotations

from lab.pve.routes import access, agent, cluster, console, content, ha, mapping, migrate, nodes, pools, qemu, status, tasks, ticket
from lab.pve.routes.handler import Handler, Request

__all__ = ["HANDLERS", "Handler", "Request"]

#: All of them; a route that the schema has and this table lacks is answered 501, too.
HANDLERS: dict[tuple[str, str], Handler] = {
    key: handler
    for module in (access, agent, cluster, console, content, ha, mapping, migrate, nodes, pools, qemu, status, tasks, ticket)
    for key, handler in module.ROUTES.items()
}
