"""Which release of Kubernetes a cluster is on: cluster.yaml's, else the lock's, else today's default. Pure.

What a cluster begins with is allocated once: a newer Stardock, with another default, upgrades nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stardock.distributions import DEFAULT, Kubernetes, distribution, of_release
from stardock.distributions.option_rules import option_faults
from stardock.model.facts import Facts
from stardock.model.lock import Lock
from stardock.spec.derived import all_options
from stardock.spec.places import at
from stardock.spec.rules.across import option_keys
from stardock.spec.rules.own_options import own_options_fit

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.errors import Problem
    from stardock.spec.cluster import Spec


def with_version(spec: Spec, lock: Lock | None) -> Spec:
    """The spec with the release that is decided, where cluster.yaml states none."""
    if spec.distribution.version is not None:
        return spec
    own = distribution(spec.distribution.name)
    version = _of_channel(spec, lock) or _held(own, lock) or own.default_version
    return spec.model_copy(update={"distribution": spec.distribution.model_copy(update={"version": version})})


def with_derived(spec: Spec) -> Spec:
    """The spec with the options that its other keys come to."""
    return spec.model_copy(update={"distribution": spec.distribution.model_copy(update={"options": all_options(spec)})})


def channel_key(spec: Spec) -> str:
    """Under which the lock holds the release of its channel."""
    return f"{spec.distribution.name}/{spec.distribution.channel}"


def _of_channel(spec: Spec, lock: Lock | None) -> str | None:
    return lock.channels.get(channel_key(spec)) if lock and spec.distribution.channel else None


def channel_problems(spec: Spec, lock: Lock | None) -> Iterator[Problem]:
    """Planning asks nobody which release a channel is at: the lock says it."""
    if spec.distribution.channel and _of_channel(spec, lock) is None:
        message = f"the lock does not say which release channel {spec.distribution.channel} is at"
        yield at(
            spec, ("distribution", "channel"), message, "run `runner lock channel`: it asks once, and writes the release into the lock"
        )


def _held(own: Kubernetes, lock: Lock | None) -> str | None:
    """A lock without machines says nothing: it holds pins of images alone. A release of another distribution is none for this one."""
    if lock is None or not lock.machines:
        return None
    held = (lock.distribution_version or own.unrecorded, lock.former_release)
    return next((release for release in held if release and own.release(release) is not None), None)


def recorded(lock: Lock) -> Kubernetes | None:
    """The distribution that a lock's machines are for; None where it holds none."""
    if not lock.machines:
        return None
    return (of_release(lock.distribution_version) if lock.distribution_version else None) or DEFAULT


def founded_problem(spec: Spec, lock: Lock, facts: Facts) -> Problem | None:
    """What is wrong with another distribution for a cluster that is founded; before it is, any will do."""
    own, held = distribution(spec.distribution.name), recorded(lock)
    if facts.founded is None or held is None or held is own:
        return None
    message = f"the cluster was founded with {held.title}, and cluster.yaml wants {own.title}: neither becomes the other"
    cure = f"write `name: {held.name}` again; another Kubernetes needs another cluster, with a file and machines of its own"
    return at(spec, ("distribution", "name"), message, cure)


def allocated(spec: Spec, locked: Lock) -> str | None:
    """What the lock keeps: the release of the first allocation, stated or default. It follows no edit, since one may be refused.

    Another distribution is another beginning: `founded_problem` tells where that is too late, if it is known. What was before is
    `former_release`, to come back to: a checkout without facts cannot tell.
    """
    own, kept = distribution(spec.distribution.name), (locked.distribution_version, locked.former_release) if locked.machines else ()
    return next((release for release in kept if release and own.release(release) is not None), spec.distribution.version)


def former(spec: Spec, locked: Lock) -> str | None:
    """The release of the distribution that cluster.yaml named before this one."""
    own, known = distribution(spec.distribution.name), (locked.distribution_version or DEFAULT.unrecorded, locked.former_release)
    return next((release for release in known if release and own.release(release) is None), None) if locked.machines else None


def distribution_problems(spec: Spec) -> Iterator[Problem]:
    """What of the options does not fit the release that was decided; where cluster.yaml states it, that was told with the file's others."""
    own, options = distribution(spec.distribution.name), spec.distribution.options
    for fault in option_faults(own, options, spec.distribution.version or own.default_version):
        yield at(spec, option_keys(spec, fault), fault.message, fault.cure)
    yield from own_options_fit(spec)
