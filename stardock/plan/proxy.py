"""The proxy of cluster.yaml as the plan has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.model.parts import PackageProxy
from stardock.model.settings import Proxy

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec import proxy


def proxy_of(wanted: proxy.Proxy | None) -> Proxy | None:
    """Both schemes decided."""
    if wanted is None:
        return None
    return Proxy(
        http=wanted.http,
        https=wanted.https or wanted.http,
        user=wanted.user,
        password_source=wanted.password_from.name if wanted.password_from else None,
        no_proxy=wanted.no_proxy,
    )


def package_proxy(wanted: proxy.Proxy | None) -> PackageProxy | None:
    """What first boot may know of it: nothing where it asks for a password."""
    found = proxy_of(wanted)
    if found is None or found.password_source:
        return None
    return PackageProxy(http=found.http, https=found.https, no_proxy=found.no_proxy)
