"""Data structures to YAML that every reader takes alike, inside of a Terraform template."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

#: Strings that YAML 1.1 (cloud-init) and 1.2 both read as that string when written bare.
_BARE = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_RESERVED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def yaml_text(data: Mapping[str, Any]) -> str:
    """Write data as YAML: keys in the order given, several lines as a block, strings quoted that a reader could take for something else."""
    writer = YAML()
    writer.width = 1_000_000  # never fold
    writer.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    writer.dump(_styled(data), stream)
    return stream.getvalue()


def _styled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _styled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_styled(item) for item in value]
    return _string(value) if isinstance(value, str) else value


def _string(value: str) -> str:
    if "\n" in value:
        return LiteralScalarString(value)
    bare = _BARE.fullmatch(value) and value.lower() not in _RESERVED
    return value if bare else DoubleQuotedScalarString(value)


def template(text: str, variables: Iterable[str]) -> str:
    """Escape what Terraform would interpolate, all but the references to these variables."""
    escaped = text.replace("${", "$${").replace("%{", "%%{")
    for name in variables:
        escaped = escaped.replace(f"${reference(name)}", reference(name))
    return escaped


def reference(variable: str) -> str:
    """Refer to a Terraform variable."""
    return f"${{var.{variable}}}"
