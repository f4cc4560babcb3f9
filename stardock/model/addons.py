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
    """What cluster.yaml says of a chart. `archive` is the chart itself, in base64, from `file`; empty: machines ask its repository."""

    version: str | None = None
    file: str = ""
    archive: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    values_secrets: tuple[ValuesSecret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxmoxRole:
    """Privileges that an add-on's token needs of Proxmox on some paths, and below them."""

    kind: str  # names the role
    what_for: str
    privileges: tuple[str, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxmoxToken:
    """A token of Proxmox that an add-on has, USER@REALM!NAME, and what it needs."""

    token_id: str
    roles: tuple[ProxmoxRole, ...]

    @property
    def user(self) -> str:
        """Whose it is."""
        return self.token_id.partition("!")[0]

    @property
    def name(self) -> str:
        """Its own name."""
        return self.token_id.partition("!")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addon:
    """One add-on, whole. `files` are its manifests: name without prefix and ending -> objects.

    `source` is where its chart or program comes from, for people; `values` are ours and the user's, as the chart gets them. A mark of
    `secrets` stands in its Secrets for what comes from the source behind it, `env:NAME` or `file:PATH`.
    """

    name: str
    version: str  # of the chart, or of the program; empty for the user's own manifests
    source: str
    namespace: str
    files: Mapping[str, tuple[Mapping[str, Any], ...]]
    values: Mapping[str, Any] = field(default_factory=dict)
    fits: str = ""  # a warning where its makers name other releases of Kubernetes
    secrets: Mapping[str, str] = field(default_factory=dict)  # mark -> source
    token: ProxmoxToken | None = None  # what it asks Proxmox with
    classes: tuple[Mapping[str, Any], ...] = ()  # StorageClasses that its chart makes, whole
    node_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # name of a machine -> labels of its Node
