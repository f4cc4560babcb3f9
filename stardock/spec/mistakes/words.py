"""pydantic's errors in words for people: what is wrong at which key, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from pydantic_core import ErrorDetails

from stardock.errors import Problem
from stardock.nearest import nearest
from stardock.spec import private_key
from stardock.spec.keypath import Keys, nearest_line, path_text
from stardock.spec.maintenance import EVERY_DAY
from stardock.spec.mistakes import cures, foreign, mapping_for_list, mapping_for_value, role_words, slips, times, value_for_mapping
from stardock.spec.mistakes.unknown_keys import fallen_out, means, unknown_key
from stardock.spec.section import RULE
from stardock.spec.sections import section_at
from stardock.spec.units import shown

#: A cure of more than a line.
_LONG = 100

#: What to add when a key is missing. By key path without list positions.
EXAMPLES = {
    "cluster": "cluster: production",
    "proxmox": "proxmox: {endpoint: https://HOST:8006, nodes: [pve1]}",
    "proxmox.endpoint": "endpoint: https://HOST:8006",
    "proxmox.nodes": "nodes: [pve1]",
    "proxmox.nodes.name": "name: pve1",
    "image.system": "system: debian",
    "pools.image.system": "system: debian",
    "pools": "pools: [{name: servers, role: server, machines: [server1]}]",
    "ssh": "ssh: {keys: [id_ed25519.pub]}",
    "ssh.keys": "keys: [id_ed25519.pub]",
    "cloud_init.users.name": "name: admin",
    "pools.data_disks.name": "name: data",
    "pools.machines.data_disks.name": "name: data",
    "pools.machines.name": "name: NAME",
}

#: The same where it depends on the pool.
_OF_A_POOL = {"pools.name": role_words.missing_name, "pools.role": role_words.missing_role}

#: error type of pydantic -> what the value is not, and the cure
_KINDS: Mapping[str, tuple[str, str | Callable[[object], str] | None]] = {
    "string_type": ("text", 'put it in quotes: "{}"'),
    "int_type": ("a whole number", cures.whole),
    "int_from_float": ("a whole number", cures.whole),
    "int_parsing_size": ("a number that small", None),
    "bool_type": ("true or false", cures.flag),
    "dict_type": ("a mapping", cures.mapping),
}


#: The same of numbers of one key.
_OF_KEYS: Mapping[str, Callable[[object], str]] = {"offset": cures.offset, "mtu": cures.mtu}


def problems_of(errors: list[ErrorDetails], lines: Mapping[Keys, int], texts: Mapping[Keys, str]) -> list[Problem]:
    """One problem an error, in the order of the file; what only follows from another error is left out."""
    beside: dict[Keys, list[ErrorDetails]] = {}
    for error in errors:
        beside.setdefault(error["loc"][:-1], []).append(error)
    named = {error["loc"][:-1]: error["loc"] for error in errors if mapping_for_list.named_item(error, texts)}
    first = [error for error in errors if all(named.get(error["loc"][:end]) in {None, error["loc"]} for end in range(len(error["loc"])))]
    found = [_problem(error, errors, lines, texts) for error in first if not _follows(error, errors, beside)]
    return _said_once(sorted(found, key=lambda problem: problem.line or 0))


def _said_once(problems: list[Problem]) -> list[Problem]:
    """A long cure is told at the first of the places that have it."""
    first: dict[tuple[str, str], str] = {}
    told = []
    for one in problems:
        place = first.setdefault((one.message, one.cure or ""), one.path)
        repeated = place != one.path and len(one.cure or "") > _LONG
        told.append(replace(one, cure=f"as of {place}") if repeated else one)
    return told


def _follows(error: ErrorDetails, errors: list[ErrorDetails], beside: Mapping[Keys, list[ErrorDetails]]) -> bool:
    """A default that depends on a wrong key; a list that is empty without its wrong items; a missing key that a misspelt one means."""
    kind, loc = error["type"], error["loc"]
    if kind == "too_short":
        return any(other["loc"][: len(loc)] == loc and len(other["loc"]) > len(loc) for other in errors)
    if kind == "missing":
        return any(means(other, loc) for other in beside[loc[:-1]])
    if error["input"] is None and len(loc) == 1:
        return any(fallen_out(other, errors) == loc[0] for other in errors)
    return kind == "default_factory_not_called"


def _problem(error: ErrorDetails, errors: list[ErrorDetails], lines: Mapping[Keys, int], texts: Mapping[Keys, str]) -> Problem:
    keys: Keys = tuple(error["loc"])
    message, cure = _said(error, texts)
    section = fallen_out(error, errors)
    if section:
        cure = f"indent it by two spaces: it belongs under `{section}:`"
    if error["type"] != "missing":
        keys = next((keys[:end] for end in range(len(keys), 0, -1) if keys[:end] in lines), keys)
    return Problem(message, path=path_text(keys), line=nearest_line(keys, lines), cure=cure)


def message_of(error: ErrorDetails) -> str:
    """What is wrong, without a cure: that of a file which nobody writes by hand is another."""
    return _said(error, {})[0]


def _said(error: ErrorDetails, texts: Mapping[Keys, str]) -> tuple[str, str | None]:
    """Message and cure; `texts` are numbers and booleans as they stand in the file."""
    kind = error["type"]
    if kind == "missing":
        return _missing(error, texts)
    given = error["input"]
    if kind != RULE and isinstance(given, str) and private_key.MARK in given:
        return private_key.HERE
    if kind == "extra_forbidden":
        return slips.of_value(str(error["loc"][-1])) or unknown_key(error, texts)
    return (slips.of_value(given, _key(error)) if isinstance(given, str) else None) or _value(kind, error, texts)


def _key(error: ErrorDetails) -> str:
    """The key itself; empty for an item of a list, and for a field of the lock, which is read by itself, without a place."""
    last = error["loc"][-1] if error["loc"] else ""
    return last if isinstance(last, str) else ""


def _value(kind: str, error: ErrorDetails, texts: Mapping[Keys, str]) -> tuple[str, str | None]:  # noqa: PLR0911  a kind each
    """What is wrong with a value; a number or a boolean is shown as it is in the file."""
    given, text = error["input"], texts.get(tuple(error["loc"]))
    if given is None:
        return _empty(error)
    nested = mapping_for_value.cure(error, texts) if kind not in _OF_MANY else None
    if kind == RULE:
        said = error["ctx"]["message"], error["ctx"]["cure"]
        whole = said[0].startswith(shown(given)) and bool(_key(error))
        example = isinstance(given, dict) or (isinstance(given, list) and ("for example" in said[1] or isinstance(cures.only(given), dict)))
        return _as_it_stands(said[0], given, text), nested if whole and example and nested else _as_it_stands(said[1], given, text)
    if kind == "string_type" and isinstance(given, dict | list):
        return f"there is a {'mapping' if isinstance(given, dict) else 'list'} where text belongs", nested or "write one word or text"
    if kind == "tuple_type":
        return f"{text or shown(given)} is not a list", _list(error, texts)
    if kind.startswith("model_"):
        return f"{text or shown(given)} is not a mapping", value_for_mapping.cure(error, text)
    if kind == "dict_type" and (meant := value_for_mapping.of_key(error, text)):
        return f"{text or shown(given)} is not a mapping", meant
    if kind in _KINDS:
        what, cure = _KINDS[kind]
        cure = _OF_KEYS.get(_key(error), cure) if cure is cures.whole else cure
        return f"{text or shown(given)} is not {what}", nested or (cure(given) if callable(cure) else cure and cure.format(text or given))
    return _limit(error)


#: Kinds of errors where a mapping or a list belongs.
_OF_MANY = frozenset({"tuple_type", "dict_type", "model_type", "model_attributes_type", "too_short"})


def _empty(error: ErrorDetails) -> tuple[str, str]:
    name = ".".join(str(key) for key in error["loc"] if isinstance(key, str))
    if name in EXAMPLES:
        return "it has no value", f"write one after the `:`, for example `{EXAMPLES[name]}`"
    empty = 'write "" for a label without a value' if error["loc"][-2:-1] == ("labels",) else "write one after the `:`"
    return "it has no value", f"{empty}, or delete the line"


def _list(error: ErrorDetails, texts: Mapping[Keys, str]) -> str:
    given, key, text = error["input"], str(error["loc"][-1]), texts.get(tuple(error["loc"]))
    if isinstance(given, dict):
        return mapping_for_list.cure(error, texts)
    section = section_at(tuple(error["loc"]))
    meant = (_names(section.__name__, given) if section else None) or _words_of_a_list(key, given)
    item = value_for_mapping.item(key, given) if isinstance(given, str) and section else None
    return meant or (f"write [{item}]" if item else cures.listed(given, text or str(given)))


def _names(section: str, given: object) -> str | None:
    """For machines and PVE nodes, of which one tells the number, or several names in one text."""
    if section == "PveNode" and isinstance(given, int):
        return "write the names of the PVE nodes: [pve1, ...]"
    if section != "Machine":
        return None
    if isinstance(given, int):
        return f'write `count: {given}` and `pattern: "NAME{{n}}"` instead of `machines`, or the names in a list'
    names = cures.label(given) if isinstance(given, str) and "," not in given else ""
    return names if " in a list" in names else None


#: Lists of words, none of which has a space in it; and what stands between them.
_WORDS = frozenset({"tags", "nodes", "dns", "search", "packages", "remove"})
_APART = re.compile(r"[,;\s]+")


def _words_of_a_list(key: str, given: object) -> str | None:
    """Several in one text, apart as other tools have them; hours with minutes; days of the week."""
    if key == "slots":
        return times.slots(given)
    if key == "days" and isinstance(given, str):
        days = [foreign.of_value(word, list(EVERY_DAY)) for word in _APART.split(given.strip())]
        return f"write [{', '.join(day for day in days if day)}]" if all(days) else None
    if key in _WORDS and isinstance(given, str) and re.fullmatch(r"[\w.:+-]+([,;\s]+[\w.:+-]+)+", given):
        return f"write [{', '.join(_APART.split(given))}]"
    return None


def _as_it_stands(said: str, given: object, text: str | None) -> str:
    """What a rule says of a number or a boolean, with the text of the file in place of the value: `24.10`, and not 24.1."""
    if text is None or text == str(given):
        return said
    return re.sub(rf"(?<![\w.]){re.escape(str(given))}(?![\w.])", lambda _: text, said)


def _limit(error: ErrorDetails) -> tuple[str, str | None]:
    if error["type"] == "literal_error":
        return _choice(error["input"], error["ctx"]["expected"])
    if error["type"] in {"too_short", "string_too_short"}:
        return "it is empty", "write at least one" if error["type"] == "too_short" else "write some text, or delete the line"
    return f"{shown(error['input'])}: {error['msg']}", None


def _choice(given: object, expected: str) -> tuple[str, str]:
    choices = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    message = f"{shown(given)} is not one of {', '.join(choices)}"
    if len(choices) == 1:
        return message, f"write {choices[0]}, or delete the line: there is no other"
    if isinstance(given, list) and len(given) == 1 and given[0] in choices:
        return message, f"write {given[0]}, without brackets"
    word = str(given[0] if isinstance(given, list) and len(given) == 1 else given)
    roles = set(choices) == set(role_words.ROLES)
    called = role_words.role_of(word) if roles else foreign.of_value(word, choices)
    if called:
        return message, f"it is called `{called}` here"
    near = nearest(word, choices)
    other = f"write {role_words.EACH}" if roles else f"write one of them, for example {choices[0]}"
    return message, f"did you mean `{near}`?" if near else other


def _missing(error: ErrorDetails, texts: Mapping[Keys, str]) -> tuple[str, str | None]:
    name = ".".join(str(key) for key in error["loc"] if isinstance(key, str))
    named = mapping_for_list.named_item(error, texts)
    if named is not None:
        return f"`{error['loc'][-1]}` is missing", f"write {named}"
    if name in _OF_A_POOL:
        return f"`{error['loc'][-1]}` is missing", _OF_A_POOL[name](error["input"])
    return f"`{error['loc'][-1]}` is missing", f"add `{EXAMPLES[name]}`" if name in EXAMPLES else f"add `{error['loc'][-1]}: ...`"
