"""What /etc/pve/user.cfg holds: users with their tokens, roles, ACLs, pools. On disk after every change, read at start."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab.pve.access.privileges import BUILT_IN

#: The one user who may do everything, always.
ROOT = "root@pam"


@dataclass(slots=True)
class Token:
    """A user's API token. `privsep`: it has ACLs of its own, and never more than the user."""

    secret: str = field(repr=False)
    privsep: bool = True


@dataclass(slots=True)
class User:
    """A user and the tokens by id."""

    enabled: bool = True
    tokens: dict[str, Token] = field(default_factory=dict)


@dataclass(slots=True)
class Pool:
    """A pool and its members."""

    vms: list[int] = field(default_factory=list)
    storages: list[str] = field(default_factory=list)


#: Path -> user or token (USER!TOKEN) -> role -> whether it propagates.
Acl = dict[str, dict[str, dict[str, bool]]]


class Access:
    """The estate's access configuration. Change it only inside `with access.changed():`, which saves when it ends."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.RLock()
        self.users: dict[str, User] = {ROOT: User()}
        self.own_roles: dict[str, frozenset[str]] = {}
        self.acl: Acl = {}
        self.pools: dict[str, Pool] = {}
        self.zones: dict[str, str] = {}  # SDN zone by vnet, of a test's saying
        if file.exists():
            self._load(json.loads(file.read_text(encoding="utf-8")))

    @property
    def roles(self) -> dict[str, frozenset[str]]:
        """Every role, built in or not."""
        return BUILT_IN | self.own_roles

    def token(self, name: str) -> Token | None:
        """The token of `USER!TOKEN`, or None."""
        user, _, token = name.partition("!")
        return self.users[user].tokens.get(token) if user in self.users else None

    def trust(self, credential: str) -> None:
        """Lets a token of the lab's own in, as `USER!TOKEN=SECRET`: all that its user may do, it may."""
        name, _, secret = credential.partition("=")
        user, _, token = name.partition("!")
        with self.changed():
            self.users.setdefault(user, User()).tokens[token] = Token(secret, privsep=False)

    def zone_of(self, bridge: str) -> str:
        """The zone of a vnet, or PVE's name for that of the nodes' own bridges."""
        return self.zones.get(bridge, "localnetwork")

    def forget_vm(self, vm_id: int) -> None:
        """What PVE does when a VM is destroyed: its ACLs and its place in a pool go (PVE::AccessControl::remove_vm_access)."""
        with self.changed():
            self.acl.pop(f"/vms/{vm_id}", None)
            for pool in self.pools.values():
                pool.vms = [one for one in pool.vms if one != vm_id]

    @contextmanager
    def changed(self) -> Iterator[None]:
        """Holds the configuration for a change."""
        with self._lock:
            yield
            self._save()

    def _load(self, saved: dict[str, Any]) -> None:
        for name, user in saved["users"].items():
            tokens = {token: Token(**described) for token, described in user["tokens"].items()}
            self.users[name] = User(user["enabled"], tokens)
        self.own_roles = {name: frozenset(privileges) for name, privileges in saved["roles"].items()}
        self.acl = saved["acl"]
        self.pools = {name: Pool(**pool) for name, pool in saved["pools"].items()}

    def _save(self) -> None:
        saved = {
            "users": {name: asdict(user) for name, user in self.users.items()},
            "roles": {name: sorted(privileges) for name, privileges in self.own_roles.items()},
            "acl": self.acl,
            "pools": {name: asdict(pool) for name, pool in self.pools.items()},
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(saved, stream)
        fresh.replace(self._file)
