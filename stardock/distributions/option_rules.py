"""Everything that can be wrong with the options of a distribution: the one function that the spec and the plan ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stardock.distributions.arguments import argument_faults, items
from stardock.distributions.authentication import authentication_faults
from stardock.distributions.authorization import open_faults
from stardock.distributions.fault import Fault
from stardock.distributions.hardening import hardening_faults
from stardock.distributions.ingress import ingress_faults
from stardock.distributions.model import Kubernetes
from stardock.distributions.node_labels import is_label_key, is_label_value, managed_label, taint_of


def option_faults(kubernetes: Kubernetes, options: Mapping[str, Any], version: str) -> Iterator[Fault]:
    """What is wrong with the options for that release; with an empty one, what is wrong for every release.

    Keys that are wrong one by one come first, and are left out of what is held against each other.
    """
    single = list(kubernetes.keys.faults(options, version))
    yield from single
    sound = {name: value for name, value in options.items() if name not in {fault.key for fault in single}}
    yield from _labels(kubernetes.title, sound)
    yield from _taints(sound)
    yield from argument_faults(kubernetes, sound)
    yield from authentication_faults(kubernetes, sound, version)
    yield from open_faults(kubernetes.title, sound)
    yield from hardening_faults(sound)
    yield from _network_plugins(kubernetes, sound)
    yield from _cloud_provider(sound)
    yield from ingress_faults(kubernetes, sound, version)


def _labels(title: str, options: Mapping[str, Any]) -> Iterator[Fault]:
    """A kubelet ends on what is no label; what it may not set itself goes through the API (`stardock.distributions.node_labels`)."""
    first: dict[str, str] = {}
    for item, text in enumerate(items(options, "node-label")):
        key, equals, value = text.partition("=")
        if not equals or not is_label_key(key) or not is_label_value(value):
            yield Fault("node-label", f"`{text:.80}` is not a label of Kubernetes", "write KEY=VALUE, for example disk=ssd", item)
        elif first.setdefault(key, value) != value:
            yield Fault("node-label", f"`{key}` is here twice, as {first[key]} and as {value}", "keep one", item)
        elif (managed := managed_label(title, key)) is not None:
            yield Fault("node-label", *managed, item)


def _taints(options: Mapping[str, Any]) -> Iterator[Fault]:
    for item, text in enumerate(items(options, "node-taint")):
        if taint_of(text) is None:
            cure = "write key=value:NoSchedule, key:PreferNoSchedule or key:NoExecute"
            yield Fault("node-taint", f"`{text:.80}` is not a taint", cure, item)


def _network_plugins(kubernetes: Kubernetes, options: Mapping[str, Any]) -> Iterator[Fault]:
    """rke2, pkg/cli/cmds/server.go `validateCNI`: one plugin, or multus and another one behind it."""
    names = kubernetes.network_plugins(options)
    others = [name for name in names if name != "multus"]
    if names in ((), *((one,) for one in others), *(("multus", one) for one in others)):
        return
    message = f"`cni` holds {', '.join(names)}: {kubernetes.title} ends, it takes one plugin, or multus and another one behind it"
    if len(others) > 1:
        yield Fault("cni", message, f"keep one of {', '.join(others)}")
    else:
        yield Fault("cni", message, f"write [multus, {others[0] if others else kubernetes.network_plugin}]")


def _cloud_provider(options: Mapping[str, Any]) -> Iterator[Fault]:
    """rke2, pkg/rke2/rke2_linux.go `initStaticPodExecutor`."""
    if options.get("cloud-provider-config") and not options.get("cloud-provider-name"):
        yield Fault("cloud-provider-config", "`cloud-provider-config` without `cloud-provider-name` ends RKE2", "add `cloud-provider-name`")
