"""Objects of add-ons that somebody else made before: they would be overwritten, and would go with the add-on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from ansible_collections.stardock.machine.plugins.module_utils.applied import LABEL, OWNER
from ansible_collections.stardock.machine.plugins.module_utils.kubectl import Kubectl, Object, called, plain, split

#: Taken over without a word: what is in it stays as it is, and it is never deleted with an add-on.
SHARED = "Namespace"
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


def strangers(kubectl: Kubectl, wished: Sequence[Mapping[str, str]], former: Collection[str]) -> Iterator[str]:
    """Say of each wished object that is there without our label who made it, and how it is taken over. Raises KubectlError.

    `former` are names of our own files from before there were labels.
    """
    for (kind, namespace), names in places(wished).items():
        for one in kubectl.named(kind, namespace, sorted(names)):
            metadata = one["metadata"]
            owner = (metadata.get("annotations") or {}).get(OWNER, "")
            if LABEL not in (metadata.get("labels") or {}) and owner not in former:
                yield told(kind, one, owner, names.get(metadata["name"], "NAME"))


def places(wished: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], dict[str, str]]:
    """Kind as kubectl takes it and namespace -> name -> the file that it is in. What the API cannot have is passed over."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for one in wished:
        if one["kind"] != SHARED and all(WORD.fullmatch(one[key]) for key in ("kind", "version")):
            kind = f"{one['kind']}.{one['version']}.{one['group']}"
            found.setdefault((kind, one["namespace"] or "default"), {})[one["name"]] = one["addon"]
    return found


def told(kind: str, one: Object, owner: str, addon: str) -> str:
    """Name it, whose it is, and the command that gives it to us."""
    metadata = one["metadata"]
    where = f" --namespace {metadata['namespace']}" if metadata.get("namespace") else ""
    whose = f" (applied by {plain(owner)})" if owner else ""
    name, _, group = split(kind)
    return f"{called(kind, one)}{whose}: kubectl label {kind if group else name} {metadata['name']}{where} {LABEL}={addon}"
