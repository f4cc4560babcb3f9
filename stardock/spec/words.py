"""pydantic's errors in words for people: what is wrong at which key, and what to write instead."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from stardock.distributions.rke2 import known_keys
from stardock.errors import Problem
from stardock.nearest import nearest
from stardock.spec import cures
from stardock.spec.cluster import Spec
from stardock.spec.keypath import EXTENSION, Keys, nearest_line, path_text
from stardock.spec.section import RULE, Section
from stardock.spec.units import shown

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
    "pools.name": "name: servers",
    "pools.role": "role: server",
    "ssh": "ssh: {keys: [id_ed25519.pub]}",
    "ssh.keys": "keys: [id_ed25519.pub]",
    "cloud_init.users.name": "name: admin",
}

#: What other tools call it -> what it is called here.
_CALLED = {
    "worker": "agent",
    "control-plane": "server",
    "controlplane": "server",
    "master": "server",
    "lb": "loadbalancer",
    "load-balancer": "loadbalancer",
    "balancer": "loadbalancer",
    "pc": "i440fx",
}

#: (section, key as it may be guessed) -> the key of that section that is meant.
_KEYS_CALLED = {
    ("", "kubernetes"): "distribution",
    ("", "rke2"): "distribution",
    ("distribution", "release"): "version",
    ("image", "os"): "system",
    ("image", "version"): "release",
    **{(section, key): "disk_datastore" for section in ("pools", "machines") for key in ("datastore", "storage", "datastore_id")},
}

#: What is said beside a key that is meant, where another one is near.
_BESIDE = {"disk_datastore": " (`image.datastore` is where the downloaded image lies)"}

#: error type of pydantic -> what the value is not, and the cure
_KINDS: Mapping[str, tuple[str, str | Callable[[object], str] | None]] = {
    "string_type": ("text", 'put it in quotes: "{}"'),
    "int_type": ("a whole number", cures.whole),
    "int_from_float": ("a whole number", cures.whole),
    "int_parsing_size": ("a number that small", None),
    "bool_type": ("true or false", cures.flag),
    "tuple_type": ("a list", "write [..., ...], or one item a line, each after `- `"),
    "dict_type": ("a mapping", "write {{KEY: VALUE}}, or one key a line, indented"),
    "model_type": ("a mapping", "write {{KEY: VALUE}}, or one key a line, indented"),
    "model_attributes_type": ("a mapping", "write {{KEY: VALUE}}, or one key a line, indented"),
}


def problems_of(errors: list[ErrorDetails], lines: Mapping[Keys, int], texts: Mapping[Keys, str]) -> list[Problem]:
    """One problem an error, in the order of the file; what only follows from another error is left out."""
    found = [_problem(error, lines, texts) for error in errors if not _follows(error, errors)]
    return sorted(found, key=lambda problem: problem.line or 0)


def _follows(error: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """A default that depends on a wrong key; a list that is empty without its wrong items; a missing key that a misspelt one means."""
    kind, loc = error["type"], error["loc"]
    if kind == "too_short":
        return any(other["loc"][: len(loc)] == loc and len(other["loc"]) > len(loc) for other in errors)
    if kind == "missing":
        return any(other["loc"][:-1] == loc[:-1] and _near(other) == loc[-1] for other in errors)
    return kind == "default_factory_not_called"


def _problem(error: ErrorDetails, lines: Mapping[Keys, int], texts: Mapping[Keys, str]) -> Problem:
    keys: Keys = tuple(error["loc"])
    message, cure = _said(error, texts.get(keys))
    if error["type"] != "missing":
        keys = next((keys[:end] for end in range(len(keys), 0, -1) if keys[:end] in lines), keys)
    return Problem(message, path=path_text(keys), line=nearest_line(keys, lines), cure=cure)


def message_of(error: ErrorDetails) -> str:
    """What is wrong, without a cure: that of a file which nobody writes by hand is another."""
    return _said(error, None)[0]


def _said(error: ErrorDetails, text: str | None) -> tuple[str, str | None]:
    """Message and cure."""
    kind = error["type"]
    if kind == "missing":
        return _missing(error)
    if kind == "extra_forbidden":
        return _unknown(error)
    return _value(kind, error, text)


def _value(kind: str, error: ErrorDetails, text: str | None) -> tuple[str, str | None]:
    """What is wrong with a value; a number or a boolean is shown as it stands in the file."""
    given = error["input"]
    if given is None:
        return "it has no value", "write one after the `:`, or delete the line"
    if kind == RULE:
        return _as_it_stands(error["ctx"]["message"], given, text), _as_it_stands(error["ctx"]["cure"], given, text)
    if kind == "string_type" and isinstance(given, dict | list):
        return f"a {'mapping' if isinstance(given, dict) else 'list'} stands where text belongs", "write one word or text"
    if kind == "tuple_type" and not isinstance(given, dict):
        return f"{text or shown(given)} is not a list", cures.listed(given, text or str(given))
    if kind in _KINDS:
        what, cure = _KINDS[kind]
        return f"{text or shown(given)} is not {what}", cure(given) if callable(cure) else cure and cure.format(text or given)
    return _limit(error)


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
    called = _CALLED.get(str(given).lower())
    if called in choices:
        return message, f"it is called `{called}` here"
    near = nearest(str(given), choices)
    return message, f"did you mean `{near}`?" if near else f"write one of them, for example {choices[0]}"


def _missing(error: ErrorDetails) -> tuple[str, str | None]:
    name = ".".join(str(key) for key in error["loc"] if isinstance(key, str))
    return f"`{error['loc'][-1]}` is missing", f"add `{EXAMPLES[name]}`" if name in EXAMPLES else f"add `{error['loc'][-1]}: ...`"


def _unknown(error: ErrorDetails) -> tuple[str, str]:
    return f"unknown key `{error['loc'][-1]}`", _meant(error)


def _meant(error: ErrorDetails) -> str:
    """What to do about an unknown key: another spelling, another place, or the keys that there are."""
    key, near, outer = str(error["loc"][-1]), _near(error), _outer(error["loc"])
    if near is not None:
        return f"did you mean `{near}`?{_BESIDE.get(near, '')}"
    if key.startswith((EXTENSION, "x_")):
        return _extension(key, first_level=len(error["loc"]) == 1)
    if error["loc"][:-1] == ("distribution",) and key in known_keys():
        return "it belongs to `distribution.options`, with the other keys of RKE2's config.yaml"
    if outer:
        return f"it belongs to `{path_text(outer)}`, beside `{error['loc'][len(outer)]}`"
    homes = " or ".join(f"`{home}`" for home in _homes(key))
    return f"it belongs to {homes}" if homes else f"known here: {', '.join(_known_beside(error['loc']))}"


def _extension(key: str, *, first_level: bool) -> str:
    if first_level:
        return f"did you mean `{key.replace('_', '-', 1)}`? Keys `{EXTENSION}*` are a place for anchors"
    return f"put it on the first level of the file: only there `{EXTENSION}*` is a place for anchors"


def _outer(loc: Keys) -> Keys | None:
    """The key path of the nearest section around that has the key; the root is no home for a key of its sections."""
    ends = [end for end in range(len(loc) - 2, 0, -1) if loc[end - 1] != loc[-2]]
    return next((loc[:end] for end in ends if (section := section_at(loc[:end])) and loc[-1] in section.model_fields), None)


def _near(error: ErrorDetails) -> str | None:
    """The known key that an unknown one nearly is; None for other errors."""
    if error["type"] != "extra_forbidden":
        return None
    *outer, key = error["loc"]
    section = next((one for one in reversed(outer) if isinstance(one, str)), "")
    return _KEYS_CALLED.get((section, str(key))) or nearest(str(key), _known_beside(error["loc"]))


def _known_beside(loc: tuple[int | str, ...]) -> list[str]:
    section = section_at(tuple(loc[:-1]))
    return list(section.model_fields) if section else []


def _homes(key: str) -> list[str]:
    """The sections of the root that have such a key."""
    return [
        name
        for name, model_field in Spec.model_fields.items()
        if any(key in section.model_fields for section in sections_of(model_field.annotation))
    ]


def section_at(keys: Keys) -> type[Section] | None:
    """The model that describes the mapping at a key path."""
    section: type[Section] = Spec
    for key in (key for key in keys if isinstance(key, str)):
        model_field = section.model_fields.get(key)
        inner = next(sections_of(model_field.annotation), None) if model_field else None
        if inner is None:
            return None
        section = inner
    return section


def sections_of(annotation: Any) -> Iterator[type[Section]]:
    """The models inside of a type such as `tuple[Annotated[Pool, ...], ...] | None`."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, Section):
            yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from sections_of(argument)
