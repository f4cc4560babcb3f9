"""cert-manager and its issuers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stardock.addons import cert_manager
from stardock.model.addons import Addon
from stardock.model.plan import Plan
from stardock.plan.addons.wish import wish_of

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.addon_certificates import Issuer
    from stardock.spec.addons import Addons


def certificate_addons(wanted: Addons, plan: Plan) -> Iterator[Addon]:
    """cert-manager, where it is wished."""
    if wanted.cert_manager is not None:
        issuers = [cert_manager.Issuer(name=one.name, spec=_issuer(one)) for one in wanted.cert_manager.issuers]
        yield cert_manager.addon(plan, wish_of(wanted, wanted.cert_manager), issuers)


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
