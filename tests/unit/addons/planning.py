"""Plans with add-ons, and what servers get of them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from stardock.bundle.inventory import inventory_files
from stardock.errors import InputErrors, Problem
from stardock.model.facts import Facts
from stardock.model.plan import Plan
from stardock.spec.rules.addons import addon_rules
from tests.plans import document, plan_of, spec_of

POOLS = [{"name": "default", "addresses": ["192.168.1.200-192.168.1.220"]}]


def planned(addons: dict[str, Any], **more: Any) -> Plan:
    return plan_of(document() | {"addons": addons} | more)[0]


def inventory(plan: Plan) -> dict[str, Any]:
    """All files of variables."""
    return inventory_files(plan, Facts(cluster="quickstart"))


def manifests(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Name of a file, without prefix and ending -> its objects, as servers get them; marks in the place of secrets."""
    variables = inventory(plan)["group_vars/server.yml"]
    every = [*variables["kubernetes_addons"], *variables["kubernetes_secret_addons"]]
    files = {file["path"].partition("stardock-addon-")[2].removesuffix(".yaml"): file for file in every}
    assert sorted(files) == sorted(variables["kubernetes_addon_names"])
    assert {file["mode"] for file in files.values()} <= {"0600"}
    return {name: list(yaml.safe_load_all(file["content"])) for name, file in files.items()}


def values(plan: Plan, name: str) -> dict[str, Any]:
    """What a HelmChart of that file is told."""
    (chart,) = [one for one in manifests(plan)[name] if one["kind"].startswith("HelmChart")]
    found: dict[str, Any] = yaml.safe_load(chart["spec"].get("valuesContent", "{}"))
    return found


def leaves(values: dict[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """The path of each value that is no mapping, or an empty one."""
    found: dict[tuple[str, ...], Any] = {}
    for key, value in values.items():
        found |= leaves(value, (*path, key)) if isinstance(value, dict) and value else {(*path, key): value}
    return found


def problem(addons: dict[str, Any], **more: Any) -> Problem:
    """The one that is found under `addons`, by the rules between keys or by those of the plan."""
    every = list(addon_rules(spec_of(document() | {"addons": addons} | more)))
    if not every:
        with pytest.raises(InputErrors) as refused:
            planned(addons, **more)
        every = [one for one in refused.value.problems if one.path.startswith("addons")]
    (found,) = every
    return found
