"""One file a Kubernetes; `distribution(name)` finds it. Pure data and functions.

What several have alike is in the other modules here, and takes what differs from the `Kubernetes` that it is given.
"""

from __future__ import annotations

from typing import Literal

from stardock.distributions import rke2
from stardock.distributions.model import NO_PLUGIN, Kubernetes

__all__ = ["DEFAULT", "DEFAULT_NAME", "DISTRIBUTIONS", "NO_PLUGIN", "UNITS_OF_OURS", "Kubernetes", "Name", "distribution"]

#: Name in cluster.yaml (`distribution.name`).
Name = Literal["rke2"]
#: Where cluster.yaml names none.
DEFAULT_NAME: Name = "rke2"

#: Name -> distribution, in the order in which they are offered.
DISTRIBUTIONS: dict[str, Kubernetes] = {each.name: each for each in (rke2.RKE2,)}
DEFAULT = DISTRIBUTIONS[DEFAULT_NAME]

#: How units of systemd begin that only bootstrap restarts, up to a hyphen or a dot. One is of a distribution that is not offered yet: the
#: file that names them is on machines.
UNITS_OF_OURS = ("rke2", "k3s")


def distribution(name: str) -> Kubernetes:
    """Find the distribution of that name; KeyError when there is none."""
    return DISTRIBUTIONS[name]
