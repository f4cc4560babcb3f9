"""Channels of a distribution: which release each is at, as its makers' channel server says.

The list is JSON: `data`, whose items have `name` and `latest` (rancher/channelserver; docs.rke2.io and docs.k3s.io, "Manual Upgrades").
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from stardock.errors import ConditionError
from stardock.images.publisher import fetched

_CURE = "look at that list; `--url` names a copy of it, and `version: TAG` in the place of `channel` needs none"


def channels(url: str) -> Mapping[str, str]:
    """Channel -> tag of a release, as the list says. ConditionError when it does not answer, or is no such list."""
    try:
        text = fetched(url)
    except ConditionError as error:
        raise ConditionError(str(error), cure=_CURE) from error
    try:
        items = json.loads(text)["data"]
        return {str(item["name"]): str(item["latest"]) for item in items if item.get("latest")}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConditionError(f"{url}: this is no list of channels", cure=_CURE) from error
