"""What the emulated PVE refuses, with the real one's codes. Its words stand in the HTTP reason phrase, as on a real host.

Wordings are PVE's own where its source was read (qemu-server, pve-storage, pve-common of August 2026); clients match on them.
"""

from __future__ import annotations

from collections.abc import Mapping

BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
SERVER_ERROR = 500
NOT_IMPLEMENTED = 501


class PveError(Exception):
    """An answer other than 200. `errors` maps a parameter's name to what is wrong with it, as PVE's body does."""

    def __init__(self, code: int, reason: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.errors = dict(errors or {})


class TaskError(Exception):
    """A task that started and failed: HTTP said 200 and gave a UPID, the task's exit status says this."""


def bad_parameters(errors: Mapping[str, str]) -> PveError:
    """PVE's raise_param_exc: 400, one message a parameter."""
    return PveError(BAD_REQUEST, "Parameter verification failed.", errors)


def failed(reason: str) -> PveError:
    """A `die` before any task was started: 500 with its words."""
    return PveError(SERVER_ERROR, reason)


def not_implemented(method: str, path: str) -> PveError:
    """A path or method that PVE does not have."""
    return PveError(NOT_IMPLEMENTED, f"Method '{method} {path}' not implemented")


def unauthorized(reason: str) -> PveError:
    """401; PVE answers it three seconds late."""
    return PveError(UNAUTHORIZED, reason)


def forbidden(what: str = "") -> PveError:
    """PVE's raise_perm_exc: 403, with the path and the privilege that are missing where it tells them."""
    return PveError(FORBIDDEN, f"Permission check failed ({what})" if what else "Permission check failed")


def no_such_vm(node: str, vm_id: int) -> PveError:
    """The words that clients read as "gone"."""
    return failed(f"Configuration file 'nodes/{node}/qemu-server/{vm_id}.conf' does not exist")
