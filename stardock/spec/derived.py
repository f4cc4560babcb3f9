"""Keys of cluster.yaml that come to options of the distribution: told once, under a key with a type, and not under `options` as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stardock.distributions import distribution
from stardock.distributions.arguments import items
from stardock.distributions.ingress import NONE, ingress_options

if TYPE_CHECKING:
    from stardock.distributions import Kubernetes
    from stardock.spec.addons import Addons
    from stardock.spec.cluster import Keys, Spec
    from stardock.spec.snapshots import Snapshots

#: Of kube-system: where servers read how S3 is spoken to.
SECRET = "stardock-etcd-s3"  # noqa: S105 -- a name


#: Lists that the user's own items stay in.
ADDED_TO = frozenset({"disable", "kubelet-arg"})


@dataclass(frozen=True, slots=True)
class Derived:
    """The value of an option, and the key that says so."""

    value: Any
    keys: Keys


def derived_options(spec: Spec) -> Mapping[str, Derived]:
    """Option -> what the keys of cluster.yaml make of it; nothing for what they leave open."""
    return dict(_derived(spec))


def all_options(spec: Spec) -> dict[str, Any]:
    """The options that are written, and those that other keys come to."""
    return {**spec.distribution.options, **{name: found.value for name, found in derived_options(spec).items()}}


def _derived(spec: Spec) -> Iterator[tuple[str, Derived]]:
    if spec.registries.embedded:
        yield "embedded-registry", Derived(True, ("registries", "embedded"))
    if spec.registries.system_default:
        yield "system-default-registry", Derived(spec.registries.system_default, ("registries", "system_default"))
    yield from _of_snapshots(spec.snapshots)
    own, written = distribution(spec.distribution.name), spec.distribution.options
    yield from _of_addons(spec.addons, own, written)
    yield from _of_the_cloud(spec.addons, own, written)
    for option, (key, value) in own.network.options(spec.cni.wanted()).items():
        yield option, Derived(value, ("cni", key))


def _of_addons(wanted: Addons, own: Kubernetes, written: Mapping[str, Any]) -> Iterator[tuple[str, Derived]]:
    """Of two that hand out addresses to Services, each would answer for its own; of two ingress controllers likewise."""
    ingress = wanted.ingress
    controller = ingress.controller if ingress and ingress.source == "distribution" else NONE
    options, replaced = ingress_options(own, controller) if ingress else ({}, [])
    yield from ((name, Derived(value, ("addons", "ingress"))) for name, value in options.items())
    addresses = next((key for key in ("metallb", "kube_vip") if getattr(wanted, key)), None)
    gone = [
        *([(own.service_lb, addresses)] if addresses and own.service_lb else []),
        *((chart, "ingress") for chart in replaced),
        *([(own.metrics_server, "metrics_server")] if not wanted.metrics_server.enabled else []),
    ]
    if gone:
        users = _listed(written.get("disable"))
        yield "disable", Derived(list(dict.fromkeys([*users, *(name for name, _ in gone)])), ("addons", gone[0][1]))


def _of_the_cloud(wanted: Addons, own: Kubernetes, options: Mapping[str, Any]) -> Iterator[tuple[str, Derived]]:
    """Nodes wait for a cloud controller that is none of the distribution's."""
    for name, value in own.external_cloud.items() if wanted.proxmox_cloud else ():
        whole = list(dict.fromkeys([*items(options, name), *value])) if isinstance(value, list) else value
        yield name, Derived(whole, ("addons", "proxmox_cloud"))


def _listed(value: Any) -> list[Any]:
    """A list, however it was written."""
    return value.split(",") if isinstance(value, str) else list(value or ())


def _of_snapshots(wanted: Snapshots) -> Iterator[tuple[str, Derived]]:
    if not wanted.enabled:
        yield "etcd-disable-snapshots", Derived(True, ("snapshots", "enabled"))
    if wanted.schedule:
        yield "etcd-snapshot-schedule-cron", Derived(wanted.schedule, ("snapshots", "schedule"))
    if wanted.keep:
        yield "etcd-snapshot-retention", Derived(wanted.keep, ("snapshots", "keep"))
    if wanted.compress:
        yield "etcd-snapshot-compress", Derived(True, ("snapshots", "compress"))
    if wanted.s3:
        yield "etcd-s3", Derived(True, ("snapshots", "s3"))
        yield "etcd-s3-config-secret", Derived(SECRET, ("snapshots", "s3"))
