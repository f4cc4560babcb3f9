"""Which privileges somebody has on a path: roles along it, propagation, pools, NoAccess, and what a token may have of its user's."""

from __future__ import annotations

from collections.abc import Iterator

from lab.pve.access.privileges import PRIVILEGES
from lab.pve.access.store import ROOT, Access

NO_ACCESS = "NoAccess"


def privileges_on(access: Access, who: str, path: str) -> dict[str, bool]:
    """Privilege -> whether it propagates. `who` is a user or `USER!TOKEN`; nobody has any privilege that no role gives."""
    user, _, token = who.partition("!")
    if who == ROOT:
        return dict.fromkeys(PRIVILEGES, True)
    if not token:
        return _granted(access, who, path) if who in access.users else {}
    known = access.token(who)
    if known is None:
        return {}
    owned = privileges_on(access, user, path)
    if not known.privsep:
        return owned
    return {name: propagates and owned[name] for name, propagates in _granted(access, who, path).items() if name in owned}


def effective(access: Access, who: str) -> dict[str, dict[str, bool]]:
    """As GET /access/permissions tells it without a path: top-level paths, those with an ACL, pools' members; where there are any."""
    paths = {"/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms", *access.acl}
    for pool in access.pools.values():
        paths |= {f"/vms/{vm_id}" for vm_id in pool.vms} | {f"/storage/{name}" for name in pool.storages}
    found = {path: privileges_on(access, who, path) for path in sorted(paths)}
    return {path: privileges for path, privileges in found.items() if privileges}


def _granted(access: Access, who: str, path: str) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for role, propagates in _roles(access, who, path).items():
        for privilege in access.roles.get(role, ()):
            found[privilege] = found.get(privilege, False) or propagates
    return found


def _roles(access: Access, who: str, path: str) -> dict[str, bool]:
    """The roles of the path itself and those that pools give their members; NoAccess on either leaves nothing."""
    roles = _along(access, who, path)
    if NO_ACCESS in roles:
        return {}
    pooled = _from_pools(access, who, path)
    return {} if NO_ACCESS in pooled else dict.fromkeys(pooled, False) | roles


def _along(access: Access, who: str, path: str) -> dict[str, bool]:
    """What stands deepest replaces what stands above it; above the path itself only what propagates counts."""
    roles: dict[str, bool] = {}
    for place in _places(path):
        here = access.acl.get(place, {}).get(who, {})
        roles = {role: propagates for role, propagates in here.items() if propagates or place == path} or roles
    return roles


def _places(path: str) -> Iterator[str]:
    yield "/"
    parts = [part for part in path.split("/") if part]
    yield from ("/" + "/".join(parts[:count]) for count in range(1, len(parts) + 1))


def _from_pools(access: Access, who: str, path: str) -> set[str]:
    kind, _, name = path.strip("/").partition("/")
    member = {"vms": lambda pool: name.isdigit() and int(name) in pool.vms, "storage": lambda pool: name in pool.storages}.get(kind)
    pools = [pool for pool, content in access.pools.items() if member and member(content)]
    return {role for pool in pools for role in _along(access, who, f"/pool/{pool}")}
