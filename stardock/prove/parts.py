"""What a proof consists of: for each operating system machines alone, then a cluster of each distribution; one after the other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stardock.prove.check import Check
from stardock.prove.checks import CHECKS, CLUSTER_CHECKS
from stardock.prove.document import Cluster
from stardock.prove.releases import releases


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One set of machines, and what is looked at on them. `cluster`: the Kubernetes that they become; None: none."""

    system: str
    checks: tuple[Check, ...]
    cluster: Cluster | None = None

    @property
    def title(self) -> str:
        """As it is told."""
        return f"{self.system}, {self.cluster.distribution}" if self.cluster else self.system


def parts(systems: Iterable[str], distributions: Iterable[str], vip: str | None, only: tuple[str, ...]) -> tuple[Part, ...]:
    """All of them, in order; `only`: names of checks, and then no part without any of them. What others need is made in any case."""
    found = [Part(system=system, checks=_chosen(CHECKS, only)) for system in systems]
    clusters = [Cluster(distribution=name, version=releases(name)[0], vip=vip) for name in distributions]
    both = [each for one in found for each in (one, *_of_clusters(one.system, clusters, only))]
    return tuple(one for one in both if not only or any(check.name in only for check in one.checks))


def _of_clusters(system: str, clusters: Iterable[Cluster], only: tuple[str, ...]) -> Iterator[Part]:
    yield from (Part(system=system, checks=_chosen(CLUSTER_CHECKS, only), cluster=one) for one in clusters)


def _chosen(checks: tuple[Check, ...], only: tuple[str, ...]) -> tuple[Check, ...]:
    return tuple(one for one in checks if one.needed or not only or one.name in only)
