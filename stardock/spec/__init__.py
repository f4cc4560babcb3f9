"""cluster.yaml -> `Spec`, or all its problems at once."""

from __future__ import annotations

from stardock.spec.cluster import Spec
from stardock.spec.load import load as load_spec

__all__ = ["Spec", "load_spec"]
