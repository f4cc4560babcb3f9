"""What the inventory gives is what roles take: judged by the validator that Ansible runs before each role."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ruamel.yaml import YAML

from stardock.bundle.inventory import inventory_files
from stardock.model.facts import Facts
from tests.plans import ROOT, document, plan_of

pytestmark = pytest.mark.unit

ROLES = ROOT / "ansible/roles"
#: Roles and entry points that have options.
ENTRIES = [
    (path.parts[-3], entry)
    for path in sorted(ROLES.glob("*/meta/argument_specs.yml"))
    for entry, spec in YAML(typ="safe").load(path)["argument_specs"].items()
    if spec.get("options")
]
KINDS: dict[str, dict[str, Any]] = {"plain": {}, "with-reservations": {"kubelet": {"reserve": True}}}


@cache
def given(kind: str, machine: str) -> dict[str, Any]:
    files = inventory_files(plan_of(document() | KINDS[kind])[0], Facts(cluster="quickstart"))
    role = machine.rstrip("0123456789").replace("lb", "loadbalancer")
    names = ("group_vars/all.yml", f"group_vars/{role}.yml", f"host_vars/{machine}.yml")
    return {key: value for name in names for key, value in files.get(name, {}).items()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("role", "entry"), ENTRIES)
def test_every_value_of_the_inventory_is_taken(role: str, entry: str, kind: str) -> None:
    options = YAML(typ="safe").load(ROLES / role / "meta/argument_specs.yml")["argument_specs"][entry]["options"]
    for machine in ("lb1", "server1", "agent1"):
        values = {key: value for key, value in given(kind, machine).items() if key in options and "{{" not in str(value)}
        spec = {key: option for key, option in options.items() if key in values}
        assert ArgumentSpecValidator(spec).validate(values).error_messages == [], machine


@pytest.mark.parametrize("module", sorted((ROOT / "ansible/collections").rglob("plugins/modules/*.py")), ids=lambda path: path.name)
def test_what_a_module_says_of_itself_can_be_read(module: Path) -> None:
    text = module.read_text()
    for part in ("DOCUMENTATION", "EXAMPLES", "RETURN"):
        found = re.search(rf'^{part} = r"""\n(.*?)^"""', text, re.MULTILINE | re.DOTALL)
        assert found is None or YAML(typ="safe").load(found[1]), part
    assert "DOCUMENTATION" in text
