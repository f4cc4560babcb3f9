"""Data structures to YAML for Ansible: plain texts are never taken for templates."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import TaggedScalar
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

#: What Ansible would evaluate.
_TEMPLATE = ("{{", "{%", "{#")


class Template(str):
    """A text that Ansible is meant to evaluate."""

    __slots__ = ()


def yaml_text(data: Mapping[str, Any]) -> str:
    """Write data as YAML: keys in the order given, texts always quoted or as blocks, so that no reader takes one for something else."""
    writer = YAML()
    writer.width = 1_000_000  # never fold
    writer.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    writer.dump(_styled(data), stream)
    return stream.getvalue()


def _styled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _styled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_styled(item) for item in value]
    return _string(value) if isinstance(value, str) else value


def _string(value: str) -> Any:
    if not isinstance(value, Template) and any(mark in value for mark in _TEMPLATE):
        return TaggedScalar(value, style='"', tag="!unsafe")
    return LiteralScalarString(value) if value.endswith("\n") else DoubleQuotedScalarString(value)
