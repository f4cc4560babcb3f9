"""What every add-on that is a chart takes."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from stardock.spec.addon_values import Values, ValuesSecret
from stardock.spec.section import Section, broken
from stardock.spec.units import Form

_SEMVER = r"v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]{1,64})?"
ChartVersion = Annotated[str, Form(_SEMVER, "a version of a chart", "1.2.3")]
Archive = Annotated[str, Form(r"[^\0\n]+\.tgz", "a chart's archive", "charts/metallb-0.16.1.tgz")]


class AddonChart(Section):
    """What all charts take."""

    #: The chart's name; empty: whatever the user's archive is.
    CHART: ClassVar[str] = ""

    version: ChartVersion | None = Field(default=None, description="of the chart; default: the pinned one that fits the Kubernetes")
    archive: Archive | None = Field(
        default=None, description="the chart as a file, relative to cluster.yaml: nobody asks its repository, and `version` is the file's"
    )
    values: Values = Field(default_factory=dict, description="values of the chart, over Stardock's")
    values_secrets: tuple[ValuesSecret, ...] = Field(default=(), description="Secrets with further values: what must not stand here")

    @model_validator(mode="after")
    def _one_version(self) -> AddonChart:
        if self.version is not None and self.archive is not None:
            raise broken("the version is the archive's", "delete `version`, or `archive`")
        return self

    @property
    def chart_name(self) -> str:
        """What an archive must be."""
        return self.CHART

    @classmethod
    def releases(cls) -> tuple[str, ...]:
        """The names of the releases that it may become."""
        return (cls.CHART,) if cls.CHART else ()


class KuredChart(AddonChart):
    """kured, with the hours of `maintenance.kured`."""

    CHART: ClassVar[str] = "kured"


def once(what: str, names: list[str]) -> None:
    """Refuse a name that is there twice."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise broken(f"two {what} are named `{twice}`", "give one of them another name")
