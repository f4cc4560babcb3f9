"""Add-ons of a plan: what is handed to the cluster's own controllers, file by file. Plain data, no secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesSecret:
    """Keys of a Secret of kube-system that hold further values, as YAML; they win over those that are written."""

    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What cluster.yaml says of a chart. `archive` is the chart itself, in base64; empty: machines fetch it from its repository."""

    version: str | None = None
    archive: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    values_secrets: tuple[ValuesSecret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Addon:
    """One add-on, whole. `files` are its manifests: name without prefix and ending -> objects.

    `source` is where its chart or program comes from, for people; `values` are ours and the user's, as the chart gets them.
    """

    name: str
    version: str  # of the chart, or of the program; empty for the user's own manifests
    source: str
    namespace: str
    files: Mapping[str, tuple[Mapping[str, Any], ...]]
    values: Mapping[str, Any] = field(default_factory=dict)
    fits: str = ""  # a warning where its makers name other releases of Kubernetes
