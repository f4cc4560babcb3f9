"""One file a Kubernetes; `distribution(name)` finds it. Pure data and functions.

What several have alike is in the other modules here, and takes what differs from the `Kubernetes` that it is given.
"""

from __future__ import annotations

from typing import Literal

from stardock.distributions import k3s, rke2
from stardock.distributions.model import Kubernetes
from stardock.distributions.network import NO_PLUGIN

__all__ = ["DEFAULT", "DEFAULT_NAME", "DISTRIBUTIONS", "NO_PLUGIN", "UNITS_OF_OURS", "Kubernetes", "Name", "distribution", "of_release"]

#: Name in cluster.yaml (`distribution.name`).
Name = Literal["rke2", "k3s"]
#: Where cluster.yaml names none.
DEFAULT_NAME: Name = "rke2"

#: Name -> distribution, in the order in which they are offered.
DISTRIBUTIONS: dict[str, Kubernetes] = {each.name: each for each in (rke2.RKE2, k3s.K3S)}
DEFAULT = DISTRIBUTIONS[DEFAULT_NAME]

#: How units of systemd begin that only bootstrap restarts, up to a hyphen or a dot.
UNITS_OF_OURS = tuple(DISTRIBUTIONS)


def distribution(name: str) -> Kubernetes:
    """Find the distribution of that name; KeyError when there is none."""
    return DISTRIBUTIONS[name]


def of_release(text: str) -> Kubernetes | None:
    """The distribution that this is a release of; None when it is none of any."""
    return next((each for each in DISTRIBUTIONS.values() if each.release(text) is not None), None)
