"""Where a value stands in cluster.yaml."""

from __future__ import annotations

#: A key path: mapping keys and list positions from the root.
Keys = tuple[str | int, ...]

#: How top-level keys begin that are the user's own place for anchors: extensions, in the words of the Compose specification.
EXTENSION = "x-"


def path_text(keys: Keys) -> str:
    """`("pools", 0, "role")` -> `pools[0].role`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")
