"""Reads Proxmox's published schema: {path: {method: {"parameters": {"properties": {...}}}}} as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.pve.schema.model import Route, Rule, Schema


def official_schema(file: Path) -> Schema:
    """The schema in `file`. Raises OSError when it cannot be read, ValueError when it is not such a schema."""
    paths = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(paths, dict) or "/version" not in paths:
        raise ValueError(f"{file.name} is not a PVE API schema: no /version in it")
    routes = [Route(method, path, _rules(info), _permissions(info)) for path, methods in paths.items() for method, info in methods.items()]
    return Schema("official", file.name, routes)


def _rules(info: Mapping[str, Any]) -> dict[str, Rule]:
    parameters = info.get("parameters") or {}
    return {name: rule(spec) for name, spec in (parameters.get("properties") or {}).items()}


def _permissions(info: Mapping[str, Any]) -> dict[str, Any] | None:
    declared = info.get("permissions")
    return {key: declared[key] for key in ("user", "check") if key in declared} if declared else None


def rule(spec: Mapping[str, Any]) -> Rule:
    """One property of the schema. Numbers may be written as strings there, and patterns in Perl's own notation."""
    return Rule(
        kind=spec.get("type", "string"),
        optional=bool(int(spec.get("optional", 0))),
        format=_format(spec.get("format")),
        pattern=spec["pattern"].replace("(?^:", "(?:").replace("{,", "{0,") if spec.get("pattern") else None,
        choices=tuple(str(choice) for choice in spec.get("enum") or ()),
        minimum=_number(spec.get("minimum")),
        maximum=_number(spec.get("maximum")),
        max_length=int(spec["maxLength"]) if "maxLength" in spec else None,
        requires=spec.get("requires"),
        default_key=bool(spec.get("default_key")),
        alias=spec.get("alias"),
        key_alias=spec.get("keyAlias"),
    )


def _format(value: Any) -> str | dict[str, Rule] | None:
    if isinstance(value, dict):
        return {name: rule(spec) for name, spec in value.items()}
    return str(value) if value else None


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
