"""Taints of a plan's nodes, as pods of add-ons tolerate them that must run there: what mounts, announces, or lets a node be Ready."""

from __future__ import annotations

from collections.abc import Iterable

from stardock.model.host import Member
from stardock.model.plan import Plan

Toleration = dict[str, str]


def tolerations(taints: Iterable[str]) -> list[Toleration]:
    """Of taints, `KEY=VALUE:EFFECT` or `KEY:EFFECT`: each once, whatever its value."""
    return [{"key": key, "operator": "Exists", "effect": effect} for key, effect in dict.fromkeys(map(_parts, taints))]


def taints(plan: Plan, *roles: str, hosts: bool = True) -> list[str]:
    """Those of nodes of these roles (none named: of all), with those of hosts that exist already or without."""
    wanted = roles or ("server", "agent")
    nodes: tuple[Member, ...] = (*plan.machines, *(plan.hosts if hosts else ()))
    return [taint for node in nodes if node.role in wanted for taint in node.taints]


def _parts(taint: str) -> tuple[str, str]:
    key, _, effect = taint.rpartition(":")
    return key.partition("=")[0], effect
