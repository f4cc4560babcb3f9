"""cert-manager and its issuers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stardock.addons import cert_manager
from stardock.addons.ingress import CONTROLLERS
from stardock.distributions.ingress import NONE
from stardock.model.addons import Addon
from stardock.model.plan import Plan
from stardock.plan.addons.wish import wish_of

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.addon_certificates import Issuer
    from stardock.spec.addons import Addons

#: Values by which charts call their class otherwise: of traefik's, and what holds that of ingress-nginx'.
_CLASSES = frozenset({"ingressClass", "controller"})


def certificate_addons(wanted: Addons, plan: Plan) -> Iterator[Addon]:
    """cert-manager, where it is wished."""
    if wanted.cert_manager is not None:
        issuers = [cert_manager.Issuer(name=one.name, spec=_issuer(one)) for one in wanted.cert_manager.issuers]
        yield cert_manager.addon(plan, wish_of(wanted, wanted.cert_manager), issuers)


def certificate_warnings(wanted: Addons) -> Iterator[str]:
    """Challenges that no planned ingress answers. Whoever calls its class otherwise, in `values`, knows it."""
    ingress = wanted.ingress
    if wanted.cert_manager is None or ingress is None or ingress.controller == NONE or _CLASSES & ingress.values.keys():
        return
    planned = CONTROLLERS[ingress.controller].ingress_class
    for issuer in wanted.cert_manager.issuers:
        asked = issuer.acme.ingress_class if issuer.acme else None
        if asked is not None and asked != planned:
            yield f"issuer {issuer.name} waits for an ingress of class `{asked}`, and that of `addons.ingress` is `{planned}`"


def _issuer(issuer: Issuer) -> dict[str, Any]:
    """In cert-manager's words. The account's key is a Secret that it makes itself."""
    if issuer.acme is None:
        return {"ca": {"secretName": issuer.ca_secret}} if issuer.ca_secret else {"selfSigned": {}}
    acme = issuer.acme
    by_http = [{"http01": {"ingress": {"ingressClassName": acme.ingress_class}}}] if acme.ingress_class else []
    return {
        "acme": {
            "email": acme.email,
            "server": acme.directory,
            "privateKeySecretRef": {"name": f"{issuer.name}-account"},
            "solvers": [*by_http, *acme.solvers],
        }
    }
