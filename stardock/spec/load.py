"""cluster.yaml on disk -> `Spec`, or `InputErrors` with everything that is wrong."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from stardock.spec.cluster import Spec


def load(path: Path) -> Spec:
    """Read, check and return; see `stardock.spec.load_spec`."""
    return Spec.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
