"""`api_server`: who may log in by OpenID Connect, what is written down, what pods may do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from stardock.spec.audit_rules import rule_faults
from stardock.spec.registries import Certificates
from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Form, between, shown

_MOST = 1000

Level = Literal["None", "Metadata", "Request", "RequestResponse"]
Standard = Literal["privileged", "baseline", "restricted"]
Issuer = Annotated[str, Form(r"https://[^\s/@?#]+(/[^\s?#]*)?", "an issuer: a URL with https", "https://id.example.org/realms/home")]
Word = Annotated[str, Field(min_length=1)]
Namespace = Annotated[str, Form(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "a namespace", "monitoring")]


def parse_rule(value: dict[str, Any]) -> dict[str, Any]:
    """A rule that the API server starts with (`stardock.spec.audit_rules`)."""
    fault = next(rule_faults(value), None)
    if fault:
        raise broken(*fault)
    return value


def _one_each(audiences: tuple[str, ...]) -> tuple[str, ...]:
    """As the API server wants them (k8s.io/apiserver, pkg/apis/apiserver/validation, `validateAudiences`)."""
    twice = next((one for one in audiences if audiences.count(one) > 1), None)
    if twice is not None:
        raise broken(f"{shown(twice)} is there twice", "delete one")
    return audiences


Rule = Annotated[dict[str, Any], AfterValidator(parse_rule)]


class Oidc(Section):
    """An issuer of tokens by which people log in. Its secrets are its clients'; none is here."""

    issuer: Issuer = Field(description="URL as tokens have it in `iss`")
    audiences: Annotated[tuple[Word, ...], AfterValidator(_one_each)] = Field(
        description="whom tokens are for: the client's id", min_length=1
    )
    username_claim: Word = Field(default="sub", description="claim that is the user's name")
    username_prefix: str | None = Field(default=None, description="what is put before it; default: ISSUER#, and nothing before `email`")
    groups_claim: Word | None = Field(default=None, description="claim that lists groups")
    groups_prefix: str = Field(default="", description="what is put before each")
    required_claims: dict[Word, str] = Field(default_factory=dict, description="claim -> value that a token must have")
    ca: Certificates | None = Field(default=None, description="certificates in PEM of the authority that vouches for the issuer")


class Audit(Section):
    """What the API server writes down of requests, into server/logs/audit.log below the distribution's data folder, on each server."""

    level: Level = Field(default="Metadata", description="how much of a request that no rule matches")
    rules: tuple[Rule, ...] = Field(default=(), description="rules of an audit policy of Kubernetes; the first that matches decides")
    max_age: Annotated[Count, between(1, _MOST, "max_age", "30")] = Field(default=30, description="days that a full file is kept")
    max_files: Annotated[Count, between(1, _MOST, "max_files", "10")] = Field(default=10, description="full files that are kept")
    max_size: Annotated[Count, between(1, _MOST, "max_size", "100")] = Field(default=100, description="MiB at which a file is full")


class PodSecurity(Section):
    """Pod Security Standards of namespaces that have no label of their own. The distribution's own namespaces are left out."""

    enforce: Standard = Field(default="privileged", description="pods beyond it are refused")
    audit: Standard | None = Field(default=None, description="pods beyond it are written into the audit log; default: as `enforce`")
    warn: Standard | None = Field(default=None, description="who creates pods beyond it is warned; default: as `enforce`")
    exempt_namespaces: tuple[Namespace, ...] = Field(default=(), description="further namespaces that are left out")


class ApiServer(Section):
    """What the API servers read from files. An edit restarts them one by one."""

    oidc: tuple[Oidc, ...] = Field(default=(), description="issuers by whom people log in")
    audit: Audit | None = Field(default=None, description="audit log; default: none, with `profile: cis` RKE2's own, which is empty")
    pod_security: PodSecurity | None = Field(default=None, description="what pods may do; default: all, with `profile: cis` restricted")
