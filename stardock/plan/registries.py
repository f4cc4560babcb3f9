"""The registries of cluster.yaml as the plan has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.model.registries import Access, Mirror, Registries

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec import registries


def registries_of(wanted: registries.Registries) -> Registries:
    """Everything that is said of them, in declared order."""
    mirrors = (Mirror(registry=one.registry, endpoints=one.endpoints, rewrite=dict(one.rewrite)) for one in wanted.mirrors)
    return Registries(mirrors=tuple(mirrors), access=tuple(map(_access, wanted.access)))


def _access(one: registries.Access) -> Access:
    source = one.password_from.name if one.password_from else None
    return Access(registry=one.registry, user=one.user, password_source=source, ca=one.ca, insecure=one.insecure)
