"""Data structures to YAML that every reader takes alike: cloud-init's and Ansible's YAML 1.1, and 1.2."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

#: Texts that YAML 1.1 and 1.2 both read as that text when written bare.
_BARE = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_RESERVED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def styled(value: str) -> Any:
    """The text in the plainest style in which every reader takes it for a text: several lines as a block, bare only where that is safe."""
    return LiteralScalarString(value) if "\n" in value else _one_line(value)


def yaml_text(data: Mapping[str, Any], *, style: Callable[[str], Any] = styled) -> str:
    """Write data as YAML, keys in the order given; `style` makes a value's text what ruamel is to write."""
    writer = YAML()
    writer.width = 1_000_000  # never fold
    writer.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    writer.dump(_styled(data, style), stream)
    return stream.getvalue()


def _styled(value: Any, style: Callable[[str], Any]) -> Any:
    if isinstance(value, Mapping):
        return {_one_line(str(key)): _styled(item, style) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_styled(item, style) for item in value]
    return style(value) if isinstance(value, str) else value


def _one_line(value: str) -> str:
    bare = _BARE.fullmatch(value) and value.lower() not in _RESERVED
    return value if bare else DoubleQuotedScalarString(value)
