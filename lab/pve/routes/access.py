"""/access: permissions, users, tokens, roles, ACLs."""

from __future__ import annotations

import re
import uuid
from typing import Any

from lab.pve.access.effective import effective, privileges_on
from lab.pve.access.privileges import BUILT_IN, PRIVILEGES
from lab.pve.access.store import ROOT, Token, User
from lab.pve.errors import bad_parameters, failed
from lab.pve.routes.handler import Request, Routes

#: The paths that an ACL may have, cut to what this estate knows (PVE::AccessControl::check_path).
_NAME = r"[A-Za-z0-9._-]+"
_PATH = re.compile(
    rf"/|/access(/(groups|realm)(/{_NAME})?)?|/(nodes|storage)(/{_NAME})?|/pool(/{_NAME}){{0,3}}|/vms(/[1-9][0-9]{{2,}})?"
    rf"|/sdn|/sdn/zones(/{_NAME}){{0,2}}|/sdn/zones/{_NAME}/{_NAME}/[1-9][0-9]{{0,3}}|/mapping(/{_NAME}){{0,2}}"
)
_OF_USER = "/access/users/{userid}/token"


def _listed(text: str | None) -> list[str]:
    return [part for part in re.split(r"[,;\s]+", text or "") if part]


def permissions(request: Request) -> dict[str, dict[str, int]]:
    """GET permissions: one's own, those of one's tokens, and those of others with Sys.Audit on /access."""
    who = request.get("userid") or request.user
    if request.user not in {who, who.partition("!")[0]}:
        request.rights.require("/access", "Sys.Audit")
    path, access = request.get("path"), request.estate.access
    found = {path: privileges_on(access, who, path)} if path else effective(access, who)
    return {place: {name: int(propagates) for name, propagates in here.items()} for place, here in found.items()}


def users(request: Request) -> list[dict[str, Any]]:
    """GET users: oneself, and everybody for whom may see them."""
    everybody = request.rights.has("/access/groups", "User.Modify", "Sys.Audit", some=True)
    own = request.user.partition("!")[0]
    return [{"userid": name, "enable": int(user.enabled)} for name, user in request.estate.access.users.items() if everybody or name == own]


def create_user(request: Request) -> None:
    """POST users."""
    access, name = request.estate.access, request["userid"]
    if name in access.users:
        raise failed(f"create user failed: user '{name}' already exists")
    with access.changed():
        access.users[name] = User(enabled=request.flag("enable", default=True))


def delete_user(request: Request) -> None:
    """DELETE users/{userid}, with its tokens and ACLs."""
    access, name = request.estate.access, request["userid"]
    _user(request)
    if name == ROOT:
        raise failed("delete user failed: can't delete root@pam")
    with access.changed():
        del access.users[name]
        for entries in access.acl.values():
            for who in [who for who in entries if who.partition("!")[0] == name]:
                del entries[who]


def _user(request: Request) -> User:
    found = request.estate.access.users.get(request["userid"])
    if found is None:
        raise failed(f"no such user ('{request['userid']}')")
    return found


def tokens(request: Request) -> list[dict[str, Any]]:
    """GET a user's tokens; their secrets are told once, when they are made."""
    return [{"tokenid": name, "privsep": int(token.privsep)} for name, token in _user(request).tokens.items()]


def create_token(request: Request) -> dict[str, Any]:
    """POST token/{tokenid}: the only answer that has the secret."""
    user, name = _user(request), request["tokenid"]
    if name in user.tokens:
        raise bad_parameters({"tokenid": "Token already exists."})
    token = Token(str(uuid.uuid4()), request.flag("privsep", default=True))
    with request.estate.access.changed():
        user.tokens[name] = token
    return {"full-tokenid": f"{request['userid']}!{name}", "info": {"privsep": int(token.privsep)}, "value": token.secret}


def delete_token(request: Request) -> None:
    """DELETE token/{tokenid}."""
    user = _user(request)
    if request["tokenid"] not in user.tokens:
        raise failed(f"no such token '{request['tokenid']}' for user '{request['userid']}'")
    with request.estate.access.changed():
        del user.tokens[request["tokenid"]]


