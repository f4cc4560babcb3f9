"""The keys of a distribution's config.yaml: which it knows, which of them are the user's to set, and which belong to which role.

RKE2 and k3s skip an unknown key with a line in their log; Stardock refuses it, because a misspelt `etcd-snapshot-retention` would be
noticed when the snapshots are needed. The facts are in a JSON file a distribution (its `from` names their source).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from stardock.distributions.fault import Fault
from stardock.distributions.release import release
from stardock.nearest import nearest

_DURATION = re.compile(r"(\d+(\.\d+)?(ns|us|ms|s|m|h))+")

Kind = Literal["text", "flag", "number", "list", "duration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of config.yaml. `roles` holds `s` (server) and `a` (agent); `since` is the first release of a minor that has it."""

    type: Kind
    roles: str
    hidden: bool = False  # not in its makers' documents
    secret: bool = False
    equal: bool = False  # a server whose value differs is refused by the others
    choices: tuple[str, ...] = ()
    since: Mapping[str, str] | None = None


@cache
def _facts(file: str) -> Mapping[str, Any]:
    facts: dict[str, Any] = json.loads(Path(__file__).with_name(file).read_text(encoding="utf-8"))
    return facts


@cache
def _known(file: str) -> Mapping[str, Key]:
    return {name: Key(**{**facts, "choices": tuple(facts.get("choices", ()))}) for name, facts in _facts(file)["keys"].items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """All keys of a distribution's config.yaml. `facts` is a JSON file of this folder."""

    title: str  # of the distribution
    command: str  # that lists them
    facts: str
    owned: Mapping[str, str]  # keys that Stardock writes itself -> why a value in cluster.yaml would break what it promises
    merged: frozenset[str]  # lists to which Stardock adds its own items; the user's come first
    secret_cures: Mapping[str, str]  # what to do instead of setting a key that holds a secret
    secret_cure: str  # for those that are not there
    instead: Mapping[str, str]  # keys of another distribution -> what to write here

    def known(self) -> Mapping[str, Key]:
        """All of them, by name."""
        return _known(self.facts)

    def equal(self) -> tuple[str, ...]:
        """Those that all servers must share, without secrets."""
        return tuple(name for name, key in self.known().items() if key.equal and not key.secret)

    def faults(self, options: Mapping[str, Any], version: str) -> Iterator[Fault]:
        """What is wrong with the options of cluster.yaml for that release; without one, what is wrong for every release."""
        for name, value in options.items():
            known = self.known().get(name)
            found = (
                self._unknown(name)
                if known is None
                else self._unwanted(name, known) or _too_new(name, known, version) or _ill_typed(name, known, value)
            )
            if found:
                yield found

    def options_for(self, role: Literal["server", "agent"], options: Mapping[str, Any]) -> dict[str, Any]:
        """The options that a role's config.yaml takes, in declared order; lists are lists, however they were written."""
        keys = self.known()
        return {
            name: [value] if keys[name].type == "list" and not isinstance(value, list | tuple) else value
            for name, value in options.items()
            if role[0] in keys[name].roles
        }

    def _unknown(self, name: str) -> Fault:
        others = _facts(self.facts)["others"]
        if name in others["keys"]:
            return Fault(
                name, f"`{name}` is a key of {others['title']}; {self.title} does not have it", self.instead.get(name, "delete it")
            )
        near = nearest(name.removesuffix("+"), self.known())
        cure = (
            f"did you mean `{near}`?" if near else f"the keys of {self.title} are those of `{self.command}`, without the dashes before them"
        )
        return Fault(name, f"{self.title} has no key `{name}`, and would ignore it with a line in its log", cure)

    def _unwanted(self, name: str, known: Key) -> Fault | None:
        if known.secret:
            cure = self.secret_cures.get(name, self.secret_cure)
            return Fault(name, f"`{name}` is a secret, and cluster.yaml is committed", cure)
        return Fault(name, f"`{name}` cannot be set here: {self.owned[name]}", "delete it") if name in self.owned else None


def _too_new(name: str, known: Key, version: str) -> Fault | None:
    own = release(version)
    if not known.since or own is None:
        return None
    minors = {_minor(minor): first for minor, first in known.since.items()}
    first = minors.get(own.series) or (minors[min(minors)] if own.series < min(minors) else None)
    needed = release(first) if first else None
    if needed is None or own >= needed:
        return None
    return Fault(name, f"`{name}` came with {first}; this is {version}", f"delete it, or write `version: {first}`")


def _minor(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)


def _ill_typed(name: str, known: Key, value: Any) -> Fault | None:
    if value is None:
        return Fault(name, "it has no value", "write one after the `:`, or delete the line")
    wanted, cure = _EXPECTED[known.type]
    if not _FITS[known.type](value):
        given = f"`{value}`" if isinstance(value, str) else json.dumps(value, default=str)
        return Fault(name, f"`{name}` takes {wanted}, not {given:.60}", cure)
    items = value if isinstance(value, list | tuple) else [value]
    parts = [part.strip() for item in items for part in (item.split(",") if known.type == "list" else [item])] if known.choices else []
    strange = [part for part in parts if part not in known.choices]
    if not strange:
        return None
    near = nearest(str(strange[0]), known.choices)
    return Fault(
        name,
        f"`{name}` does not take `{strange[0]}`: it is one of {', '.join(known.choices)}",
        f"did you mean `{near}`?" if near else f"write one of them, for example {known.choices[0]}",
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


_FITS: Mapping[Kind, Callable[[Any], bool]] = {
    "text": _is_text,
    "flag": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "list": lambda value: _is_text(value) or (isinstance(value, list | tuple) and all(_is_text(item) for item in value)),
    "duration": lambda value: isinstance(value, str) and _DURATION.fullmatch(value) is not None,
}
_EXPECTED: Mapping[Kind, tuple[str, str]] = {
    "text": ("text", "put it in quotes"),
    "flag": ("true or false", "write true or false, without quotes"),
    "number": ("a whole number", "write digits, without quotes"),
    "list": ("a list of texts", "write [..., ...], each item in quotes"),
    "duration": ("a duration", "write for example 10m0s"),
}
