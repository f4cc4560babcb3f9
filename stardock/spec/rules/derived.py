"""Rules about options of the distribution that other keys of cluster.yaml stand for."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.distributions.reservations import said_already
from stardock.errors import Problem
from stardock.spec.cluster import Spec
from stardock.spec.derived import ADDED_TO, derived_options
from stardock.spec.keypath import path_text
from stardock.spec.places import at


def options_are_told_once(spec: Spec) -> Iterator[Problem]:
    """Of two places that say the same, one would be read by nobody."""
    for name, found in derived_options(spec).items():
        if name in spec.distribution.options and name not in ADDED_TO:
            message = f"`{name}` is what `{path_text(found.keys)}` says{_where(spec, found.keys)}"
            yield at(spec, ("distribution", "options", name), message, f"delete it here, or delete `{path_text(found.keys)}`")
    if spec.snapshots.s3:
        for name in (name for name in spec.distribution.options if name.startswith("etcd-s3-") and name != "etcd-s3-config-secret"):
            message = f"`{name}` would hide the Secret that `snapshots.s3` becomes: servers read it only where no other `etcd-s3-*` is set"
            yield at(spec, ("distribution", "options", name), message, "delete it; `snapshots.s3` has keys for it")
    if spec.kubelet.reserve:
        for fault in said_already(spec.distribution.options):
            yield at(spec, ("distribution", "options", fault.key), fault.message, fault.cure)
    if (spec.registries.mirrors or spec.registries.access) and "private-registry" in spec.distribution.options:
        message = "`private-registry` names another file than the one that `registries` is written to"
        yield at(spec, ("distribution", "options", "private-registry"), message, "delete it here, or delete `registries`")


def _where(spec: Spec, keys: tuple[str | int, ...]) -> str:
    line = spec.line_of(*keys)
    return f" (line {line})" if line else ""
