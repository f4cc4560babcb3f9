"""The ingress controllers that a distribution brings: which options say so, and what it does not take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stardock.distributions.arguments import items
from stardock.distributions.fault import Fault
from stardock.distributions.model import Kubernetes

NONE = "none"


def ingress_options(kubernetes: Kubernetes, controller: str) -> tuple[dict[str, Any], list[str]]:
    """The options that have it bring that one, or none at all; and what `disable` names for it."""
    if kubernetes.ingress_option:
        return {kubernetes.ingress_option: controller}, []
    return {}, [chart for name, chart in kubernetes.ingress_charts.items() if name != controller]


def ingress_faults(kubernetes: Kubernetes, options: Mapping[str, Any], version: str) -> Iterator[Fault]:
    """A controller that this release takes beside another one only."""
    option, found = kubernetes.ingress_option, kubernetes.release(version)
    named = [part.strip() for text in items(options, option) for part in text.split(",")] if option in options else []
    ends = kubernetes.ingress_ends.get(named[0]) if len(named) == 1 else None
    if found is not None and ends is not None and found.series >= ends:
        others = [name for name in kubernetes.ingress_charts if name != named[0]]
        message = f"{kubernetes.title} {version} does not bring {named[0]} alone any more"
        yield Fault(option, message, f"write {others[0]}; [{others[0]}, {named[0]}] has both while workloads move")
