"""What brings traffic to Services: MetalLB or kube-vip, and the ingress controller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stardock.addons import egress, ingress, kube_vip_services, metallb
from stardock.addons.exposure import gives_addresses
from stardock.distributions import distribution
from stardock.distributions.ingress import NONE
from stardock.model.addons import Addon
from stardock.model.plan import Plan
from stardock.plan.addons.wish import wish_of

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.addon_ingress import Ingress
    from stardock.spec.addons import Addons


def network_addons(wanted: Addons, plan: Plan) -> Iterator[Addon]:
    """Addresses first."""
    if wanted.metallb is not None:
        pools = [metallb.Pool(**pool.model_dump()) for pool in wanted.metallb.pools]
        peers = [metallb.Peer(**peer.model_dump()) for peer in wanted.metallb.peers]
        yield metallb.addon(plan, wish_of(wanted, wanted.metallb), pools, peers)
    if wanted.kube_vip is not None:
        wish = wish_of(wanted, wanted.kube_vip)
        yield kube_vip_services.addon(plan, wish, wanted.kube_vip.addresses, wanted.kube_vip.interface)
    if wanted.ingress is not None and wanted.ingress.controller != NONE:
        yield _ingress(wanted, wanted.ingress, plan)
    if wanted.egress:
        yield egress.addon(plan, [egress.Way(**way.model_dump()) for way in wanted.egress])


def _ingress(wanted: Addons, one: Ingress, plan: Plan) -> Addon:
    controller, wish = one.controller, wish_of(wanted, one)
    if one.source == "chart":
        addresses = gives_addresses(plan, bool(wanted.metallb or wanted.kube_vip))
        return ingress.own_chart(plan, wish, controller, addresses)
    return ingress.distributions_own(wish, distribution(plan.distribution.name).ingress_charts[controller], controller)
