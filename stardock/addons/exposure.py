"""Whether somebody gives addresses to Services of type LoadBalancer: what ingress controllers are reached by hangs on it."""

from __future__ import annotations

from stardock.distributions import distribution
from stardock.model.plan import Plan


def gives_addresses(plan: Plan, brought: bool) -> bool:
    """`brought`: an add-on does. Otherwise the distribution's own ServiceLB may."""
    own, options = distribution(plan.distribution.name), plan.distribution.options
    disabled = options.get("disable") or ()
    named = disabled.split(",") if isinstance(disabled, str) else list(disabled)
    by_default = bool(own.service_lb) and own.service_lb not in named
    of_its_own = by_default or options.get("enable-servicelb") is True
    return brought or (of_its_own and options.get("disable-cloud-controller") is not True)  # ServiceLB is a part of that
