"""`cni` of cluster.yaml: what a distribution makes of it, as keys of config.yaml and as values of its network plugin's chart.

Why it is settled before the first start: docs.rke2.io, "Network Options"; docs.k3s.io, "Basic Network Options" (`flannel-backend`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stardock.distributions.fault import Fault

MULTUS = "multus"
#: No plugin: nodes are not Ready until the user's own is there.
NO_PLUGIN = "none"
#: The plugin that can do without kube-proxy; one of the user's own may, too.
_WITHOUT_KUBE_PROXY = ("cilium", NO_PLUGIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """An interface between all nodes, and the bytes that a packet in it may have: less than plugins take for granted."""

    interface: str
    mtu: int

    @property
    def pods_mtu(self) -> int:
        """What is left inside of VXLAN over IPv4 (flannel, pkg/backend/vxlan/device.go: `encapOverhead`)."""
        return self.mtu - 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is said under `cni`; None and empty: left to the distribution."""

    plugin: str | None = None
    multus: bool = False
    interface: str | None = None
    encryption: str | None = None
    kube_proxy: bool = True
    backend: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    mesh: Mesh | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How a distribution brings its network plugins."""

    plugins: tuple[str, ...]  # that it can be told to install, NO_PLUGIN among them
    encrypted: tuple[str, ...]  # those that know WireGuard
    options: Callable[[Wanted], dict[str, tuple[str, Any]]]  # keys of config.yaml -> the key under `cni`, and the value
    chart: str | None  # name of a plugin's chart, `{}` for the plugin; None: plugins are built in
    values: Callable[[str, Wanted, bool], dict[str, Any]] | None = None  # of a plugin's chart; the last says whether pods have IPv6 too
    backends: tuple[str, ...] = ()  # that `backend` may name
    by_first_address: tuple[str, ...] = ()  # plugins whose tunnels go between the nodes' own addresses alone
    settled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # plugin -> values of its chart that a cluster keeps -> default
    #: plugin -> values of its chart, `*` for each of a list -> words for which packets between nodes stay in a tunnel, not encrypted again
    tunnelled: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    api_port_key: str = ""  # where plugins find the API on each node moves with this key of agents


def primary(names: tuple[str, ...]) -> str:
    """The plugin that gives pods their network."""
    return next((name for name in reversed(names) if name != MULTUS), NO_PLUGIN)


def network_faults(title: str, own: Network, wanted: Wanted, options: Mapping[str, Any], plugin: str) -> Iterator[Fault]:
    """What of `cni` the distribution of that title cannot do with that plugin, its `options` being those; `key` is the one under `cni`."""
    if wanted.plugin not in (None, *own.plugins):
        message = f"{title} does not bring {wanted.plugin}"
        yield Fault("plugin", message, f"write {' or '.join(own.plugins)}; with {NO_PLUGIN} the network is yours to install")
        return
    if wanted.plugin not in (None, plugin):
        yield Fault("plugin", f"it says {wanted.plugin}, and `distribution.options` come to {plugin}", "delete one of the two")
    if wanted.multus and own.chart is None:
        yield Fault("multus", f"{title} does not bring multus", "delete it, and install multus yourself")
    if wanted.encryption and plugin not in own.encrypted:
        cure = f"delete it, or write `plugin: {' or '.join(own.encrypted)}`"
        yield Fault("encryption", f"{plugin} of {title} knows no WireGuard" if plugin != NO_PLUGIN else _NOBODY, cure)
    if not wanted.kube_proxy and plugin not in _WITHOUT_KUBE_PROXY:
        instead = "cilium" if "cilium" in own.plugins else NO_PLUGIN
        message = f"without kube-proxy nobody serves Services: {plugin} does not take its place"
        yield Fault("kube_proxy", message, f"delete it, or write `plugin: {instead}`")
    elif not wanted.kube_proxy and plugin != NO_PLUGIN and own.api_port_key in options:
        message = f"{plugin} finds the API at the same port of each node, and `{own.api_port_key}` moves that of agents"
        yield Fault("kube_proxy", message, f"delete `{own.api_port_key}` of distribution.options")
    yield from _backend(title, own, wanted, plugin)
    yield from _left_to_nobody(title, own, wanted, plugin)


_NOBODY = "there is no plugin that would be told"


def _backend(title: str, own: Network, wanted: Wanted, plugin: str) -> Iterator[Fault]:
    if wanted.backend is None:
        return
    if wanted.backend not in own.backends or plugin == NO_PLUGIN:
        message = f"{plugin} of {title} has no choice of backends" if plugin != NO_PLUGIN else _NOBODY
        yield Fault("backend", message, "delete it; `encryption: wireguard` is a switch of its own")
    elif wanted.encryption:
        yield Fault("backend", f"WireGuard takes the place of {wanted.backend}", "delete one of `backend` and `encryption`")


def _left_to_nobody(title: str, own: Network, wanted: Wanted, plugin: str) -> Iterator[Fault]:
    for key, value in (("interface", wanted.interface), ("values", wanted.values)):
        if value and plugin == NO_PLUGIN:
            yield Fault(key, _NOBODY, "delete it")
    if wanted.values and plugin != NO_PLUGIN and own.chart is None:
        yield Fault("values", f"{plugin} is built into {title}, and no chart", "delete it")


def settled_values(own: Network, plugin: str, values: Mapping[str, Any]) -> dict[str, str]:
    """What of a chart's values no edit may change in a cluster that exists: path -> value, the chart's default where there is none."""
    return {path: str(_at(values, path.split(".")) or default) for path, default in own.settled.get(plugin, {}).items()}


def _at(values: Mapping[str, Any], path: Sequence[str]) -> Any:
    found = values.get(path[0])
    return _at(found, path[1:]) if path[1:] and isinstance(found, Mapping) else found if not path[1:] else None


def untunnelled(own: Network, plugin: str, users: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], tuple[str, ...]]]:
    """What of a user's values takes packets between nodes out of its tunnel, or encrypts them: where, and the words that do not."""
    for path, words in own.tunnelled.get(plugin, {}).items():
        for keys, value in _each(users, path.split(".")):
            if str(value).lower() not in [word.lower() for word in words]:
                yield keys, words


def _each(value: Any, path: Sequence[str]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """All that is there, with its keys; what is of another form is the chart's to tell."""
    if not path:
        yield (), value
    elif path[0] == "*" and isinstance(value, list):
        yield from (((number, *keys), found) for number, one in enumerate(value) for keys, found in _each(one, path[1:]))
    elif isinstance(value, Mapping) and path[0] in value:
        yield from (((path[0], *keys), found) for keys, found in _each(value[path[0]], path[1:]))


def merged_values(ours: Mapping[str, Any], users: Mapping[str, Any]) -> dict[str, Any]:
    """One mapping of both; where both have a value, ours (`twice` tells)."""
    both = {key: merged_values(value, users[key]) for key, value in ours.items() if _are_mappings(value, users.get(key))}
    return {**users, **ours, **both}


def twice(ours: Mapping[str, Any], users: Mapping[str, Any]) -> Iterator[str]:
    """The paths of values that are in both."""
    for key, value in ours.items():
        if key in users:
            below = twice(value, users[key]) if _are_mappings(value, users[key]) else None
            yield from (f"{key}.{path}" for path in below) if below is not None else (key,)


def _are_mappings(*values: Any) -> bool:
    return all(isinstance(value, Mapping) for value in values)
