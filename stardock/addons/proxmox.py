"""What the add-ons that ask Proxmox share: where its API is, who asks, and the labels by which they find a node's VM and its PVE node.

Labels: sergelogvinov/proxmox-csi-plugin, docs/install.md and docs/architecture.md: region is a PVE cluster's name in the configuration,
zone a PVE node's name. Configuration: docs/config.md of both. A machine that moves to another PVE node gets its label by the next
bootstrap after `runner lock accept`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stardock.addons.secrets import Sources, secret
from stardock.model.plan import Plan
from stardock.yamltext import yaml_text

KEY = "config.yaml"
REGION, ZONE = "topology.kubernetes.io/region", "topology.kubernetes.io/zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A token of Proxmox. `token_id` is USER@REALM!NAME; `secret_source` is `env:NAME` or `file:PATH`; `region` names this estate."""

    token_id: str
    secret_source: str
    region: str


def config_secret(plan: Plan, access: Access, name: str, namespace: str, sources: Sources) -> dict[str, Any]:
    """The Secret with the configuration; only bootstrap fills in the token's own secret."""
    endpoint = str(plan.proxmox.endpoint).rstrip("/")
    cluster = {
        "url": f"{endpoint}/api2/json",
        "insecure": bool(plan.proxmox.insecure),
        "token_id": access.token_id,
        "token_secret": sources.mark(access.secret_source),
        "region": access.region,
    }
    return secret(name, namespace, {KEY: yaml_text({"clusters": [cluster]})})


def node_labels(plan: Plan, region: str) -> Mapping[str, Mapping[str, str]]:
    """Machine -> labels of its Node."""
    nodes = [machine for machine in plan.machines if machine.role != "loadbalancer"]
    return {machine.name: {REGION: region, ZONE: machine.pve_node} for machine in nodes}
