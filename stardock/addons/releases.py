"""Which releases of add-ons are pinned, and which releases of Kubernetes their makers name for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stardock.distributions.release import release, series_text

Series = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Release:
    """A release of a chart, and of what it installs. `last` None: its makers name no last Kubernetes."""

    chart: str
    program: str
    first: Series
    last: Series | None

    def fits(self, series: Series) -> bool:
        """Whether its makers name that Kubernetes."""
        return self.first <= series and (self.last is None or series <= self.last)

    @property
    def range(self) -> str:
        """The same for people: `v1.33 to v1.36`."""
        return f"{series_text(self.first)} to {series_text(self.last)}" if self.last else f"{series_text(self.first)} and later"


def series_of(version: str) -> Series:
    """The minor of a release of a distribution."""
    found = release(version)
    return found.series if found else (0, 0)


def pinned(releases: Sequence[Release], series: Series) -> Release:
    """The newest release that fits; where none does, the newest of all. `releases` begin with the newest."""
    return next((one for one in releases if one.fits(series)), releases[0])


def fit(title: str, releases: Sequence[Release], series: Series, version: str | None) -> str:
    """A warning where that Kubernetes is none that the makers name, or the release is none of ours; empty where all is well."""
    chosen = pinned(releases, series) if version is None else next((one for one in releases if one.chart == version), None)
    if chosen is None or chosen.fits(series):
        return ""
    return f"{title} {chosen.chart} is made for Kubernetes {chosen.range}, and this cluster has {series_text(series)}"
