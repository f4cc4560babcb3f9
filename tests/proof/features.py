"""The features of Stardock with the level at which each is proven. The list is taken from the program: what it has, has a row."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from stardock.cli.main import COMMANDS, Runner
from stardock.spec.backends import BACKENDS
from stardock.spec.reference import json_schema as schema
from stardock.systems import SYSTEMS
from tests.proof.reports import NAMES, Report, real

FILE = Path(__file__).parent / "features.toml"
ENGINES = ("tofu", "terraform")

#: Level -> what it means, the strongest first.
LEVELS = {
    "real tool": "The real programs did it here: engine, provider, cloud-init, systemd, Ansible, haproxy, keepalived, etcd, "
    "kube-apiserver, QEMU with Debian's kernel, or Stardock's own command where nobody else has a part in it.",
    "strict emulation": "Real programs on our side, against the emulated Proxmox or the stand-in for RKE2, which refuse what "
    "upstream refuses.",
    "upstream's validator or policy analysis": "Upstream's own schema, parser, linter or policy accepted it; nothing of it ran.",
    "rendered only": "What is written was compared with what was read and found right; no program of upstream's has seen it.",
}
#: What comes on top of a level, where a report in proofs/ says so.
REAL = (
    "And *real Proxmox*, with date and versions: the checks of `runner prove` that a row names passed on one, by a report in proofs/"
    " ([how to make one](how-to/prove.md))."
)
#: Tests that only look at what is written.
_RENDERING = ("unit/bundle/", "unit/firstboot/", "unit/plan/", "unit/spec/")
_STRONG = ("real tool", "strict emulation")


@dataclass(frozen=True, slots=True)
class Feature:
    """A row: `covers` are parts of the program (`parts`), `shown` what carries the level, `not_shown` what nothing here shows.

    `checks` are those of `runner prove` that show it on a real Proxmox, each as it is called, or with a system or distribution before it
    (`k3s: a pod runs`). Its tests are those that prove it by name, and those of the `numbers` of facts that it rests on.
    """

    name: str
    covers: tuple[str, ...]
    level: str
    shown: str
    not_shown: str = ""
    numbers: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()

    def tests(self, proofs: Mapping[str, list[str]]) -> list[str]:
        """All of them, in order."""
        return sorted({test for name in (f"feature {self.name}", *self.numbers) for test in proofs.get(name, [])})


def features(file: Path = FILE) -> tuple[Feature, ...]:
    """All rows, in the order of the file."""
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["feature"]
    return tuple(
        Feature(**{**row, "covers": tuple(row["covers"]), **{key: tuple(row.get(key, ())) for key in ("numbers", "checks")}})
        for row in rows
    )


def parts() -> Iterator[str]:
    """Everything that needs a row: keys of cluster.yaml down to the second level, backends, commands, systems by role, engines."""
    yield from _keys()
    yield from (f"state {name}" for name in BACKENDS)
    yield from (f"command {name}" for name in _commands())
    yield from (f"{name} {role}" for name, each in SYSTEMS.items() for role in each.roles)
    yield from (f"engine {name}" for name in ENGINES)


def _keys() -> Iterator[str]:
    """`state` has one set of keys a backend, which are the backend's own: those stand as `state BACKEND`."""
    whole = schema()
    for name, described in whole["properties"].items():
        below = {} if name == "state" else _properties(described, whole["$defs"])
        yield from (f"key {name}.{key}" for key in below)
        if not below:
            yield f"key {name}"


def _properties(described: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keys of a section, or of each entry of a list of sections; none of a plain value."""
    if "$ref" in described:
        return _properties(definitions[described["$ref"].rpartition("/")[2]], definitions)
    nested = [*described.get("anyOf", ()), *described.get("oneOf", ()), *([described["items"]] if "items" in described else [])]
    return described.get("properties") or next((found for one in nested if (found := _properties(one, definitions))), {})


def _commands() -> Iterator[str]:
    context = click.Context(runner := Runner())
    for name in COMMANDS:
        command = runner.get_command(context, name)
        if isinstance(command, click.Group):
            yield from (f"{name} {verb}" for verb in command.list_commands(context))
        else:
            yield name


def faults(rows: tuple[Feature, ...], proofs: Mapping[str, list[str]]) -> list[str]:
    """What is wrong with the rows: parts that none or two cover, unknown ones, levels that their tests cannot carry."""
    covered = [part for row in rows for part in row.covers]
    known = list(parts())
    found = [f"{part} has no row: add it to `covers` of a feature in tests/proof/features.toml" for part in known if part not in covered]
    found += [f"{part} is covered, and is no part of the program" for part in covered if part not in known]
    found += [f"{part} is covered twice" for part in sorted({part for part in covered if covered.count(part) > 1})]
    for row in rows:
        tests = row.tests(proofs)
        found += [f"{row.name}: no test proves its number {number}" for number in row.numbers if number not in proofs]
        if row.level not in LEVELS:
            found.append(f"{row.name}: {row.level!r} is no level; there are {list(LEVELS)}")
        if not tests:
            found.append(f"{row.name}: no test carries @pytest.mark.proves({f'feature {row.name}'!r})")
        elif row.level in _STRONG and all(test.startswith(_RENDERING) for test in tests):
            found.append(f"{row.name} is no {row.level}: its tests only look at what is written")
    return found


def check_faults(rows: tuple[Feature, ...]) -> list[str]:
    """Checks of `runner prove` that no row names, and names that no check has."""
    named = {check.rpartition(": ")[2] for row in rows for check in row.checks}
    return [
        *(f"the check {name!r} is in no row: add it to `checks`" for name in NAMES if name not in named),
        *(f"{name!r} is no check of runner prove" for name in sorted(named - set(NAMES))),
    ]


def page(rows: tuple[Feature, ...], proofs: Mapping[str, list[str]], known: Sequence[Report] = ()) -> str:
    """docs/proof.md. `known`: reports of real Proxmoxes, the newest first."""
    meanings = "\n".join(f"- *{level}*: {meaning}" for level, meaning in LEVELS.items())
    where = f"On a real Proxmox it ran {len(known)} times ({known[0]} was the last)." if known else NOWHERE
    return HEAD.format(levels=meanings, where=where, real=REAL) + "".join(_row(row, row.tests(proofs), known) for row in rows)


NOWHERE = "Nothing here ran on a real Proxmox host."


HEAD = """\
# What is proven, feature by feature

{where} Each feature stands at the level of the weakest part that a user relies on:

{levels}

{real}

Every key of cluster.yaml, command, system and engine is in one row (`covers`); the tests named run by `pytest tests/PATH::NAME`.
What upstream itself does, and what became of it, [reality.md](reality.md) tells number by number.

Written by `make docs` from tests/proof/features.toml and the markers of the tests: edit those, not this page.

| feature | level | shown by, and not shown | covers | tests |
|---|---|---|---|---|
"""


def _row(row: Feature, tests: list[str], known: Sequence[Report]) -> str:
    told = row.shown + (f" *Not shown*: {row.not_shown}" if row.not_shown else "")
    told += f" *Checks of `runner prove`*: {'; '.join(row.checks)}." if row.checks else ""
    covers, named = ("<br>".join(f"`{word}`" for word in words) for words in (row.covers, tests))
    report = real(row.checks, known)
    level = f"{row.level}; real Proxmox, {report}" if report else row.level
    return f"| {row.name} | {level} | {' '.join(told.split())} | {covers} | {named} |\n"
