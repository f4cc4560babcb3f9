"""Ingress: which controller, and whose."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from stardock.spec.addon_chart import AddonChart
from stardock.spec.section import broken

_OF_A_CHART = ("version", "archive", "values", "values_secrets")


class Ingress(AddonChart):
    """One ingress controller, the cluster's default. There are never two: the distribution's own goes where another is wished."""

    controller: Literal["traefik", "ingress-nginx", "none"] = Field(
        default="traefik", description="which; none: the distribution's own goes too"
    )
    source: Literal["distribution", "chart"] = Field(
        default="distribution", description="the one that the distribution brings, or its makers' own chart"
    )

    @model_validator(mode="after")
    def _what_there_is(self) -> Ingress:
        said = [name for name in _OF_A_CHART if getattr(self, name)]
        if self.controller == "none" and (said or self.source == "chart"):
            raise broken(f"`controller: none` has no `{said[0] if said else 'source'}`", "delete one of the two")
        own = next((name for name in ("version", "archive") if getattr(self, name)), None)
        if self.source == "distribution" and own:
            cure = f"delete `{own}`, or write `source: chart` for its makers' own chart"
            raise broken(f"the distribution's own {self.controller} comes with its release, and takes no `{own}`", cure)
        return self

    @property
    def chart_name(self) -> str:
        """Both charts are called as their controllers are."""
        return self.controller

    @classmethod
    def releases(cls) -> tuple[str, ...]:
        """Of both charts."""
        return ("ingress-traefik", "ingress-nginx")
