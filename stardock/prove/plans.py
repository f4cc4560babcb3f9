"""From the person's file to the plan of a proof, without asking or writing anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from stardock.errors import ConditionError
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.prove.document import Cluster, Wanted, document, grow
from stardock.prove.scope import Scope
from stardock.reading import MAX_BYTES, read_file
from stardock.spec.load import load, parse
from stardock.spec.tree import read_tree
from stardock.yamltext import yaml_text


def data_of(file: Path, wanted: Wanted) -> dict[str, Any]:
    """The proof's cluster.yaml, as it begins. `InputErrors` for what is wrong in the person's file."""
    load(file)  # all its problems, in words
    text = (read_file(file, what="the file", most=MAX_BYTES, cure="") or b"").decode("utf-8-sig")
    return document(read_tree(text).data, file.resolve().parent, wanted)


def whole_plan(file: Path, wanted: Wanted) -> Plan:
    """The plan of all its machines, those that come later, too. `InputErrors` for what is wrong in the person's file."""
    data = data_of(file, wanted)
    grow(data, wanted)
    return plan_of(data, file)


def plan_of(data: dict[str, Any], path: Path) -> Plan:
    """Plan it. `InputErrors` for what Stardock itself would not take."""
    plan, _ = build(parse(yaml_text(data).encode(), path), None, str(path))
    return plan


def first_wanted(scope: Scope, system: str, cluster: Cluster | None = None) -> Wanted:
    """With the first ids of the range, for who shows and does nothing. ConditionError where the range is too small."""
    wanted = Wanted(scope=scope, system=system, vm_ids=(), cluster=cluster)
    needed = len(wanted.names)
    if len(scope.ids) < needed:
        raise ConditionError(f"a proof needs {needed} VM ids; {scope.first}-{scope.last} are {len(scope.ids)}")
    return replace(wanted, vm_ids=tuple(scope.ids[:needed]))


def role_plan(file: Path, scope: Scope) -> Plan:
    """The plan that a proof's token is for: no system and no distribution needs more than another."""
    return whole_plan(file, first_wanted(scope, "debian"))
