"""Unknown keys whose cure depends on what stands behind them."""

from __future__ import annotations

from typing import Any

from stardock.distributions.release import release
from stardock.spec.foreign_root import BY_POOL, UNDER_POOLS, VERSION
from stardock.spec.keypath import Keys
from stardock.spec.mistakes import cures, foreign, mapping_for_list, pve_config, role_words
from stardock.spec.mistakes.flow import LONGEST, flow
from stardock.spec.mistakes.mapping_for_list import Texts
from stardock.spec.pools import Machine, Pool

#: Words by which other tools let a thing go, and those by which they let it be.
_GONE = frozenset({"state", "ensure", "remove", "removed", "delete", "deleted", "absent", "destroy", "disabled", "decommissioned"})
_THERE = frozenset({"enabled", "present", "active"})
_GOES = "a machine goes by its name: take it out of its pool, and write `remove: [NAME]` on the first level (docs/take-down.md)"
_STAYS = "delete it: what is named here is wanted"
_WANTED = frozenset({"present", "started", "running", "active"})
_DHCP = frozenset({"dhcp", "dhcp4", "auto"})
_PLURALS = {"server": "server", "agent": "agent", "loadbalancer": "lb"}


def cure(section: str, key: str, value: Any, at: Keys, texts: Texts) -> str | None:
    """The whole cure; None where the value tells nothing."""
    word = foreign.plain(key)
    if section in {"Pool", "Machine"}:
        return _of_a_machine(section, word, value) or pve_config.cure(key, value, of_pool=section == "Pool")
    if section == "Interface" and word in {"ip", "address", "addresses", "ipconfig"} and str(value).lower() in _DHCP:
        return "write dhcp: true"
    if section == "Spec" and foreign.of_key(section, key) == VERSION and isinstance(value, str) and release(value):
        return f"write distribution: {{version: {value}}}"
    if section == "Spec" and (role := next((role for role, said in BY_POOL.items() if foreign.of_key(section, key) == said), None)):
        return pool_elsewhere(role, value, at, texts)
    return None


def _of_a_machine(section: str, word: str, value: Any) -> str | None:
    if word in _GONE | _THERE:
        off = str(value).lower() in {"absent", "stopped", "deleted", "removed"} or cures.switch(value) is (word in _GONE)
        return _GOES if off and str(value).lower() not in _WANTED else _STAYS
    return _GOES if section == "Machine" and word in {"count", "replicas"} and value == 0 else None


def pool_elsewhere(role: str, value: Any, at: Keys, texts: Texts) -> str | None:
    """The pool that stands on the first level under a word for its role, with its machines."""
    singular = _PLURALS[role]
    if type(value) is int and value > 0:
        pools = f"{{name: {singular}s, role: {role}, {mapping_for_list.counted(singular, value)}}}"
    elif isinstance(value, list) and value and all(isinstance(one, dict) and {"count", "name"} <= set(one) for one in value):
        pools = ", ".join(
            f"{{name: {one['name']}, role: {role}, {mapping_for_list.counted(str(one['name']), one['count'])}}}" for one in value[:3]
        )
    else:
        machines = _machines(value, at, texts)
        pools = f"{{name: {singular}s, role: {role}, machines: [{machines}]}}" if machines else ""
    cure = f"{UNDER_POOLS}: write pools: [{pools}], and the other pools beside it"
    return cure if pools and len(pools) <= LONGEST and role in role_words.ROLES else None


def _machines(value: Any, at: Keys, texts: Texts) -> str | None:
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        named = [(str(one.get("name") or one.get("hostname") or ""), one) for one in value[:20]]
        rest = [(name, {key: inner for key, inner in one.items() if key not in {"name", "hostname"}}) for name, one in named]
        items = [mapping_for_list.item(Machine, name, one, at, texts) if name else None for name, one in rest]
    elif isinstance(value, dict) and not any(key in Pool.model_fields or foreign.of_key("Pool", key) for key in value):
        items = [mapping_for_list.item(Machine, name, one, (*at, name), texts) for name, one in list(value.items())[:20]]
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        items = [flow(one, (*at, i), texts) for i, one in enumerate(value[:20])]
    else:
        return None
    return ", ".join(one for one in items if one) if items and all(items) else None
