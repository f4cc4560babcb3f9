"""From the person's file to the plan of a proof, without asking or writing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stardock.errors import ConditionError
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.prove.document import MACHINES, Wanted, document
from stardock.prove.scope import Scope
from stardock.reading import MAX_BYTES, read_file
from stardock.spec.load import load, parse
from stardock.spec.tree import read_tree
from stardock.yamltext import yaml_text


def data_of(file: Path, wanted: Wanted) -> dict[str, Any]:
    """The proof's cluster.yaml. `InputErrors` for what is wrong in the person's file."""
    load(file)  # all its problems, in words
    text = (read_file(file, what="the file", most=MAX_BYTES, cure="") or b"").decode("utf-8-sig")
    return document(read_tree(text).data, file.resolve().parent, wanted)


def plan_of(data: dict[str, Any], path: Path) -> Plan:
    """Plan it. `InputErrors` for what Stardock itself would not take."""
    plan, _ = build(parse(yaml_text(data).encode(), path), None, str(path))
    return plan


def first_wanted(scope: Scope, system: str) -> Wanted:
    """With the first ids of the range, for who shows and does nothing. ConditionError where the range is too small."""
    if len(scope.ids) < len(MACHINES):
        raise ConditionError(f"a proof needs {len(MACHINES)} VM ids; {scope.first}-{scope.last} are {len(scope.ids)}")
    return Wanted(scope=scope, system=system, vm_ids=tuple(scope.ids[: len(MACHINES)]))


def role_plan(file: Path, scope: Scope) -> Plan:
    """The plan that a proof's token is for: no system needs more than another."""
    return plan_of(data_of(file, first_wanted(scope, "debian")), file)
