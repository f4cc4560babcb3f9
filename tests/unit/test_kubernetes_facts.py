"""Facts of a Kubernetes are named by distributions, importers, lab and the distribution's role; others speak of it in prose.

k3s is called in prose as its program is; of it are looked for paths, units, files and tags.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.bundle.inventory import inventory_files
from stardock.bundle.kubernetes import facts
from stardock.distributions import DISTRIBUTIONS
from stardock.model.facts import Facts
from tests.plans import quickstart_plan
from tests.unit.test_layout import ROOT, python_files

pytestmark = pytest.mark.unit

ANSIBLE = ROOT / "ansible"
THEIRS = ("stardock/distributions/", "stardock/importers/", "lab/")

#: Where words are recognized of people who come from other tools, among them the name of a distribution; paths and units are no words.
FOREIGN = {
    "stardock/spec/foreign_root.py",
    "stardock/spec/mistakes/foreign_keys.py",
    "stardock/spec/mistakes/role_words.py",
    "stardock/spec/mistakes/secret_words.py",
    "stardock/cli/foreign_options.py",
    "stardock/bundle/groups.py",  # starbase's groups
    "stardock/prove/hosts.py",  # upstreams' domains
}

#: In prose the name has capitals, or is part of an address at upstream's, or of a group of the API's.
_UPSTREAM = re.compile(r"rancher/rke2[\w#./-]*|docs\.rke2\.io[\w/.-]*|k3s\.cattle\.io")
_K3S = r"/k3s|\+k3s|\bk3s(?:\.(?!io)|-(?:agent|server|uninstall|killall))"
_FACT = re.compile(rf"rke2|:?\b(?:6443|9345)\b|/etc/rancher|/var/lib/rancher|{_K3S}")
_PLACE = re.compile(r"/[\w/.-]*rke2|rke2-(?:server|agent|uninstall|killall)|rke2[./]|/etc/rancher|/var/lib/rancher|" + _K3S)


def named_in(path: Path, pattern: re.Pattern[str]) -> Iterator[str]:
    """What of a module's code, without docstrings and comments, the pattern finds."""
    tree = ast.parse(path.read_text())
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        said = "" if id(node) in prose else _said(node)
        if pattern.search(_UPSTREAM.sub("", said)):
            yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}: {said[:80]}"


def _said(node: ast.AST) -> str:
    """A text as it is; a name in small letters, since it is code whatever its letters are."""
    match node:
        case ast.Constant(value=value):
            return str(value)
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name.lower()
        case ast.arg(arg=name) | ast.alias(name=name):
            return name.lower()
    return ""


def others() -> Iterator[Path]:
    return (path for path in python_files() if not str(path.relative_to(ROOT)).startswith(THEIRS))


def test_no_module_outside_names_a_fact_of_a_distribution() -> None:
    assert [found for path in others() if str(path.relative_to(ROOT)) not in FOREIGN for found in named_in(path, _FACT)] == []


def test_where_foreign_words_are_recognized_no_path_or_unit_is_named() -> None:
    assert [found for name in sorted(FOREIGN) for found in named_in(ROOT / name, _PLACE)] == []
    assert all(list(named_in(ROOT / name, _FACT)) for name in FOREIGN), "one that recognizes nothing has no place in that list"


def test_the_search_finds_what_it_is_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.test_kubernetes_facts.ROOT", tmp_path)
    module = tmp_path / "module.py"
    module.write_text(
        '"""rke2-server.service"""\nrke2_config = f"{UNIT}/rke2-server"  # rke2\nsaid = "RKE2 ends (rancher/rke2#1)"\nport = 9345\n'
    )
    assert [line.partition(":")[2][:1] for line in named_in(module, _FACT)] == ["2", "4", "2"]


def test_no_playbook_and_no_role_but_its_own_names_a_fact_of_a_distribution() -> None:
    own = tuple(f"roles/{name}/" for name in DISTRIBUTIONS)
    files = [path for path in sorted(ANSIBLE.rglob("*")) if path.is_file() and path.suffix in {".yml", ".j2", ".sh", ".cfg", ".py"}]
    lines = [
        f"{path.relative_to(ANSIBLE)}:{number}: {line.strip()}"
        for path in files
        if not str(path.relative_to(ANSIBLE)).startswith(own)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if _FACT.search(_UPSTREAM.sub("", line))
    ]
    assert lines == []


def test_cloudinit_names_none_either() -> None:
    assert [path.name for path in (ROOT / "cloudinit").iterdir() if _FACT.search(path.read_text())] == []


def options_of(role: str) -> dict[str, set[str]]:
    specs: dict[str, Any] = YAML(typ="safe").load((ANSIBLE / f"roles/{role}/meta/argument_specs.yml").read_text())["argument_specs"]
    return {entry: set(spec["options"]) for entry, spec in specs.items()}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_role_of_all_distributions_takes_what_the_inventory_and_the_controller_give_and_no_more(name: str) -> None:
    entries = options_of("kubernetes")
    assert set(entries) == {
        "main",
        "prepare",
        "turn",
        "serving",
        "running",
        "snapshot",
        "nodes",
        "withdraw",
        "aside",
        "addons",
        "former_addons",
        "settled_addons",
    }
    taken = set().union(*entries.values())
    assert {option for option in taken if not option.startswith("kubernetes_")} == set()
    given = {key for values in inventory_files(quickstart_plan(), Facts(cluster="quickstart")).values() for key in values}
    given = {key for key in given if key.startswith("kubernetes_")} - set(facts(DISTRIBUTIONS[name]))
    assert given - taken == {"kubernetes_join_address", "kubernetes_node"}, (
        "the playbooks hand the first on, the entry point nodes asks all"
    )


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_distributions_own_role_unpacks_its_release_and_takes_nothing_that_the_shared_one_does_not_hand_on(name: str) -> None:
    entries = options_of(name)
    assert set(entries) == {"unpack"}
    assert entries["unpack"] - options_of("kubernetes")["main"] - set(facts(DISTRIBUTIONS[name])) == {
        "kubernetes_release_file",
        "kubernetes_unpacked",
    }


def test_no_fact_of_the_inventory_is_hidden_by_a_variable_of_the_role() -> None:
    variables = YAML(typ="safe").load((ANSIBLE / "roles/kubernetes/vars/main.yml").read_text())
    assert set(variables) & {key for each in DISTRIBUTIONS.values() for key in facts(each)} == set()
