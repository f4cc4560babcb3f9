"""`selinux` of the distribution: for the machines of systems with a policy, of which there must be some, and it must be known."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.distributions import Kubernetes, distribution
from stardock.errors import Problem
from stardock.spec.cluster import Spec
from stardock.spec.places import at
from stardock.systems import SYSTEMS, system

_KEYS = ("distribution", "options", "selinux")


def selinux_rules(spec: Spec) -> Iterator[Problem]:
    """`selinux: true` without the policy ends all static pods; where no system has SELinux nothing would come of it."""
    if spec.distribution.options.get("selinux") is not True:
        return
    kubernetes = distribution(spec.distribution.name)
    nodes = [(pool, system(spec.image_of(pool).system)) for pool in spec.pools if pool.role != "loadbalancer"]
    able = {own.name: own for _, own in nodes if own.policy in kubernetes.confinement.policies}
    for own in able.values():
        if not kubernetes.confinement.can_confine(own.policy, spec.distribution.selinux_policy_sha256):
            yield _unpinned(spec, kubernetes, own.policy, own.title)
    if nodes and not able:
        pool, own = nodes[0]
        yield _without(spec, kubernetes.title, own.title, pool.name)


def _without(spec: Spec, kubernetes: str, title: str, pool: str) -> Problem:
    able = ", ".join(name for name, each in SYSTEMS.items() if each.policy)
    message = f"`selinux` is on, and no pool can have it: {title}, of pool {pool}, has no SELinux policy for {kubernetes}"
    return at(spec, _KEYS, message, f"delete it: new machines of a system with such a policy ({able}) have it on by themselves")


def _unpinned(spec: Spec, kubernetes: Kubernetes, base: str | None, title: str) -> Problem:
    url = spec.distribution.selinux_policy_url or kubernetes.confinement.policies[base or ""].url
    message = f"`selinux` is on, and {kubernetes.title}'s policy for {title} is fetched from {url}, whose sha256 is not known"
    return at(spec, _KEYS, message, "add `selinux_policy_sha256: HEX` of that file under `distribution`, or delete this key")
