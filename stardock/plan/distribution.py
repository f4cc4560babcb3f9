"""Which release of Kubernetes a cluster is on: cluster.yaml's, else the lock's, else today's default. Pure.

What a cluster begins with is allocated once: a newer Stardock, with another default, upgrades nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stardock.distributions.option_rules import option_faults
from stardock.model.lock import Lock
from stardock.spec.distribution import DEFAULT_VERSION
from stardock.spec.places import at
from stardock.spec.rules.across import option_keys

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.errors import Problem
    from stardock.spec.cluster import Spec

#: What every Stardock wanted by default before the lock held a release; locks of then stand for it.
FIRST_DEFAULT = "v1.36.5+rke2r1"


def with_version(spec: Spec, lock: Lock | None) -> Spec:
    """The spec with the release that is decided, where cluster.yaml states none."""
    if spec.distribution.version is not None:
        return spec
    return spec.model_copy(update={"distribution": spec.distribution.model_copy(update={"version": _held(lock) or DEFAULT_VERSION})})


def _held(lock: Lock | None) -> str | None:
    """A lock without machines says nothing: it holds pins of images alone."""
    if lock is None or not lock.machines:
        return None
    return lock.distribution_version or FIRST_DEFAULT


def allocated(spec: Spec, held: Lock) -> str | None:
    """What the lock keeps: the release of the first allocation, stated or default. It follows no edit, since one may be refused."""
    return (held.distribution_version if held.machines else None) or spec.distribution.version


def distribution_problems(spec: Spec) -> Iterator[Problem]:
    """What of the options does not fit the release that was decided; where cluster.yaml states it, that was told with the file's others."""
    options = spec.distribution.options
    for fault in option_faults(options, spec.distribution.version or DEFAULT_VERSION):
        yield at(spec, option_keys(spec, fault), fault.message, fault.cure)
