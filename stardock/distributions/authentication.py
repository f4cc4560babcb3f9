"""The API server's AuthenticationConfiguration: health checks for anybody, nothing else, and who may log in by OpenID Connect.

The load balancers ask /readyz without being anybody. Sources:
- the file and its versions: kubernetes.io/docs/reference/access-authn-authz/authentication (v1 since 1.34; before that v1beta1, whose
  `anonymous` is on by default since 1.32, KEP-4633);
- that it excludes `anonymous-auth` and every `oidc-*`, and what those come to in it: kubernetes, pkg/kubeapiserver/options,
  authentication.go;
- that RKE2 and k3s set `anonymous-auth` beside it until the summer of 2025: `Kubernetes.anonymous` (1.30 was given up, rancher/rke2#8248).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stardock.distributions.arguments import items, named
from stardock.distributions.fault import Fault
from stardock.distributions.model import Anonymous, Kubernetes
from stardock.distributions.release import Release, release
from stardock.nearest import nearest

OPTION = "kube-apiserver-arg"
#: The argument that names a file of one's own; who does that must open the two paths there.
ARGUMENT = "authentication-config"
PATHS = ("/livez", "/readyz")

_GROUP = "apiserver.config.k8s.io"
_STABLE = (1, 34)

_OIDC = "oidc-"
_RENDERED = frozenset(
    f"{_OIDC}{name}"
    for name in ("issuer-url", "client-id", "username-claim", "username-prefix", "groups-claim", "groups-prefix", "required-claim")
)
_NOT_RENDERED = {
    "oidc-ca-file": "holds the authority's certificate, which is `certificateAuthority` in the file",
    "oidc-signing-algs": "has no counterpart in the file, which takes all asymmetric algorithms",
}
_OWN = f"name a file of your own: `{ARGUMENT}=FILE`, with `jwt:` for the issuer and `anonymous:` for {' and '.join(PATHS)}"


def has_own_file(options: Mapping[str, Any]) -> bool:
    """Whether cluster.yaml names another file than Stardock's."""
    return any(named(argument)[0] == ARGUMENT for argument in items(options, OPTION))


def other_arguments(options: Mapping[str, Any]) -> list[str]:
    """The API server's arguments without those that are in Stardock's file."""
    return [argument for argument in items(options, OPTION) if named(argument)[0] not in _RENDERED]


