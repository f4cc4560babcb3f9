"""The check that the schema publishes with each method (`permissions`), before a handler sees the request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.pve.access.rights import Rights
from lab.pve.errors import PveError, forbidden

Check = Sequence[Any]
Parameters = Mapping[str, str]

#: What may change an ACL below these paths, beside Permissions.Modify.
_OWNERS = {"storage": "Datastore.Allocate", "vms": "VM.Allocate", "pool": "Pool.Allocate"}


def permit(rights: Rights, permissions: Mapping[str, Any] | None, parameters: Parameters) -> None:
    """Raises PveError (403) for a request that its method's declaration refuses. Without a declaration, a method is root@pam's."""
    if rights.is_root:
        return
    if not permissions:
        raise forbidden("user != root@pam")
    if permissions.get("user") not in {"all", "world"}:
        _evaluate(rights, permissions["check"], parameters)


def _evaluate(rights: Rights, check: Check, parameters: Parameters) -> None:
    _TESTS[check[0]](rights, check, parameters)


def _and(rights: Rights, check: Check, parameters: Parameters) -> None:
    for one in check[1:]:
        _evaluate(rights, one, parameters)


def _or(rights: Rights, check: Check, parameters: Parameters) -> None:
    for one in check[1:]:
        try:
            return _evaluate(rights, one, parameters)
        except PveError:
            continue
    raise forbidden()


def _perm(rights: Rights, check: Check, parameters: Parameters) -> None:
    options = dict(zip(check[3::2], check[4::2], strict=True))
    rights.require(filled(check[1], parameters), *check[2], some=bool(options.get("any")))


def _perm_modify(rights: Rights, check: Check, parameters: Parameters) -> None:
    path = filled(check[1], parameters)
    kind, _, name = path.strip("/").partition("/")
    owner = [_OWNERS[kind]] if name and kind in _OWNERS else []
    rights.require(path, "Permissions.Modify", *owner, some=True)


def _userid_param(rights: Rights, check: Check, parameters: Parameters) -> None:
    user = parameters.get("userid", "")
    if check[1] == "Realm.AllocateUser":
        rights.require(f"/access/realm/{user.rpartition('@')[2]}", "Realm.AllocateUser")
    elif rights.who != user:
        raise forbidden()


def _userid_group(rights: Rights, check: Check, _: Parameters) -> None:
    """There are no groups here: only who has it on all of them has it."""
    rights.require("/access/groups", *check[1], some=True)


_TESTS: dict[str, Callable[[Rights, Check, Parameters], None]] = {
    "and": _and,
    "or": _or,
    "perm": _perm,
    "perm-modify": _perm_modify,
    "userid-param": _userid_param,
    "userid-group": _userid_group,
}


def filled(template: str, parameters: Parameters) -> str:
    """A path template with the request's parameters in it."""
    return re.sub(r"\{([\w-]+)\}", lambda found: parameters.get(found[1], ""), template)
