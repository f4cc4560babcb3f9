"""cluster.yaml on disk -> `Spec`, or `InputErrors` with everything that is wrong."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stardock.errors import InputErrors, Problem
from stardock.model.cluster_files import NO_CLUSTER_FILE
from stardock.reading import MAX_BYTES, conflict_line, read_file
from stardock.spec.addon_files import with_addon_files
from stardock.spec.cluster import Spec
from stardock.spec.keypath import EXTENSION, Keys
from stardock.spec.keys import with_key_lines
from stardock.spec.mistakes import other_files, slips
from stardock.spec.mistakes.asked import with_systems
from stardock.spec.mistakes.words import problems_of
from stardock.spec.rules.across import broken_rules, conflicts
from stardock.spec.tree import TEMPLATE, Tree, read_tree

#: Values that are wrong can make what is around them wrong: as deep as cluster.yaml is nested, and a bit.
_ROUNDS = 8


def load(path: Path) -> Spec:
    """Read and check a cluster.yaml; `InputErrors` holds every problem with its line, key path and cure. Key files are read too."""
    return parse(_read(path), path)


def parse(data: bytes, path: Path) -> Spec:
    """The same of what is, or is to be, in the file at `path`: files that it names are found beside that."""
    text = _text(data, path)
    _refuse_conflict(text, path)
    tree = read_tree(text)
    tree.problems = [one if one.path else slips.explained(one, text) for one in tree.problems]
    other = other_files.recognised(text, tree.data)
    if other is not None:
        raise InputErrors(str(path), (other,))
    if not tree.problems and not isinstance(tree.data, dict):
        tree.problems.append(_not_a_mapping(tree.data))
    elif isinstance(tree.data, dict):
        tree.data = {key: value for key, value in tree.data.items() if not key.startswith(EXTENSION)}
    spec, problems = _checked(tree, path) if isinstance(tree.data, dict) else (None, [])
    told = {one.path for one in tree.problems if one.message == TEMPLATE}
    problems = sorted([*tree.problems, *(one for one in problems if one.path not in told)], key=lambda problem: problem.line or 0)
    if problems or spec is None:
        raise InputErrors(str(path), tuple(problems))
    return spec


def _read(path: Path) -> bytes:
    data = read_file(path, what="the file", most=MAX_BYTES, cure="name a file: cluster.yaml is one that you write")
    if data is None:
        raise InputErrors(str(path), (Problem("there is no such file", cure=NO_CLUSTER_FILE),))
    return data


def _text(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputErrors(str(path), (Problem("the file is not UTF-8 text", line=line, cure="save it as UTF-8"),)) from None


def _refuse_conflict(text: str, path: Path) -> None:
    line = conflict_line(text)
    if line is not None:
        cure = "keep what you want of both sides, delete the marks; then `runner plan` (of its lock keep one side whole)"
        raise InputErrors(str(path), (Problem("git's conflict marks: two branches met here", line=line, cure=cure),))


def _not_a_mapping(data: object) -> Problem:
    if data is None:
        return Problem(
            "the file is empty", line=1, cure="delete it, and `runner init` writes a first one; or begin with examples/single/cluster.yaml"
        )
    what = "a list" if isinstance(data, list) else "one value"
    return Problem(f"the file is {what}, not a mapping of keys", line=1, cure="begin with `cluster: NAME` on the first line")


def _checked(tree: Tree, path: Path) -> tuple[Spec | None, list[Problem]]:
    """The spec and all its problems. When values are wrong, those between the right ones are still looked for."""
    try:
        spec = Spec.model_validate(tree.data).with_positions(tree.lines)
    except ValidationError as error:
        found = error.errors(include_url=False)
        rest = _salvaged(tree, [tuple(one["loc"]) for one in found])
        between = [*conflicts(rest), *_with_files(rest, path.parent)[1]] if rest else []
        return None, [*with_systems(problems_of(found, tree.lines, tree.texts), tree.data, path), *between]
    whole, unreadable = _with_files(spec, path.parent)
    return whole, [*broken_rules(spec), *unreadable]


def _with_files(spec: Spec, folder: Path) -> tuple[Spec, list[Problem]]:
    """The spec with what the files that it names hold."""
    with_keys, of_keys = with_key_lines(spec, folder)
    with_addons, of_addons = with_addon_files(with_keys, folder)
    return with_addons, [*of_keys, *of_addons]


def _salvaged(tree: Tree, wrong: list[Keys]) -> Spec | None:
    """The spec without the keys that are wrong; None when nothing sensible is left."""
    data = copy.deepcopy(tree.data)
    _stand_in(data)
    for _ in range(_ROUNDS):
        if not _all_taken_out(data, wrong):
            return None
        _stand_in(data)
        try:
            return Spec.model_validate(data).with_positions(tree.lines)
        except ValidationError as error:
            wrong = [tuple(one["loc"]) for one in error.errors(include_url=False)]
    return None


def _all_taken_out(data: dict[str, Any], wrong: list[Keys]) -> bool:
    gone: set[Keys] = set()
    for keys in wrong:
        if not any(keys[:end] in gone for end in range(1, len(keys) + 1)):
            gone.add(_taken_out(data, keys))
    return () not in gone


def _stand_in(data: dict[str, Any]) -> None:
    """Values that every spec needs and no rule between values reads, in place of those that are wrong or missing."""
    for key, value in (("cluster", "stand-in"), ("image", {"system": "debian"}), ("ssh", {"keys": ["ssh-ed25519 AAAAB"]})):
        data.setdefault(key, value)
    if isinstance(data.get("proxmox"), dict):
        data["proxmox"].setdefault("endpoint", "https://stand-in:8006")


def _taken_out(data: dict[str, Any], keys: Keys) -> Keys:
    """Take out the innermost key around a fault, and return its path; whole lists, so that no list position moves. (): there is none."""
    inner: Any = data
    innermost: tuple[dict[str, Any], int] | None = None
    for depth, key in enumerate(keys):
        if isinstance(inner, dict) and key in inner:
            innermost = inner, depth
        inner = inner[key] if _has(inner, key) else None
    if innermost is None:
        return ()
    del innermost[0][str(keys[innermost[1]])]
    return keys[: innermost[1] + 1]


def _has(value: Any, key: str | int) -> bool:
    if isinstance(value, dict):
        return key in value
    return isinstance(value, list) and isinstance(key, int) and key < len(value)
