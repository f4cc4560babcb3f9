"""The network plugins that RKE2 installs, from its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULT = "canal"
#: No plugin: nodes are not Ready until the user's own is there.
NONE = "none"


def network_plugins(options: Mapping[str, Any]) -> tuple[str, ...]:
    """Their names; RKE2 takes a list, or names with commas between."""
    told = options.get("cni", DEFAULT)
    names = told if isinstance(told, list | tuple) else [told]
    return tuple(name.strip() for one in names for name in str(one).split(","))
