"""cert-manager and its issuers."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from stardock.spec.addon_chart import AddonChart, once
from stardock.spec.addon_values import ObjectName, Values
from stardock.spec.section import Section, broken
from stardock.spec.units import Flag, Form, shown

_SERVERS = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
_EMAIL = r"[^\s@]+@[^\s@]+\.[^\s@]+"


def parse_directory(value: object) -> str:
    """A word for Let's Encrypt, or a URL."""
    if isinstance(value, str) and (value in _SERVERS or value.startswith("https://")):
        return _SERVERS.get(value, value)
    raise broken(f"{shown(value)} is not a directory of ACME", "write letsencrypt, letsencrypt-staging, or an https:// URL")


class Acme(Section):
    """Certificates of Let's Encrypt, or of another one that speaks ACME. Exactly one way to prove who one is."""

    email: Annotated[str, Form(_EMAIL, "an e-mail address", "admin@example.org")] = Field(description="where warnings go")
    directory: Annotated[str, BeforeValidator(parse_directory)] = Field(
        default=_SERVERS["letsencrypt"], description="letsencrypt, letsencrypt-staging, or a URL"
    )
    ingress_class: ObjectName | None = Field(default=None, description="by HTTP: the class of the ingress that answers (http01)")
    solvers: tuple[Values, ...] = Field(default=(), description="otherwise: solvers in cert-manager's own words, such as dns01")

    @model_validator(mode="after")
    def _one_way(self) -> Acme:
        if (self.ingress_class is None) == (not self.solvers):
            raise broken("ACME needs one of `ingress_class` and `solvers`", "write for example ingress_class: traefik")
        return self


class Issuer(Section):
    """A ClusterIssuer. Exactly one of the three."""

    name: ObjectName = Field(description="name of the issuer")
    self_signed: Flag = Field(default=False, description="certificates that sign themselves")
    ca_secret: ObjectName | None = Field(default=None, description="Secret of the namespace cert-manager with an authority's pair of keys")
    acme: Acme | None = Field(default=None, description="an authority that speaks ACME")

    @model_validator(mode="after")
    def _one_kind(self) -> Issuer:
        if sum((self.self_signed, self.ca_secret is not None, self.acme is not None)) != 1:
            raise broken(
                f"{shown(self.name)} is exactly one of `self_signed`, `ca_secret` and `acme`", "write for example self_signed: true"
            )
        return self


class CertManager(AddonChart):
    """cert-manager with its CRDs."""

    CHART: ClassVar[str] = "cert-manager"

    issuers: tuple[Issuer, ...] = Field(default=(), description="ClusterIssuers")

    @model_validator(mode="after")
    def _issuersonce(self) -> CertManager:
        once("issuers", [issuer.name for issuer in self.issuers])
        return self
