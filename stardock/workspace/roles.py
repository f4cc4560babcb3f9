"""What lock and cluster.yaml call a machine against what was observed: a server that founded the cluster is no other machine's role."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.errors import InputErrors
from stardock.model.machine import Role
from stardock.spec.places import at
from stardock.workspace.lock import refuse_lock
from stardock.workspace.workspace import Workspace


def refuse_other_roles(where: Workspace) -> None:
    """Raise `InputErrors` for founded servers that are something else in the lock, or in cluster.yaml where the lock has none of the name.

    A server that was destroyed since, and whose name another machine bears, has not its host keys any more (`runner discover`).
    """
    other = dict(_other_roles(where))
    locked = where.lock_before.machines if where.lock_before else {}
    refuse_lock(
        where.files.lock, [(("machines", name, "record", "role"), _words(name, role)) for name, role in other.items() if name in locked]
    )
    new = [at(where.spec, ("pools",), _words(name, role), _CURE.format(name)) for name, role in other.items() if name not in locked]
    if new:
        raise InputErrors(str(where.files.spec), tuple(new))


_CURE = "list {} in a pool of servers; a machine of another role needs another name"


def _other_roles(where: Workspace) -> Iterator[tuple[str, Role]]:
    facts, names = where.facts, {*(member.name for member in where.plan.members), *where.plan.removed}
    founded = facts.founded.servers if facts.founded else {}
    same = [name for name, keys in founded.items() if name in facts.machines and set(keys) & set(facts.machines[name].host_keys)]
    hosts: dict[str, Role] = {host.name: host.role for host in where.plan.hosts}
    for name in names.intersection(same):
        role = hosts.get(name) or where.lock.machines[name].record.role
        if role != "server":
            yield name, role


def _words(name: str, role: Role) -> str:
    return f"{name} is called {role} here, and it is a server of the founded cluster: the facts hold its host key from the founding"