def configuration(options: Mapping[str, Any], version: str, issuers: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The file as data, as that release reads it; empty where cluster.yaml names its own. `issuers` are of `authenticator`."""
    if has_own_file(options):
        return {}
    own = release(version)
    stable = own is None or own.series >= _STABLE
    jwt = [*issuers, *_of_arguments(options)]
    return {
        "apiVersion": f"{_GROUP}/{'v1' if stable else 'v1beta1'}",
        "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": True, "conditions": [{"path": path} for path in PATHS]},
        **({"jwt": jwt} if jwt else {}),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who vouches for people. `username_prefix` None: as the API server's own, `ISSUER#`, and nothing before an e-mail address."""

    issuer: str
    audiences: tuple[str, ...]
    username_claim: str = "sub"
    username_prefix: str | None = None
    groups_claim: str | None = None
    groups_prefix: str = ""
    required_claims: Mapping[str, str] = field(default_factory=dict)
    ca: str | None = None


def authenticator(one: Issuer) -> dict[str, Any]:
    """An entry of `jwt`."""
    usual = "" if one.username_claim == "email" else f"{one.issuer}#"
    username = {"claim": one.username_claim, "prefix": usual if one.username_prefix is None else one.username_prefix}
    groups = {"groups": {"claim": one.groups_claim, "prefix": one.groups_prefix}} if one.groups_claim else {}
    rules = [{"claim": key, "requiredValue": value} for key, value in one.required_claims.items()]
    several = {"audienceMatchPolicy": "MatchAny"} if len(one.audiences) > 1 else {}
    authority = {"certificateAuthority": one.ca} if one.ca else {}
    return {
        "issuer": {"url": one.issuer, **authority, "audiences": list(one.audiences), **several},
        "claimMappings": {"username": username, **groups},
        **({"claimValidationRules": rules} if rules else {}),
    }


def _of_arguments(options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the API server makes of its `oidc-*` arguments itself."""
    said = {name.removeprefix(_OIDC): value for name, value in map(named, items(options, OPTION)) if name in _RENDERED}
    if not said:
        return []
    prefix = said.get("username-prefix") or None
    issuer = Issuer(
        issuer=said.get("issuer-url", ""),
        audiences=(said.get("client-id", ""),),
        username_claim=said.get("username-claim") or "sub",
        username_prefix="" if prefix == "-" else prefix,
        groups_claim=said.get("groups-claim") or None,
        groups_prefix=said.get("groups-prefix", ""),
        required_claims=dict(_required(options)),
    )
    return [authenticator(issuer)]


def _required(options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """`oidc-required-claim` may be given several times, and hold several with commas between."""
    said = [value for name, value in map(named, items(options, OPTION)) if name == "oidc-required-claim"]
    pairs = (pair.partition("=") for value in said for pair in value.split(","))
    return list({key.strip(): value for key, _, value in pairs}.items())


def issuers_twice(options: Mapping[str, Any]) -> Iterator[Fault]:
    """Options that say who may log in, where cluster.yaml has a key for it."""
    for item, argument in enumerate(items(options, OPTION)):
        name, _ = named(argument)
        if name.startswith(_OIDC) or name == ARGUMENT:
            yield Fault(OPTION, f"`{name}` says who may log in, too", "delete it here", item)


def authentication_faults(kubernetes: Kubernetes, options: Mapping[str, Any], version: str) -> Iterator[Fault]:
    """What ends the API server, or shuts the load balancers' checks out."""
    own_file = has_own_file(options)
    for item, argument in enumerate(items(options, OPTION)):
        name, value = named(argument)
        found = _of_argument(name, value, own_file=own_file)
        if found:
            yield Fault(OPTION, *found, item)
    if not own_file:
        yield from _halves(options)
        yield from _too_old(kubernetes.anonymous, release(version))


def _of_argument(name: str, value: str, *, own_file: bool) -> tuple[str, str] | None:
    if name == "anonymous-auth":
        message = f"`anonymous-auth` ends the API server beside a file that says who is anonymous, which {' and '.join(PATHS)} need"
        return message, "delete it: anonymous requests get these two paths and nothing else"
    if not name.startswith(_OIDC):
        return None
    if own_file:
        return f"`{name}` beside `{ARGUMENT}` ends the API server: they exclude each other", "write it as `jwt:` into that file"
    return _unrendered(name) if name not in _RENDERED else _ill_formed(name, value)


def _unrendered(name: str) -> tuple[str, str]:
    if name in _NOT_RENDERED:
        return f"`{name}` cannot go into the file that Stardock writes for the API server: it {_NOT_RENDERED[name]}", _OWN
    known = sorted((*_RENDERED, *_NOT_RENDERED))
    near = nearest(name, known)
    return (
        f"the API server has no argument `{name}`, and ends on it",
        f"did you mean `{near}`?" if near else f"it knows {', '.join(known)}",
    )


def _ill_formed(name: str, value: str) -> tuple[str, str] | None:
    if name == "oidc-issuer-url" and value and not value.startswith("https://"):
        return f"`{value}` is no issuer: the API server takes https only, and ends", "write oidc-issuer-url=https://HOST/PATH"
    if name == "oidc-required-claim" and not all("=" in pair for pair in value.split(",")):
        return f"`{value}` requires nothing: the API server ends on a claim without a value", "write oidc-required-claim=CLAIM=VALUE"
    return None


def _halves(options: Mapping[str, Any]) -> Iterator[Fault]:
    said = {name for name, value in map(named, items(options, OPTION)) if name in _RENDERED and value}
    missing = [name for name in ("oidc-issuer-url", "oidc-client-id") if said and name not in said]
    if missing:
        yield Fault(OPTION, f"`{missing[0]}` is missing beside the other oidc-*: the API server ends", f"add {missing[0]}=...")


def _too_old(anonymous: Anonymous, own: Release | None) -> Iterator[Fault]:
    if own is None or own.series > max(anonymous.first):
        return
    first = anonymous.first.get(own.series)
    needed = release(first) if first else None
    if needed is not None and own >= needed:
        return
    message = f"{own} cannot open {' and '.join(PATHS)} alone to health checks: its API server ends ({anonymous.source})"
    yield Fault("version", message, f"write `version: {first or anonymous.first[max(anonymous.first)]}` or later")
