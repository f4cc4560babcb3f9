"""cluster.yaml -> `Spec`, or all its problems at once. Nothing heavy is imported until something is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stardock.spec.cluster import Spec

__all__ = ["Spec", "load_spec", "schema"]


def load_spec(path: Path) -> Spec:
    """Read and check a cluster.yaml; `InputErrors` holds every problem with its line, key path and cure. Key files are read too."""
    from stardock.spec.load import load  # noqa: PLC0415  pydantic and ruamel take a tenth of a second

    return load(path)


def schema() -> dict[str, Any]:
    """The JSON schema of cluster.yaml, for editors (`# yaml-language-server: $schema=...`)."""
    from stardock.spec.reference import json_schema  # noqa: PLC0415  see above

    return json_schema()


def __getattr__(name: str) -> Any:
    if name == "Spec":
        from stardock.spec.cluster import Spec  # noqa: PLC0415  see above

        return Spec
    raise AttributeError(name)