def roles(request: Request) -> list[dict[str, Any]]:
    """GET roles, built in or not."""
    return [
        {"roleid": name, "privs": ",".join(sorted(privileges)), "special": int(name in BUILT_IN)}
        for name, privileges in sorted(request.estate.access.roles.items())
    ]


def _privileges(request: Request) -> frozenset[str]:
    named = frozenset(_listed(request.get("privs")))
    for name in sorted(named - PRIVILEGES):
        raise bad_parameters({"privs": f"invalid format - invalid privilege '{name}'\n"})
    return named


def create_role(request: Request) -> None:
    """POST roles."""
    access, name = request.estate.access, request["roleid"]
    if name in access.roles:
        raise failed(f"create role failed: role '{name}' already exists")
    with access.changed():
        access.own_roles[name] = _privileges(request)


def update_role(request: Request) -> None:
    """PUT roles/{roleid}: its privileges are replaced, or added to with `append`."""
    access, name, given = request.estate.access, request["roleid"], _privileges(request)
    _refuse_built_in(request, "modified")
    with access.changed():
        access.own_roles[name] = given | (access.own_roles[name] if request.flag("append") else frozenset())


def delete_role(request: Request) -> None:
    """DELETE roles/{roleid}."""
    _refuse_built_in(request, "deleted")
    with request.estate.access.changed():
        del request.estate.access.own_roles[request["roleid"]]


def _refuse_built_in(request: Request, done: str) -> None:
    name = request["roleid"]
    if name in BUILT_IN:
        raise failed(f"auto-generated role '{name}' cannot be {done}")
    if name not in request.estate.access.own_roles:
        raise failed(f"role '{name}' does not exist")


def acl(request: Request) -> list[dict[str, Any]]:
    """GET acl: where one may change it."""
    return [
        {"path": path, "ugid": who, "type": "token" if "!" in who else "user", "roleid": role, "propagate": int(propagates)}
        for path, entries in sorted(request.estate.access.acl.items())
        if request.rights.has(path, "Permissions.Modify")
        for who, given in entries.items()
        for role, propagates in given.items()
    ]


def change_acl(request: Request) -> None:
    """PUT acl: roles on a path, for users and tokens; with `delete`, they go."""
    access, path = request.estate.access, request["path"].rstrip("/") or "/"
    if not _PATH.fullmatch(path):
        raise bad_parameters({"path": f"invalid ACL path '{request['path']}'"})
    names = [*_listed(request.get("users")), *_listed(request.get("tokens"))]
    if not names:
        raise bad_parameters(dict.fromkeys(("users", "groups", "tokens"), "either 'users', 'groups' or 'tokens' is required."))
    with access.changed():
        for who in names:
            _change_acl(request, access.acl.setdefault(path, {}).setdefault(who, {}))
        access.acl = _pruned(access.acl)


def _change_acl(request: Request, given: dict[str, bool]) -> None:
    for role in _listed(request["roles"]):
        if role not in request.estate.access.roles:
            raise failed(f"role '{role}' does not exist")
        if request.flag("delete"):
            given.pop(role, None)
        else:
            given[role] = request.flag("propagate", default=True)


def _pruned(acl: dict[str, dict[str, dict[str, bool]]]) -> dict[str, dict[str, dict[str, bool]]]:
    kept = {path: {who: roles for who, roles in entries.items() if roles} for path, entries in acl.items()}
    return {path: entries for path, entries in kept.items() if entries}


ROUTES: Routes = {
    ("GET", "/access/permissions"): permissions,
    ("GET", "/access/users"): users,
    ("POST", "/access/users"): create_user,
    ("DELETE", "/access/users/{userid}"): delete_user,
    ("GET", _OF_USER): tokens,
    ("POST", f"{_OF_USER}/{{tokenid}}"): create_token,
    ("DELETE", f"{_OF_USER}/{{tokenid}}"): delete_token,
    ("GET", "/access/roles"): roles,
    ("POST", "/access/roles"): create_role,
    ("PUT", "/access/roles/{roleid}"): update_role,
    ("DELETE", "/access/roles/{roleid}"): delete_role,
    ("GET", "/access/acl"): acl,
    ("PUT", "/access/acl"): change_acl,
}
