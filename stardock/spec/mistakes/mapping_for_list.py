"""A mapping where a list belongs: names with what they are (`{pve1: 192.0.2.10}`), one item without its dash, a list one level too deep."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from stardock.spec.keypath import Keys
from stardock.spec.mistakes import cures, foreign, renamed, role_words
from stardock.spec.mistakes.flow import LONGEST, flow, pairs
from stardock.spec.section import Section
from stardock.spec.sections import section_at

Texts = Mapping[Keys, str]

#: Section -> the key of one value that stands behind a name.
_BEHIND_A_NAME = {"PveNode": "address", "DataDisk": "size", "Interface": "bridge", "Machine": "pve_node"}
#: Sections of which a name alone may be in a list.
_NAME_ALONE = frozenset({"PveNode", "Machine"})
#: More items than a cure has room for.
_MANY = 20
_GENERIC = "begin each item with `- `"


def cure(error: ErrorDetails, texts: Texts) -> str:
    """What list was meant."""
    given, at = error["input"], tuple(error["loc"])
    section = section_at(at)
    items = _taints(given) if at[-1] == "taints" else _words(given, at, texts) if section is None else _items(section, given, at, texts)
    if items is None:
        return _GENERIC
    effect = ", or another effect" if at[-1] == "taints" else ""
    whole = f"write [{', '.join(items)}]{effect}"
    return whole if len(whole) <= LONGEST else f"write a list of such items: [{items[0]}, ...]"


def _taints(given: Mapping[str, Any]) -> list[str] | None:
    plain = all(value is None or isinstance(value, str | int) for value in given.values())
    return [f"{key}={value}:NoSchedule" if value is not None else f"{key}:NoSchedule" for key, value in given.items()] if plain else None


def _words(given: Mapping[str, Any], at: Keys, texts: Texts) -> list[str] | None:
    """Names with a number or a yes behind each; a list inside; one word under a key of its own."""
    inner = next(iter(given.values()), None)
    if len(given) == 1 and isinstance(inner, list | str):
        one = flow(inner, (*at, next(iter(given))), texts)
        return None if one is None else [one[1:-1]] if isinstance(inner, list) else [one]
    if any(isinstance(value, dict | list | str) for value in given.values() if value):
        return None
    return [name for name, value in given.items() if value is not False] or None


def _items(section: type[Section], given: Mapping[str, Any], at: Keys, texts: Texts) -> list[str] | None:
    if _is_one(section, given):
        one = flow(given, at, texts)
        return None if one is None else [one]
    found = [item(section, name, value, (*at, name), texts) for name, value in list(given.items())[:_MANY]]
    written = [one for one in found if one is not None]
    return written if written and len(written) == len(found) else None


def _is_one(section: type[Section], given: Mapping[str, Any]) -> bool:
    """Whether its keys are those of an item, rather than names of items."""
    if all(key in section.model_fields for key in given):
        return True
    if section.__name__ == "Pool" and any(role_words.role_of(key) for key in given):
        return False
    known = all(key in section.model_fields or foreign.of_key(section.__name__, key) for key in given)
    return known and any(isinstance(value, str | int) for value in given.values())


def item(section: type[Section], name: str, value: Any, at: Keys, texts: Texts) -> str | None:
    """`{name: NAME, ...}` of a name and what stands behind it."""
    behind = _behind(section, name, value, at, texts)
    if behind is None:
        return None
    role = role_words.role_of(name) if section.__name__ == "Pool" and not (isinstance(value, dict) and "role" in value) else None
    key = next(key for key in ("mapping", "registry", "name") if key in section.model_fields)
    said = [f'{key}: "*"' if name == "*" else f"{key}: {name}", *([f"role: {role}"] if role else []), *([behind] if behind else [])]
    return name if len(said) == 1 and section.__name__ in _NAME_ALONE else "{" + ", ".join(said) + "}"


def beside(section: type[Section] | None, given: Mapping[str, Any], at: Keys, texts: Texts) -> str | None:
    """Keys of that section that stand one level too deep, in a mapping of another name; None where one is no key of it."""
    if section is None or not given or not all(key in section.model_fields or _is_word(section, key) for key in given):
        return None
    said = [_pair(section, key, inner, (*at, key), texts) for key, inner in given.items()]
    written = ", ".join(one for one in said if one)
    return written if all(said) and len(written) <= LONGEST else None


def _is_word(section: type[Section], key: str) -> bool:
    return " " not in (foreign.of_key(section.__name__, key) or " ")


def named_item(error: ErrorDetails, texts: Texts) -> str | None:
    """The item of a list that is `{NAME: SETTINGS}`, as `{name: NAME, ...}`; None where the error is no missing name of such an item."""
    given, at = error["input"], tuple(error["loc"])
    if error["type"] != "missing" or at[-1] not in {"name", "mapping"} or not isinstance(given, dict) or len(given) != 1:
        return None
    section, (name, value) = section_at(at[:-1]), next(iter(given.items()))
    if section is None or name in section.model_fields:
        return None
    named = isinstance(value, dict) or not foreign.of_key(section.__name__, name)
    if not named and not (section.__name__ == "Pool" and role_words.role_of(name)):
        return None
    return item(section, name, value, (*at[:-1], name), texts)


def _behind(section: type[Section], name: str, value: Any, at: Keys, texts: Texts) -> str | None:
    """What is said of the name, without braces; empty where it is the name alone."""
    if not value and not isinstance(value, bool | int):
        return ""
    if isinstance(value, dict):
        said = [_pair(section, key, inner, (*at, key), texts) for key, inner in value.items()]
        if section.__name__ == "Pool" and type(value.get("count")) is int and not {"pattern", "machines"} & set(value):
            said.append(counted(name, value["count"]).partition(", ")[2])
        return ", ".join(one for one in said if one) if all(said) else None
    if section.__name__ == "Pool":
        return (
            counted(name, value) if isinstance(value, int) and not isinstance(value, bool) else pairs({"machines": value}, at[:-1], texts)
        )
    if section.__name__ == "User" and (isinstance(value, list) or " AAAA" in str(value) or str(value).endswith(".pub")):
        return pairs({"keys": value if isinstance(value, list) else [value]}, at[:-1], texts)
    return _one_behind(section.__name__, value, texts.get(at))


def _one_behind(kind: str, value: Any, text: str | None) -> str | None:
    if isinstance(value, list) or kind not in _BEHIND_A_NAME:
        return None
    if kind == "Machine" and cures.address_of(value):
        return f"addresses: {{ens18: {cures.address_of(value)}}}"
    return renamed.pair(_BEHIND_A_NAME[kind], value, text)


def counted(name: str, count: int) -> str:
    """`count` and `pattern` of a pool whose machines have no names yet; of a plural, the singular."""
    return f'count: {count}, pattern: "{re.sub("s$", "", name)}{{n}}"'


def _pair(section: type[Section], key: str, value: Any, at: Keys, texts: Texts) -> str | None:
    """`KEY: VALUE` with the key as it is called here."""
    called = key if key in section.model_fields else foreign.of_key(section.__name__, key) or key
    whole = re.fullmatch(r"write (\w+: .*[}\]])", called)
    if whole and isinstance(value, str | int):
        return foreign.filled(whole[1], texts.get(at) or str(value))
    if " " not in called and isinstance(value, str | int) and (called != key or key in renamed.FORMS):
        return renamed.pair(called, value, texts.get(at))
    return pairs({key: value}, at[:-1], texts)
