"""Rules about labels and taints of nodes, where pools and `distribution.options` meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stardock.distributions import distribution
from stardock.distributions.arguments import items
from stardock.distributions.node_labels import clashing_taints, managed_label, managed_taint
from stardock.errors import Problem
from stardock.spec.cluster import Keys, Spec
from stardock.spec.hosts import Host
from stardock.spec.places import at
from stardock.spec.pools import Pool


def node_rules(spec: Spec) -> Iterator[Problem]:
    """Labels that are the distribution's to give, taints that are Kubernetes'; two values of one taint, which end a kubelet."""
    title = distribution(spec.distribution.name).title
    common = items(spec.distribution.options, "node-taint")
    for first, second in clashing_taints(common):
        yield at(spec, ("distribution", "options", "node-taint", common.index(second)), *_both(first, second))
    yield from _managed_taints(spec, ("distribution", "options", "node-taint"), common)
    groups: list[tuple[Keys, Pool | Host]] = [(("pools", p), pool) for p, pool in enumerate(spec.pools)]
    groups += [(("hosts", h), host) for h, host in enumerate(spec.hosts)]
    for keys, group in groups:
        yield from _managed_taints(spec, (*keys, "taints"), group.taints)
        for key in group.labels:
            if (managed := managed_label(title, key)) is not None:
                yield at(spec, (*keys, "labels", key), *managed)
        for first, second in clashing_taints([*common, *group.taints]):
            if second in group.taints:
                yield at(spec, (*keys, "taints", group.taints.index(second)), *_both(first, second))


def _managed_taints(spec: Spec, keys: Keys, taints: Sequence[str]) -> Iterator[Problem]:
    for item, text in enumerate(taints):
        if (managed := managed_taint(text)) is not None:
            yield at(spec, (*keys, item), *managed)


def _both(first: str, second: str) -> tuple[str, str]:
    message = f"a node cannot have both `{first}` and `{second}`: one key, one effect, one value, or its kubelet ends"
    return message, "keep one of them, or write another key"
