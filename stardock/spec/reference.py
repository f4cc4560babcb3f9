"""What cluster.yaml may hold, for editors (JSON schema) and for people (a page of all keys), both from the models."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from stardock.distributions import DISTRIBUTIONS, Kubernetes
from stardock.spec.cluster import Spec
from stardock.spec.hardware import Hardware
from stardock.spec.keypath import EXTENSION
from stardock.spec.section import Section
from stardock.spec.sections import sections_of
from stardock.spec.state_reference import state_page

DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: What a type is called in the page; types of `units` and their like are told by the names of their parsers.
_PARSERS = {
    "parse_mib": "size: `4GiB`, `512MiB`",
    "parse_memory": "size: `4GiB`, `512MiB`",
    "parse_gib": "size in whole GiB: `40GiB`",
    "parse_minutes": "duration: `1h`, `90m`, `1h30m`",
    "parse_label": "name: a-z, 0-9, -",
    "parse_machine_name": "name: a-z, 0-9, -; a letter first",
    "parse_ipv4": "IPv4 address",
    "parse_ipv6": "IPv6 address",
    "parse_network": "network: `10.20.0.0/16`",
    "parse_mesh_network": "network: `10.98.0.0/24`",
    "parse_host_port": "text: HOST:PORT",
    "parse_mac": "MAC address",
    "parse_address": "IP address",
    "parse_own_version": " or ".join(f"`{each.tag_form}`" for each in DISTRIBUTIONS.values()),
    "parse_checksum": "`sha256:...` or `sha512:...`",
    "parse_sha256": "64 hexadecimal digits",
    "parse_file_name": "file name ending in .qcow2, .raw or .vmdk",
    "parse_image_url": "URL",
    "parse_url": "URL",
    "parse_seconds": "time: `90s`, `10m`, `1h30m`",
    "parse_socks5": "`HOST:PORT`",
    "parse_endpoint": "https URL without a path",
    "parse_balloon": "size: `2GiB`, or 0",
    "parse_mount": "absolute path",
    "parse_trunks": "VLANs: `10;20;30-35`",
    "parse_description": "text",
}
_HOOKS = ("hooks.before_deploy", "hooks.after_deploy", "hooks.before_bootstrap", "hooks.after_bootstrap")
_SHORTHAND = {
    "pools.machines": "names, or mappings",
    "pools.machines.devices": "names, or mappings",
    "pools.devices": "names, or mappings",
    "pools.machines.usb": "names, or mappings",
    "pools.usb": "names, or mappings",
    "pools.machines.ha": "true, false, or mapping",
    "pools.ha": "true, false, or mapping",
    "proxmox.nodes": "names, or mappings",
    **dict.fromkeys(_HOOKS, "command lines, or mappings"),
}
_PLAIN = {str: "text", int: "whole number", bool: "true or false"}


def json_schema() -> dict[str, Any]:
    """The JSON schema of cluster.yaml. What stands for a mapping (`machines: [server1]`, `ha: true`) is in it."""
    found = Spec.model_json_schema()
    named = (("Pool", "machines"), ("Pool", "devices"), ("Machine", "devices"), ("Pool", "usb"), ("Machine", "usb"), ("Proxmox", "nodes"))
    for model, key in named:
        _allow_names(found["$defs"][model]["properties"][key])
    for moment in found["$defs"]["Hooks"]["properties"].values():
        _allow_names(moment)
    for model in ("Pool", "Machine"):
        found["$defs"][model]["properties"]["ha"]["anyOf"].append({"type": "boolean"})
    found["patternProperties"] = {f"^{EXTENSION}": {}}
    return {"$schema": DIALECT, **found, "title": "cluster.yaml of Stardock"}


def _allow_names(of: dict[str, Any]) -> None:
    lists = [of, *of.get("anyOf", [])]
    for one in (one for one in lists if "items" in one):
        one["items"] = {"anyOf": [{"type": "string"}, one["items"]]}


def page() -> str:
    """docs/cluster-yaml.md."""
    lines = [
        "# cluster.yaml: every key",
        "",
        "Made from the models by `runner schema --format markdown`; a test compares. Keys that Stardock does not know are refused.",
        "Editors: `runner schema > schema.json`, then `# yaml-language-server: $schema=schema.json` as the file's first line.",
        "`examples/single` is the smallest cluster, `examples/quickstart` the usual one, `examples/dual-stack` has IPv6.",
        f"Top-level keys `{EXTENSION}*` are a place for anchors, and read no further: `{EXTENSION}agent: &agent {{role: agent}}`, then",
        "`- {<<: *agent, name: small, machines: [a1]}` among the pools.",
        "Sizes are binary and carry their unit. The API token of Proxmox and all other secrets are never in this file.",
        "",
        *_table("", Spec),
    ]
    for name, model in _sections("", Spec):
        lines += ["", f"## {name}", "", (model.__doc__ or "").split("\n\n")[0].strip(), "", *_table(name, model)]
    return "\n".join([*lines, "", *state_page(), *_options_page()])


def _options_page() -> list[str]:
    """Of each distribution; what is said of one is said of all."""
    return [line for each in DISTRIBUTIONS.values() for line in _options_of(each)]


def _options_of(kubernetes: Kubernetes) -> list[str]:
    keys = kubernetes.keys
    owned = [f"| `{key}` | {why} |" for key, why in keys.owned.items()]
    secret = ", ".join(f"`{name}`" for name, key in keys.known().items() if key.secret)
    merged = ", ".join(f"`{key}`" for key in sorted(keys.merged))
    return [
        f"## distribution.options of {kubernetes.title} in detail",
        "",
        f"Keys of {kubernetes.title}'s config.yaml, for all machines; keys that only servers know go to servers only. Unknown keys,",
        "values of the wrong type, and keys that the release does not have yet are refused.",
        "",
        f"Stardock adds its own items to {merged}; yours come first.",
        f"Refused, because they are secrets: {secret}.",
        "Refused, because Stardock writes or relies on them:",
        "",
        "| key | why |",
        "|---|---|",
        *owned,
        "",
    ]


def _sections(path: str, model: type[Section]) -> Iterator[tuple[str, type[Section]]]:
    """All mappings below a model, depth first. Those of a kind that was shown already (pools' own image) are left to their table's word."""
    shown = {"pools.image", "pools.interfaces", "network.agent", "network.loadbalancer", *_HOOKS[1:]}
    shown |= {f"pools.machines.{name}" for name in Hardware.model_fields}
    for name, info in _fields(model):
        below = f"{path}.{name}" if path else name
        for section in sections_of(info.annotation) if below not in shown else ():
            yield below, section
            yield from _sections(below, section)


def _fields(model: type[Section]) -> list[tuple[str, FieldInfo]]:
    """The keys that the model names itself, then those that it shares with others."""
    return sorted(model.model_fields.items(), key=lambda item: item[0] not in model.__annotations__)


def _table(path: str, model: type[Section]) -> list[str]:
    rows = [_row(f"{path}.{name}" if path else name, name, info) for name, info in _fields(model)]
    return ["| key | value | default | what for |", "|---|---|---|---|", *rows]


def _row(path: str, name: str, info: FieldInfo) -> str:
    value = _SHORTHAND.get(path) or _value(info.annotation, info.metadata)
    return f"| `{name}` | {value} | {_default(info)} | {info.description} |"


def _value(annotation: Any, metadata: typing.Iterable[Any] = ()) -> str:
    """A type in words."""
    for validator in metadata:
        name = getattr(getattr(validator, "func", None), "__name__", "")
        if name in _PARSERS:
            return _PARSERS[name]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _value(arguments[0], arguments[1:])
    if origin in {types.UnionType, typing.Union}:
        return _value(next(one for one in arguments if one is not types.NoneType))
    return _container(annotation, origin, arguments)


def _container(annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> str:
    if origin is tuple:
        return f"list of {_value(arguments[0])}".replace("of mapping", "of mappings")
    if origin is typing.Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if origin is dict:
        return f"mapping to {_value(arguments[1])}"
    return "mapping" if isinstance(annotation, type) and issubclass(annotation, Section) else _PLAIN.get(annotation, "any value")


def _default(info: FieldInfo) -> str:
    """As it would be written in YAML; empty when the description says it."""
    if info.is_required():
        return "**required**"
    value = info.default
    if value is PydanticUndefined or value is None or value == () or isinstance(value, Section):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if any(getattr(getattr(one, "func", None), "__name__", "") == "parse_minutes" for one in info.metadata):
        return f"`{value}m`" if value % 60 else f"`{value // 60}h`"
    if any(getattr(getattr(one, "func", None), "__name__", "") == "parse_seconds" for one in info.metadata):
        return f"`{value // 60}m`"
    return f"`{list(value) if isinstance(value, tuple) else value}`"
