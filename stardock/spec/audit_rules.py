"""A rule of an audit policy (audit.k8s.io/v1, PolicyRule), and with which the API server would not start.

It ends where a value is of another type, and on what k8s.io/apiserver refuses (1.36, pkg/apis/audit/validation/validation.go and
pkg/audit/policy/reader.go). Keys that it does not know it passes over; they are refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stardock.nearest import nearest
from stardock.spec.units import shown

_LEVELS = ("None", "Metadata", "Request", "RequestResponse")
_STAGES = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")
_TEXTS = ("users", "userGroups", "verbs", "namespaces", "nonResourceURLs", "omitStages")
_KEYS = ("level", *_TEXTS, "resources", "omitManagedFields")
_RESOURCE_TEXTS = ("resources", "resourceNames")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_EXAMPLE = "write for example resources: [{group: apps, resources: [deployments]}]"

#: Message and cure.
Faults = Iterator[tuple[str, str]]


def rule_faults(rule: Mapping[str, Any]) -> Faults:
    """What is wrong with a rule: its types first, then what its values mean. Only the first counts: those behind it take it as mended."""
    yield from _unknown("a rule of an audit policy", rule, _KEYS)
    if rule.get("level") not in _LEVELS:
        yield f"the level of this rule is {shown(rule.get('level'))}", f"write level: one of {', '.join(_LEVELS)}"
    yield from _not_texts(rule, _TEXTS)
    if not isinstance(rule.get("omitManagedFields", False), bool):
        yield f"`omitManagedFields` is {shown(rule['omitManagedFields'])}", "write true or false"
    yield from _resources(rule.get("resources", []))
    for stage in rule.get("omitStages", []):
        if stage not in _STAGES:
            yield f"{shown(stage)} is not a stage", f"write one of {', '.join(_STAGES)}"
    yield from _urls(rule)


def _unknown(what: str, given: Mapping[str, Any], keys: tuple[str, ...]) -> Faults:
    for key in given:
        if key not in keys:
            near = nearest(str(key), keys)
            yield f"{what} has no key {shown(key)}", f"did you mean `{near}`?" if near else f"it has {', '.join(keys)}"


def _not_texts(given: Mapping[str, Any], keys: tuple[str, ...]) -> Faults:
    for key in keys:
        value = given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            yield f"`{key}` is {shown(value)}", "write a list of texts"


def _resources(value: object) -> Faults:
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        yield f"`resources` is {shown(value)}, and it lists groups with their resources", _EXAMPLE
        return
    for one in value:
        yield from _unknown("an entry of `resources`", one, ("group", *_RESOURCE_TEXTS))
        yield from _not_texts(one, _RESOURCE_TEXTS)
        yield from _group(one.get("group", ""))
        if one.get("resourceNames") and not one.get("resources"):
            yield "`resourceNames` is without `resources`", "write whose names they are, for example resources: [configmaps]"


def _group(group: object) -> Faults:
    """Empty: the core's."""
    if not isinstance(group, str):
        yield f"`group` is {shown(group)}", 'write one group as text in quotes, for example "apps", or "" for that of pods'
    elif group not in ("", "*") and (not _SUBDOMAIN.fullmatch(group) or len(group) > 253):  # noqa: PLR2004  RFC 1123
        yield f"{shown(group)} is not a group of the API", "write it in small letters and without its version, for example apps"


def _urls(rule: Mapping[str, Any]) -> Faults:
    urls = rule.get("nonResourceURLs", [])
    for url in urls:
        if url != "*" and not url.startswith("/"):
            yield f"{shown(url)} does not begin with a slash", "write for example /healthz*"
        elif "*" in url[:-1]:
            yield f"{shown(url)} has a star that is not its end", "write for example /healthz*"
    for key in ("resources", "namespaces"):
        if urls and rule.get(key):
            yield f"`nonResourceURLs` is beside `{key}`, and a rule is for one of the two", "write two rules"
