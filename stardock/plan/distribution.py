"""Which release of Kubernetes a cluster is on: cluster.yaml's, else the lock's, else today's default. Pure.

What a cluster begins with is allocated once: a newer Stardock, with another default, upgrades nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stardock.distributions import Kubernetes, distribution
from stardock.distributions.option_rules import option_faults
from stardock.model.lock import Lock
from stardock.spec.derived import derived_options
from stardock.spec.places import at
from stardock.spec.rules.across import option_keys

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.errors import Problem
    from stardock.spec.cluster import Spec


def with_version(spec: Spec, lock: Lock | None) -> Spec:
    """The spec with the release that is decided, where cluster.yaml states none."""
    if spec.distribution.version is not None:
        return spec
    own = distribution(spec.distribution.name)
    version = _held(own, lock) or own.default_version
    return spec.model_copy(update={"distribution": spec.distribution.model_copy(update={"version": version})})


def with_derived(spec: Spec) -> Spec:
    """The spec with the options that its other keys come to."""
    derived = {name: found.value for name, found in derived_options(spec).items()}
    if not derived:
        return spec
    options = {**spec.distribution.options, **derived}
    return spec.model_copy(update={"distribution": spec.distribution.model_copy(update={"options": options})})


def _held(own: Kubernetes, lock: Lock | None) -> str | None:
    """A lock without machines says nothing: it holds pins of images alone."""
    if lock is None or not lock.machines:
        return None
    return lock.distribution_version or own.unrecorded


def allocated(spec: Spec, locked: Lock) -> str | None:
    """What the lock keeps: the release of the first allocation, stated or default. It follows no edit, since one may be refused."""
    return (locked.distribution_version if locked.machines else None) or spec.distribution.version


def distribution_problems(spec: Spec) -> Iterator[Problem]:
    """What of the options does not fit the release that was decided; where cluster.yaml states it, that was told with the file's others."""
    own, options = distribution(spec.distribution.name), spec.distribution.options
    for fault in option_faults(own, options, spec.distribution.version or own.default_version):
        yield at(spec, option_keys(spec, fault), fault.message, fault.cure)
