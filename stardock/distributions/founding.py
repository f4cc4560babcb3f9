"""What a cluster is founded with, and keeps: an edit would break it, machine by machine.

k3s compares the settings that all servers must share while a server joins, and only then (`CriticalControlArgs` in its
pkg/daemons/config/types.go): on servers that are members an edit takes effect at the next restart, one server after the other, and none is
refused. The keys here are those of them that must be equal on all servers (marked `equal` in a distribution's JSON), whether Secrets are
encrypted, the network plugin, whose pods and addresses are there, and where the data lie (`Kubernetes.founding`). Not here, though k3s
compares them too: `embedded-registry`, `supervisor-metrics`, `enable-servicelb` and `secrets-encryption-provider`, which upstream lets one
change by restarting all servers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from stardock.distributions.cidrs import CIDRS, cidrs
from stardock.distributions.fault import Fault
from stardock.distributions.model import Kubernetes
from stardock.distributions.network import settled_values

#: k3s' pkg/cli/server: the tenth address of each network of services.
_DNS = 10

#: What a value may look like; they are read from machines and files, and shown.
_VALUE = re.compile(r"[A-Za-z0-9.:/,_-]{1,200}")


def founding_keys(kubernetes: Kubernetes) -> tuple[str, ...]:
    """The keys that a cluster keeps from its founding on."""
    return tuple(dict.fromkeys((*kubernetes.keys.equal(), *kubernetes.founding)))


def settings(kubernetes: Kubernetes, options: Mapping[str, Any]) -> dict[str, str]:
    """The founding-time settings that options come to, defaults included; lists are parted by commas.

    A value that could not be one, as only a machine's own file can hold it, is left out.
    """
    found = {key: _networks(options, key) for key in CIDRS} | {"cluster-dns": _name_servers(options)}
    found |= {key: _text(options.get(key, default)) for key, default in kubernetes.founding.items()}
    return {key: found[key] for key in founding_keys(kubernetes) if is_setting(kubernetes, key, found[key])}


def is_setting(kubernetes: Kubernetes, key: str, value: str) -> bool:
    """Whether that is a setting, of config.yaml or of a network plugin's chart, and a value that may be shown."""
    keys = {*founding_keys(kubernetes), *(path for paths in kubernetes.network.settled.values() for path in paths)}
    return key in keys and _VALUE.fullmatch(value) is not None


def _networks(options: Mapping[str, Any], key: str) -> str:
    try:
        return ",".join(str(ip_network(text, strict=False)) for text in cidrs(options, key))
    except ValueError:
        return ""


def _name_servers(options: Mapping[str, Any]) -> str:
    try:
        if options.get("cluster-dns"):
            return ",".join(str(ip_address(text)) for text in _text(options["cluster-dns"]).split(","))
        return ",".join(str(ip_network(text, strict=False)[_DNS]) for text in cidrs(options, "service-cidr"))
    except (ValueError, IndexError):
        return ""


def _text(value: Any) -> str:
    items = value if isinstance(value, list | tuple) else [value]
    parts = (part.strip() for item in items for part in (str(item).lower() if isinstance(item, bool) else str(item)).split(","))
    return ",".join(parts)


def said_of_chart(kubernetes: Kubernetes, said: Mapping[str, str]) -> dict[str, str]:
    """Of what a server says: the settings of a network plugin's chart, which config.yaml does not hold."""
    paths = {path for paths in kubernetes.network.settled.values() for path in paths}
    return {path: said[path] for path in sorted(paths) if path in said and is_setting(kubernetes, path, said[path])}


def chart_faults(
    kubernetes: Kubernetes, options: Mapping[str, Any], values: Mapping[str, Any], founded: Mapping[str, str]
) -> Iterator[Fault]:
    """What of the chart's values is otherwise than in a cluster that exists; what no server said is known to be nothing but the default."""
    plugin = kubernetes.plugin(options)
    for key, value in settled_values(kubernetes.network, plugin, values).items():
        default = kubernetes.network.settled[plugin][key]
        settled = f"`{key}` of the network plugin is settled when a cluster is founded"
        if key not in founded and value != default:
            message = f"{settled}, and no server says what it has: `cni` comes to {value}"
            cure = (
                f"run this again when the network plugin runs on a server, which says it then; or write `cni` so that it comes to {default}"
            )
            yield Fault(key, message, cure)
        elif founded.get(key, value) != value:
            message = f"{settled}: it has {founded[key]}, `cni` comes to {value}"
            yield Fault(key, message, f"write `cni` so that it comes to {founded[key]} again; another value needs another cluster")


def founding_faults(
    kubernetes: Kubernetes, options: Mapping[str, Any], founded: Mapping[str, str], who: str = "this one"
) -> Iterator[Fault]:
    """What of the options is otherwise than a cluster was founded with. `founded` are settings, perhaps not all; `who` has them."""
    wanted, defaults = settings(kubernetes, options), settings(kubernetes, {})
    changed = [key for key in founding_keys(kubernetes) if key in founded and key in wanted and founded[key] != wanted[key]]
    for key in changed:
        if key == "cluster-dns" and key not in options and "service-cidr" in changed:
            continue  # it follows
        message = f"`{key}` is settled when a cluster is founded: {who} has {founded[key]}, cluster.yaml wants {wanted[key]}"
        yield Fault(key, message, _cure(key, founded[key], defaults.get(key), is_written=key in options))


def _cure(key: str, value: str, default: str | None, *, is_written: bool) -> str:
    if is_written and value == default:
        return f"delete it ({value} is the default); another value needs another cluster"
    shown = f"[{value.replace(',', ', ')}]" if "," in value else value
    return f"write `{key}: {shown}` again; another value needs another cluster"
