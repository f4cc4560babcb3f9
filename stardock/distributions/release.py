"""Releases of a Kubernetes, `vX.Y.Z[-rcN]+MARKN` with a mark of the distribution's, and their order.

Kubernetes' version counts first, a release candidate comes before its release, the distribution's own revision of it last (`rke2r2` fixes
`rke2r1`, `k3s2` fixes `k3s1`). The tags are those of github.com/rancher/rke2/releases and github.com/k3s-io/k3s/releases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

_NUMBER = r"(0|[1-9][0-9]{0,2})"
#: No leading zeros, as in semver: `v1.036.5` is no tag.
_KUBERNETES = rf"v{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-[a-z0-9]+(?:\.[a-z0-9]+)*)?"
_REVISION = "([1-9][0-9]{0,2})"
_TAG = re.compile(rf"{_KUBERNETES}\+([a-z][a-z0-9]{{0,9}}[a-z]){_REVISION}")
_PIECES = re.compile(r"\d+|[a-z]+")
_LONGEST = 40


@total_ordering
@dataclass(frozen=True, slots=True)
class Release:
    """One release. `candidate` is what stands between the hyphen and the plus, empty for a release proper; `mark` is behind the plus."""

    major: int
    minor: int
    patch: int
    candidate: str
    mark: str
    revision: int

    def __str__(self) -> str:
        candidate = f"-{self.candidate}" if self.candidate else ""
        return f"v{self.major}.{self.minor}.{self.patch}{candidate}+{self.mark}{self.revision}"

    def __lt__(self, other: Release) -> bool:
        return self._key() < other._key()

    @property
    def series(self) -> tuple[int, int]:
        """Major and minor."""
        return self.major, self.minor

    def _key(self) -> tuple[object, ...]:
        return self.major, self.minor, self.patch, not self.candidate, _counted(self.candidate), self.revision


def _counted(candidate: str) -> tuple[tuple[bool, int, str], ...]:
    """`rc10` comes after `rc9`."""
    return tuple((piece.isdigit(), int(piece) if piece.isdigit() else 0, piece) for piece in _PIECES.findall(candidate))


def tag_pattern(mark: str) -> str:
    """The tags with this mark, as a regular expression."""
    return rf"{_KUBERNETES}\+{mark}{_REVISION}"


def release(text: str) -> Release | None:
    """Read a tag; None for anything else, however long."""
    found = _TAG.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    return Release(int(found[1]), int(found[2]), int(found[3]), (found[4] or "").removeprefix("-"), found[5], int(found[6]))


def series_text(series: tuple[int, int]) -> str:
    """A minor as people write it: v1.36."""
    return f"v{series[0]}.{series[1]}"
