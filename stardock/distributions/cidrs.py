"""The networks of pods and services, from the distribution's options: one of IPv4, or also one of IPv6 (dual stack).

RKE2 and k3s name them alike (`cluster-cidr`, `service-cidr`) and have the same defaults; both are settled when the cluster is founded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Option -> what it holds in words, and its default.
CIDRS: Mapping[str, tuple[str, str]] = {"cluster-cidr": ("pods", "10.42.0.0/16"), "service-cidr": ("services", "10.43.0.0/16")}


def cidrs(options: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The networks of one option as they were written, as a list or parted by commas; its default where there is none."""
    value = options.get(key) or CIDRS[key][1]
    items = value if isinstance(value, list | tuple) else [value]
    return tuple(part.strip() for item in items for part in str(item).split(","))


def is_dual_stack(options: Mapping[str, Any]) -> bool:
    """Whether pods have IPv6 beside IPv4, so that nodes must say their addresses of both."""
    return any(":" in network for network in cidrs(options, "cluster-cidr"))
