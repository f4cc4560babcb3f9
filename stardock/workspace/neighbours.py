"""The other clusters of a folder: every `*.yaml` beside a cluster.yaml that is one too, with its lock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from stardock.errors import InputErrors
from stardock.model.cluster_files import ClusterFiles
from stardock.plan.build import build
from stardock.plan.rules.neighbours import Neighbour
from stardock.reading import MAX_BYTES, read_file
from stardock.spec import load_spec
from stardock.workspace.files import resolved
from stardock.workspace.lock import load_lock

#: What every cluster file has on lines of their own; other YAML is passed over.
_SIGNS = tuple(re.compile(rf"^{key}:", re.MULTILINE) for key in ("cluster", "proxmox", "pools"))


def neighbours(cluster_file: Path) -> tuple[tuple[Neighbour, ...], tuple[str, ...]]:
    """Read and plan the other clusters; gives them, and a warning for each that could not be read."""
    found: list[Neighbour] = []
    warnings: list[str] = []
    for path in _others(cluster_file):
        try:
            real = resolved(path)
            plan, _ = build(load_spec(real), load_lock(ClusterFiles(real).lock), str(real))
        except InputErrors as error:
            count = len(error.problems)
            warnings.append(f"{path.name} was not compared with this cluster: it has {count} problem{'s' if count > 1 else ''} of its own")
        else:
            found.append(Neighbour(path.name, plan))
    return tuple(found), tuple(warnings)


def _others(cluster_file: Path) -> Iterator[Path]:
    own = cluster_file.resolve()
    for path in sorted(own.parent.glob("*.yaml")):
        if path.resolve() != own and path.is_file() and _is_cluster(path):
            yield path


def _is_cluster(path: Path) -> bool:
    try:
        text = (read_file(path, what="the file", most=MAX_BYTES, cure="") or b"").decode("utf-8")
    except (InputErrors, UnicodeDecodeError):
        return False
    return all(sign.search(text) for sign in _SIGNS)
