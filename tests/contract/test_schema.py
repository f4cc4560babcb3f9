"""Our own tables against the official schema, where there is one: what they take, PVE takes, with the same types and bounds."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from lab.pve.routes import HANDLERS
from lab.pve.schema import SCHEMA_VARIABLE, own_schema
from lab.pve.schema.model import Rule
from lab.pve.schema.official import official_schema
from lab.pve.schema.own_vm import OPTIONS

pytestmark = pytest.mark.contract

#: The official schema is third-party data and not in this repository; CI names it when it is there.
OFFICIAL = os.environ.get(SCHEMA_VARIABLE)


def test_every_handler_has_a_table_and_every_table_a_handler() -> None:
    assert {(route.method, route.path) for route in own_schema().routes} == set(HANDLERS)


def _plain(pattern: str | None) -> str:
    """A pattern without the brackets and the anchor that Perl prints around it."""
    inner = re.fullmatch(r"\(\?:\^?(.*)\)", pattern or "")
    return inner[1] if inner else pattern or ""


def differences(where: str, ours: Rule, theirs: Rule) -> Iterator[str]:
    """Where two rules say different things."""
    for field in dataclasses.fields(Rule):
        mine, official = getattr(ours, field.name), getattr(theirs, field.name)
        if field.name == "format" and isinstance(mine, Mapping) and isinstance(official, Mapping):
            yield from (f"{where}.{key} is not there" for key in mine.keys() ^ official.keys())
            for key in mine.keys() & official.keys():
                yield from differences(f"{where}.{key}", mine[key], official[key])
        elif field.name == "optional" and (ours.alias or where == "storage"):
            continue  # an alias always is; a storage stands in the path that is emulated
        elif (_plain(mine) if field.name == "pattern" else mine) != (_plain(official) if field.name == "pattern" else official):
            yield f"{where}: {field.name} is {mine}, officially {official}"


@pytest.mark.skipif(not OFFICIAL, reason=f"{SCHEMA_VARIABLE} names no schema")
def test_our_tables_agree_with_the_official_schema() -> None:
    official = official_schema(Path(OFFICIAL or ""))
    found: list[str] = []
    for route in own_schema().routes:
        theirs = official.route(route.method, route.path)
        assert theirs, route
        for name, rule in route.rules.items():
            if name in OPTIONS and route.method != "POST":
                continue  # the same table as at creation
            found += [f"{route.path} {name} is not there"] if name not in theirs.rules else differences(name, rule, theirs.rules[name])
    assert found == []


@pytest.mark.skipif(not OFFICIAL, reason=f"{SCHEMA_VARIABLE} names no schema")
def test_our_tables_ask_for_the_privileges_that_the_official_schema_publishes() -> None:
    official = official_schema(Path(OFFICIAL or ""))
    ours = {(route.method, route.path): route.permissions for route in own_schema().routes}
    theirs = {key: found.permissions for key in ours if (found := official.route(*key))}
    assert ours == theirs


@pytest.mark.skipif(not OFFICIAL, reason=f"{SCHEMA_VARIABLE} names no schema")
def test_every_pattern_of_the_official_schema_is_one_of_pythons_too() -> None:
    official = official_schema(Path(OFFICIAL or ""))
    for key in HANDLERS:
        route = official.route(*key)
        assert route, key
        for rule in route.rules.values():
            for one in [rule, *(rule.format.values() if isinstance(rule.format, Mapping) else ())]:
                re.compile(one.pattern or "")
