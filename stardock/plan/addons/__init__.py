"""What `addons` comes to: each with its release, the merged values, and its objects. Pure; what files hold was read with cluster.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from stardock.addons import kured, metrics_server, system_upgrade_controller
from stardock.distributions import distribution
from stardock.model.addons import Addon
from stardock.model.plan import Plan
from stardock.plan.addons.certificates import certificate_addons, certificate_warnings
from stardock.plan.addons.handover import handover_addons
from stardock.plan.addons.network import network_addons
from stardock.plan.addons.own import own_addons
from stardock.plan.addons.storage import storage_addons
from stardock.plan.addons.wish import wish_of

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.addons import Addons
    from stardock.spec.cluster import Spec


def with_addons(spec: Spec, plan: Plan) -> Plan:
    """The plan with its add-ons, and a warning for each whose makers name other releases of Kubernetes."""
    found = tuple(_addons(spec.addons, plan))
    warnings = (*(one.fits for one in found if one.fits), *certificate_warnings(spec.addons))
    return replace(plan, addons=found, warnings=(*plan.warnings, *warnings))


def _addons(wanted: Addons, plan: Plan) -> Iterator[Addon]:
    if wanted.kured is not None:
        yield kured.addon(plan, wish_of(wanted, wanted.kured))
    yield from network_addons(wanted, plan)
    yield from certificate_addons(wanted, plan)
    yield from storage_addons(wanted, plan)
    if wanted.metrics_server.values:
        yield metrics_server.addon(wanted.metrics_server.values, distribution(plan.distribution.name).metrics_chart)
    if wanted.system_upgrade_controller is not None:
        yield system_upgrade_controller.addon(wanted.system_upgrade_controller.version)
    yield from handover_addons(wanted, plan)
    yield from own_addons(wanted)
