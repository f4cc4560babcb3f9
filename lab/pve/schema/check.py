"""Checks a request's parameters against a route's rules, in PVE's order and with PVE's words (PVE::JSONSchema)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lab.pve.schema.formats import NESTED, format_error
from lab.pve.schema.model import Rule, Rules

_UNKNOWN = "property is not defined in schema and the schema does not allow additional properties"
_MISSING = "property is missing and it is not optional"
_TYPES = {
    "integer": re.compile(r"[+-]?\d+"),
    "number": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)"),
    "boolean": re.compile(r"(?i:1|on|yes|true|0|off|no|false)"),
}
#: The highest index of netN, scsiN, ...: the schema says it in prose only (qemu-server).
_HIGHEST = {"scsi": 30, "virtio": 15, "sata": 5, "ide": 3, "net": 31, "ipconfig": 31, "serial": 3, "usb": 13, "hostpci": 15}
_HIGHEST |= {"numa": 7, "parallel": 2, "unused": 255, "virtiofs": 9}

Given = Mapping[str, str | Sequence[str]]


class PropertyStringError(ValueError):
    """A property string (`key=value,key=value`) that PVE would not parse."""


def rule_of(rules: Rules, name: str) -> Rule | None:
    """The rule of a parameter, by its name or by its family: `scsi0` is one of `scsi[n]`."""
    if name in rules and "[" not in name:
        return rules[name]
    family = re.fullmatch(r"([a-z]+)(0|[1-9]\d*)", name)
    if not family or int(family[2]) > _HIGHEST.get(family[1], -1):
        return None
    return rules.get(f"{family[1]}[n]")


def parameter_errors(rules: Rules, given: Given) -> dict[str, str]:
    """What is wrong with each parameter; empty when nothing is."""
    errors: dict[str, str] = {}
    for name, value in given.items():
        rule = rule_of(rules, name)
        problem = _UNKNOWN if rule is None else _values_error(rule, value)
        if problem:
            errors[name] = problem
        elif rule and rule.requires and rule.requires not in given:
            errors[rule.requires] = f"missing property - '{name}' requires this property"
    for name, rule in rules.items():
        if not rule.optional and "[" not in name and name not in given:
            errors[name] = _MISSING
    return errors


def _values_error(rule: Rule, value: str | Sequence[str]) -> str | None:
    values = [value] if isinstance(value, str) else list(value)
    if len(values) > 1 and rule.kind != "array":
        return f"type check ('{rule.kind}') failed - got ARRAY"
    return next((problem for one in values if (problem := value_error(rule, one))), None)


def value_error(rule: Rule, value: str) -> str | None:
    """What is wrong with one value, or None."""
    expected = _TYPES.get(rule.kind)
    if expected and not expected.fullmatch(value):
        return f"type check ('{rule.kind}') failed - got '{value}'"
    return _shape_error(rule, value) or _bounds_error(rule, value)


def _shape_error(rule: Rule, value: str) -> str | None:
    if rule.format is not None:
        problem = _format_error(rule.format, value)
        if problem:
            return f"invalid format - {problem}"
    if rule.pattern and not re.fullmatch(rule.pattern, value):
        return "value does not match the regex pattern"
    if rule.max_length is not None and len(value) > rule.max_length:
        return f"value may only be {rule.max_length} characters long"
    if rule.choices and value not in rule.choices:
        return f"value '{value}' does not have a value in the enumeration '{', '.join(rule.choices)}'"
    return None


def _bounds_error(rule: Rule, value: str) -> str | None:
    if rule.kind not in {"integer", "number"}:
        return None
    if rule.maximum is not None and float(value) > rule.maximum:
        return f"value must have a maximum value of {rule.maximum:g}"
    if rule.minimum is not None and float(value) < rule.minimum:
        return f"value must have a minimum value of {rule.minimum:g}"
    return None


def _format_error(form: str | Rules, value: str) -> str | None:
    keys = NESTED.get(form) if isinstance(form, str) else form
    if keys is None:
        return format_error(str(form), value)
    try:
        parse_property_string(keys, value)
    except PropertyStringError as error:
        return str(error)
    return None


def parse_property_string(rules: Rules, text: str) -> dict[str, str]:
    """Parses `a=1,b=2` with an optional leading default value, and checks it. Raises PropertyStringError."""
    found: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        for key, value in _pairs(rules, part):
            if key in found:
                raise PropertyStringError(f"duplicate key in comma-separated list property: {key}")
            found[key] = value
    problems = [f"{key}: {problem}" for key, value in found.items() if (problem := value_error(rules[key], value))]
    problems += [f"{key}: {_MISSING}" for key, rule in rules.items() if not (rule.optional or rule.alias or key in found)]
    if problems:
        raise PropertyStringError("format error\n" + "\n".join(problems))
    return found


def _pairs(rules: Rules, part: str) -> list[tuple[str, str]]:
    key, separator, value = part.partition("=")
    if not separator:
        default = next((name for name, rule in rules.items() if rule.default_key), None)
        if default is None:
            raise PropertyStringError("value without key, but schema does not define a default key")
        return [(default, part)]
    rule = rules.get(key)
    if rule is None:
        raise PropertyStringError(f"format error\n{key}: {_UNKNOWN}")
    if rule.alias is None:
        return [(key, value)]
    return [(rule.alias, value), (rule.key_alias, key)] if rule.key_alias else [(rule.alias, value)]
