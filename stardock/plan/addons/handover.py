"""Whom workloads are handed over to: Argo CD, Flux, the Pulumi operator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stardock.addons import argo_cd, flux, pulumi
from stardock.addons.git import Git
from stardock.model.addons import Addon
from stardock.model.plan import Plan
from stardock.plan.addons.wish import wish_of

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec import addon_handover as written
    from stardock.spec.addons import Addons


def handover_addons(wanted: Addons, plan: Plan) -> Iterator[Addon]:
    """In the order of cluster.yaml's keys."""
    if wanted.argo_cd is not None:
        yield argo_cd.addon(plan, wish_of(wanted, wanted.argo_cd), _git(wanted.argo_cd.git))
    if wanted.flux is not None:
        yield flux.addon(plan, wish_of(wanted, wanted.flux), _git(wanted.flux.git), wanted.flux.interval)
    if wanted.pulumi is not None:
        yield pulumi.addon(plan, wish_of(wanted, wanted.pulumi), _stack(wanted.pulumi.stack))


def _git(one: written.Git | None) -> Git | None:
    return None if one is None else _repository(one)


def _repository(one: written.Git) -> Git:
    password, key = one.password_from, one.key_from
    return Git(
        **one.model_dump(include={"url", "revision", "path", "user", "known_hosts"}),
        password_source=password.name if password else None,
        key_source=key.name if key else None,
    )


def _stack(one: written.PulumiStack | None) -> pulumi.Stack | None:
    return None if one is None else pulumi.Stack(name=one.name, git=_repository(one.git), token_source=one.token_from.name)
