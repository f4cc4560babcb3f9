"""What `addons` comes to: each with its release, the merged values, and its objects. Pure; what files hold was read with cluster.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stardock.addons import cert_manager, kured, metallb, metrics_server, own, system_upgrade_controller
from stardock.addons.charts import Chart
from stardock.distributions import distribution
from stardock.model.addons import Addon, ValuesSecret, Wish
from stardock.model.plan import Plan

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec import addons as written
    from stardock.spec.cluster import Spec


def with_addons(spec: Spec, plan: Plan) -> Plan:
    """The plan with its add-ons, and a warning for each whose makers name other releases of Kubernetes."""
    found = tuple(_addons(spec.addons, plan))
    return replace(plan, addons=found, warnings=(*plan.warnings, *(one.fits for one in found if one.fits)))


def _addons(wanted: written.Addons, plan: Plan) -> Iterator[Addon]:
    if wanted.kured is not None:
        yield kured.addon(plan, _wish(wanted, wanted.kured))
    if wanted.metallb is not None:
        pools = [metallb.Pool(**pool.model_dump()) for pool in wanted.metallb.pools]
        peers = [metallb.Peer(**peer.model_dump()) for peer in wanted.metallb.peers]
        yield metallb.addon(plan, _wish(wanted, wanted.metallb), pools, peers)
    if wanted.cert_manager is not None:
        issuers = [cert_manager.Issuer(name=one.name, spec=_issuer(one)) for one in wanted.cert_manager.issuers]
        yield cert_manager.addon(plan, _wish(wanted, wanted.cert_manager), issuers)
    if wanted.metrics_server.values:
        yield metrics_server.addon(wanted.metrics_server.values, distribution(plan.distribution.name).metrics_chart)
    if wanted.system_upgrade_controller is not None:
        yield system_upgrade_controller.addon(wanted.system_upgrade_controller.version)
    yield from (_own(wanted, chart) for chart in wanted.charts)
    for path, objects in wanted.objects.items():
        yield own.manifest_addon(path.rpartition("/")[2].partition(".")[0], path, objects)


def _wish(wanted: written.Addons, chart: written.AddonChart) -> Wish:
    secrets = tuple(ValuesSecret(name=one.name, keys=one.keys) for one in chart.values_secrets)
    version = wanted.archived_version(chart.archive) if chart.archive else chart.version
    return Wish(version=version or None, archive=wanted.archive(chart.archive), values=chart.values, values_secrets=secrets)


def _own(wanted: written.Addons, chart: written.OwnChart) -> Addon:
    wish = _wish(wanted, chart)
    where = Chart(
        name=chart.chart or str(chart.archive),
        release=chart.name,
        repository=chart.repo or "",
        version=wish.version or "",
        namespace=chart.namespace,
    )
    bootstrap: dict[str, Any] = {"bootstrap": True} if chart.bootstrap else {}
    return own.chart_addon(where, wish, createNamespace=True, **bootstrap)


def _issuer(issuer: written.Issuer) -> dict[str, Any]:
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
