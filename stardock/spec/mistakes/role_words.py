"""What is said of a pool's role and name where they lack or are no word of ours. No example: a role that was not meant founds etcd."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stardock.spec.mistakes.foreign import VALUES, plain

ROLES = ("server", "agent", "loadbalancer")
EACH = "`server` (etcd and the control plane), `agent` (runs workloads) or `loadbalancer` (holds the VIP)"
#: Names say too little, or another thing in a name than as a role: `web-servers`, `nodes`, `proxies`.
_VAGUE = frozenset({"node", "nodes", "compute", "single", "proxy", "manager", "minion", "minions", "slave", "kubelet"})
_AFFIXES = re.compile(r"^(?:rke2|k3s|k8s|kube|kubernetes)_|_(?:nodes?|pool|machines?|vms?|role)$")


def role_of(word: str) -> str | None:
    """The role that a word of another tool means: `k3s_agent`, `kube_control_plane`, `worker-nodes`."""
    found = plain(word)
    while found not in VALUES and found not in ROLES and (shorter := _AFFIXES.sub("", found)) != found:
        found = shorter
    meant = VALUES.get(found, found)
    return meant if meant in ROLES else None


def missing_role(pool: object) -> str:
    """For a pool without `role`: what its own words tell, else what each role is."""
    told = set(_told(pool)) if isinstance(pool, Mapping) else set()
    return f"add `role: {told.pop()}`" if len(told) == 1 else f"add `role: ` with {EACH}"


def missing_name(pool: object) -> str:
    """For a pool without `name`."""
    role = role_of(str(pool.get("role"))) if isinstance(pool, Mapping) else None
    return f"add `name: {role}s`, or another name that no other pool has" if role else "add `name: NAME`, one that no other pool has"


def _told(pool: Mapping[object, object]) -> Iterator[str]:
    """Roles that the names of a pool and of its machines tell; a server only by a whole name, an agent also by a part of one."""
    machines = pool.get("machines")
    names = [pool.get("name"), pool.get("pattern"), *(machines if isinstance(machines, list) else [machines])]
    for name in (name.get("name") if isinstance(name, Mapping) else name for name in names):
        word = re.sub(r"[_0-9]+$", "", plain(str(name or "").replace("{n}", "")))
        whole = role_of(word)
        if whole and word not in _VAGUE:
            yield whole
        elif {"agent", "agents", "worker", "workers"} & set(word.split("_")):
            yield "agent"
