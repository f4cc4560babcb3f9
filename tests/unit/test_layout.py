"""The house's rules that a machine can hold: import directions, names, sizes."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from stardock.cli.main import COMMANDS

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
SOURCES = ("stardock", "lab", "stacks", "constructs", "main.py")

#: module prefix -> the only places that may import it
ONLY = {
    "cdktf": ("constructs/", "stacks/"),
    "imports": ("constructs/", "stacks/"),
    "ansible_runner": ("stardock/playbooks/ansible.py",),
    "proxmoxer": ("stardock/estate/",),
}

#: Modules of `stardock` itself that any room may import; they import nothing but each other.
BASE = frozenset(["deadline", "errors", "fold", "nearest", "reading", "runmark", "shellword", "shipped", "step", "writing", "yamltext"])

#: Room -> the rooms that it imports, all of them: values and facts first, then what decides, then the two halves, then who calls them.
ROOMS: dict[str, frozenset[str]] = {
    room: frozenset(others.split())
    for room, others in {
        "model": "",
        "distributions": "",
        "systems": "distributions model",
        "addons": "distributions model systems",
        "firstboot": "model systems",
        "bundle": "addons distributions firstboot model systems",
        "spec": "distributions model systems",
        "plan": "addons distributions firstboot model spec systems",
        "images": "model plan spec",
        "workspace": "bundle distributions images model plan spec systems",
        "estate": "model plan systems",
        "importers": "distributions estate model spec systems",
        "stacks": "firstboot model plan pve spec systems",
        "terraform": "distributions estate model plan spec workspace",
        "playbooks": "bundle distributions model plan spec workspace",
        "doctor": "estate model plan terraform workspace",
        "drift": "estate firstboot model spec workspace",
        "verbs": "distributions estate images importers model plan playbooks spec terraform workspace",
        "prove": "distributions drift estate model plan playbooks spec systems terraform verbs workspace",
        "cli": "addons bundle distributions doctor drift estate images importers model plan playbooks prove spec systems terraform verbs"
        " workspace",
        "main": "cli stacks terraform workspace",
        "lab": "model workspace",
    }.items()
}

#: what planning may not touch: I/O, clocks, chance
IMPURE = ("os", "io", "time", "datetime", "random", "secrets", "subprocess", "socket", "pathlib", "shutil", "tempfile", "requests")


def python_files() -> Iterator[Path]:
    """All Python files that are ours and shipped."""
    for name in SOURCES:
        path = ROOT / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


@cache
def imported(path: Path) -> frozenset[str]:
    """Every module that a file imports, wherever in it."""
    return frozenset(_imported(ast.parse(path.read_text())))


def _imported(file: ast.Module) -> Iterator[str]:
    for node in ast.walk(file):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@cache
def modules() -> dict[str, Path]:
    """All modules of ours."""
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in python_files()}


def imported_names(path: Path) -> Iterator[str]:
    """The same, with modules that are taken from a package in place of the package."""
    yield from _names(ast.parse(path.read_text()))


def _names(part: ast.AST) -> Iterator[str]:
    for node in ast.walk(part):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in modules() else node.module for name in names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def is_under(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")


def test_only_the_named_places_import_cdktf_ansible_runner_and_proxmoxer() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in python_files()
        for module in imported(path)
        for prefix, places in ONLY.items()
        if is_under(module, prefix) and not str(path.relative_to(ROOT)).startswith(places)
    ]
    assert not wrong


def room_of(module: str) -> str:
    """The room of a module: a folder of stardock/, one of its base modules, or a folder of the checkout."""
    first, _, rest = module.partition(".")
    return (rest.partition(".")[0] or first) if first == "stardock" else first


def rooms() -> dict[str, set[str]]:
    """Room -> what it imports of ours."""
    ours = {"stardock", "stacks", "pve", "lab", "main"}
    found: dict[str, set[str]] = {}
    for module, path in modules().items():
        room = "pve" if module.startswith("constructs.") else room_of(module)
        used = {room_of(name) for name in imported_names(path) if name.partition(".")[0] in ours}
        found.setdefault(room, set()).update(used - {room})
    return found


def test_every_room_has_a_row_and_imports_what_its_row_says() -> None:
    found = rooms()
    assert {room: used - BASE for room, used in found.items() if room not in {*BASE, "stardock", "pve"}} == ROOMS
    assert {room: used - BASE for room, used in found.items() if room in BASE and used - BASE} == {}
    assert not found["pve"] - {"pve"}, "constructs/ knows nothing of Stardock"


def test_there_is_no_circle_of_imports() -> None:
    """Neither between rooms nor between modules, also none that is hidden behind TYPE_CHECKING."""
    between = {name: {one for one in imported_names(path) if one in modules() and one != name} for name, path in modules().items()}
    for graph in ({room: set(used) for room, used in ROOMS.items()}, between):
        TopologicalSorter(graph).prepare()


def test_the_lab_lies_beside_stardock_and_only_its_command_reads_it() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted((ROOT / "lab").rglob("*.py"))
        for module in imported(path)
        if is_under(module, "stardock") and not path.is_relative_to(ROOT / "lab/command")
    ]
    assert not wrong


def test_planning_is_pure() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted((ROOT / "stardock/plan").rglob("*.py"))
        for module in imported(path)
        if module.split(".")[0] in IMPURE
    ]
    assert not wrong


def test_constructs_is_a_plain_source_root() -> None:
    assert not (ROOT / "constructs/__init__.py").exists()
    assert not list((ROOT / "constructs").glob("*.py"))


@pytest.mark.proves("hostile 13")
def test_no_prop_of_a_construct_is_a_text_that_did_not_come_through_the_door() -> None:
    """`pve.template.Template` is what mypy lets nobody pass a `str` for."""
    bare = [
        f"{path.name}: {field.target.id}"
        for path in sorted((ROOT / "constructs").rglob("*.py"))
        for props in ast.walk(ast.parse(path.read_text()))
        if isinstance(props, ast.ClassDef) and props.name.endswith("Props")
        for field in props.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if any(isinstance(node, ast.Name) and node.id == "str" for node in ast.walk(field.annotation))
    ]
    assert not bare


def test_every_tests_folder_is_a_package() -> None:
    assert [folder for folder in {path.parent for path in (ROOT / "tests").rglob("*.py")} if not (folder / "__init__.py").exists()] == []


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "helpers", "common", "misc", "util", "helper"}
    assert [path for path in python_files() if path.stem in drawers] == []


def test_no_tracked_file_names_a_machine_path_or_a_registry_host() -> None:
    halves = [("/wo", "rk/"), ("pypi", ".org"), ("registry.npm", "js"), ("proxy.golang", ".org"), ("registry.tera", "form.io")]
    halves += [("registry.open", "tofu.org"), ("deb.deb", "ian.org")]
    words = ["".join(pair) for pair in halves]  # or this file would be found
    found = subprocess.run(["git", "grep", "-nIF", *[f"-e{word}" for word in words]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.stdout == ""


def late_imports(path: Path) -> set[str]:
    """The modules that a file imports elsewhere than at its top."""
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {name for one in functions for name in _names(one)}


def test_a_module_imports_at_most_one_other_late() -> None:
    assert {str(path.relative_to(ROOT)): late for path in python_files() if len(late := late_imports(path)) > 1} == {}


def test_the_command_line_starts_without_cdktf_ansible_or_pydantic() -> None:
    heavy = ("cdktf", "ansible_runner", "pydantic", "rich", "ruamel")
    program = f"import sys, stardock.cli.main; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_a_commands_module_is_imported_without_what_it_works_with() -> None:
    """For `--help`, a wrong option and the shell's completion."""
    names = [module.partition(":")[0] for module, _ in COMMANDS.values()]
    heavy = ("ansible_runner", "cdktf", "pydantic", "requests", "rich", "ruamel", "stardock.spec", "stardock.verbs", "stardock.workspace")
    program = (
        f"import importlib, sys; [importlib.import_module(one) for one in {names}]; print([one for one in {heavy} if one in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
