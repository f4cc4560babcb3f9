"""`api_server` held against options that name files of one's own for the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stardock.distributions.api_server import ADMISSION, AUDIT, twice
from stardock.distributions.authentication import issuers_twice
from stardock.distributions.fault import Fault
from stardock.errors import Problem
from stardock.spec.cluster import Spec
from stardock.spec.places import at


def api_server_rules(spec: Spec) -> Iterator[Problem]:
    """Of two files the API server reads one."""
    wanted, options = spec.api_server, spec.distribution.options
    if wanted.oidc:
        yield from _told(spec, "oidc", issuers_twice(options))
    if wanted.audit:
        yield from _told(spec, "audit", twice(options, AUDIT))
    if wanted.pod_security:
        yield from _told(spec, "pod_security", twice(options, ADMISSION))
    yield from _one_entry_each(spec)


def _told(spec: Spec, key: str, faults: Iterable[Fault]) -> Iterator[Problem]:
    for fault in faults:
        item = (fault.item,) if fault.item is not None and isinstance(spec.distribution.options[fault.key], list | tuple) else ()
        message = f"{fault.message}, beside `api_server.{key}`"
        yield at(spec, ("distribution", "options", fault.key, *item), message, f"{fault.cure}, or delete `api_server.{key}`")


def _one_entry_each(spec: Spec) -> Iterator[Problem]:
    first: set[str] = set()
    for i, one in enumerate(spec.api_server.oidc):
        if one.issuer in first:
            message = f"two entries are about {one.issuer}, and the API server ends on that"
            yield at(spec, ("api_server", "oidc", i, "issuer"), message, "write one entry with the audiences of both")
        first.add(one.issuer)
