"""DRBD's kernel module, which Piraeus builds on each node against the headers of the kernel that runs.

Sources: piraeusdatastore/piraeus-operator, docs/tutorial/install-kernel-headers.md (packages whose headers follow the kernel),
docs/how-to/flatcar.md (the headers are in the image, and /usr/src cannot be mounted), pull request 872 (headers of Debian 13 refer to files
of /usr, which the builder must see). There is no builder for SUSE's kernels (docs/how-to/drbd-loader.md), and no machine with SELinux
enforcing ran it: such systems have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: How the builder is started: as it comes, without /usr/src of the host, or above the host's whole /usr.
Builder = Literal["plain", "without-usr-src", "above-usr"]


@dataclass(frozen=True, slots=True)
class Drbd:
    """What a node needs for it."""

    packages: tuple[str, ...] = ()
    builder: Builder = "plain"
    by_release: Mapping[str, Builder] = field(default_factory=dict)

    def builder_on(self, release: str) -> Builder:
        """How it is started on a release of the system."""
        return self.by_release.get(release, self.builder)


DEBIAN = Drbd(("linux-headers-amd64",), "above-usr", {"12": "plain"})
UBUNTU = Drbd(("linux-headers-virtual",))
FLATCAR = Drbd(builder="without-usr-src")
