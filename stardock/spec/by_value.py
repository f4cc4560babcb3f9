"""Unknown keys whose cure depends on what stands behind them."""

from __future__ import annotations

from typing import Any

from stardock.distributions import DEFAULT, of_release
from stardock.spec.foreign_root import BY_POOL, UNDER_POOLS, VERSION, VIP
from stardock.spec.keypath import Keys
from stardock.spec.maintenance import EVERY_DAY
from stardock.spec.mistakes import cures, foreign, mapping_for_list, pve_config, role_words
from stardock.spec.mistakes.flow import LONGEST, flow, pairs
from stardock.spec.mistakes.mapping_for_list import Texts
from stardock.spec.pools import Machine, Pool
from stardock.spec.sections import section_at

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
    word, meant = foreign.plain(key), foreign.of_key(section, key)
    if section in {"Pool", "Machine"} and (
        said := _of_a_machine(section, word, value) or pve_config.cure(key, value, of_pool=section == "Pool")
    ):
        return said
    if section == "Interface" and (said := pve_config.in_a_nic(key, value)):
        return said
    if word == "ip_config" and isinstance(value, dict) and (nic := _ip_config(value)):
        return f"write {nic}" if section == "Interface" else f"{pve_config.FIRST}: write interfaces: [{{{nic}}}]"
    if meant is None and isinstance(value, dict) and (inner := mapping_for_list.beside(section_at(at[:-1]), value, at, texts)):
        return f"write what it holds without it, beside the other keys: {inner}"
    of_section = {"Interface": _of_a_nic, "Network": _of_network, "Maintenance": _of_maintenance, "Spec": _of_the_root}.get(section)
    return of_section(word, meant, value, at, texts) if of_section else None


def _of_a_nic(word: str, _meant: str | None, value: Any, _at: Keys, _texts: Texts) -> str | None:
    return "write dhcp: true" if word in {"ip", "address", "addresses", "ipconfig"} and str(value).lower() in _DHCP else None


def _of_network(word: str, meant: str | None, value: Any, at: Keys, texts: Texts) -> str | None:
    if word in {"interface", "interfaces", "nics"} and isinstance(value, list) and value and isinstance(value[0], dict):
        nics = flow(value, at, texts)
        return f"NICs belong under their role: write agent: {nics}, and likewise server and loadbalancer" if nics else None
    told = cures.virtual_ip(value) if meant in {"vip", VIP} and isinstance(value, str) else None
    return told and (told if cures.ITSELF_AS_NAME in told else f"write network: {{vip: {told.removeprefix('write ')}}}")


def _of_maintenance(word: str, _meant: str | None, value: Any, _at: Keys, _texts: Texts) -> str | None:
    days = _days(value) if word in {"days", "weekdays"} else ""
    return f"delete it: windows are daily; days are kured's: write kured: {{days: [{days}]}}" if days else None


def _of_the_root(word: str, meant: str | None, value: Any, at: Keys, texts: Texts) -> str | None:
    if word == "backend" and isinstance(value, dict) and len(value) == 1:
        return _backend(value, at, texts)
    if meant == VERSION and isinstance(value, str) and (named := of_release(value)):
        return f"write distribution: {{{'' if named is DEFAULT else f'name: {named.name}, '}version: {value}}}"
    role = next((role for role, said in BY_POOL.items() if meant == said), None)
    return pool_elsewhere(role, value, at, texts) if role else _of_network(word, meant, value, at, texts) if meant == VIP else None


def _ip_config(value: dict[str, Any]) -> str | None:
    """`{ipv4: {address: 192.0.2.5/24, gateway: 192.0.2.1}}` of the bpg provider."""
    own = value.get("ipv4")
    own = own[0] if isinstance(own, list) and own else own
    said = str(own.get("address", "")) if isinstance(own, dict) else ""
    if said.lower() in _DHCP:
        return "dhcp: true"
    address, _, bits = said.partition("/")
    if not isinstance(own, dict) or not cures.address_of(said):
        return None
    gateway = f", gateway: {own['gateway']}" if cures.address_of(own.get("gateway")) else ""
    return f"static: {{base: {address}, prefix: {bits or 24}{gateway}}}"


def _days(value: Any) -> str:
    """As kured takes them; empty where one is none."""
    days = [foreign.of_value(str(one), list(EVERY_DAY)) or "" for one in (value if isinstance(value, list) else [value])]
    return ", ".join(days) if all(days) else ""


def _backend(value: dict[str, Any], at: Keys, texts: Texts) -> str | None:
    """`{s3: {bucket: ...}}`, as a block of Terraform's."""
    ((name, settings),) = value.items()
    said = pairs(settings, (*at, name), texts) if isinstance(settings, dict) else None
    return f"it belongs to `state`: write state: {{backend: {name}{f', {said}' if said else ''}}}" if said is not None else None


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
