"""The one door through which texts go to Ansible: inventory, variables of a run, secrets. Plain texts are never taken for templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stardock import yamltext

#: What Ansible would evaluate, and what can make it take other marks for these (ansible-core, _internal/_templating/_jinja_bits.py).
_TEMPLATE = ("{{", "{%", "{#", "#jinja2:")


class Template(str):
    """A text that Ansible is meant to evaluate."""

    __slots__ = ()


def yaml_text(data: Mapping[str, Any]) -> str:
    """Write variables as YAML; what a user wrote stays text, whatever it looks like."""
    return yamltext.yaml_text(data, style=_inert)


def _inert(value: str) -> str:
    if not isinstance(value, Template) and any(mark in value for mark in _TEMPLATE):
        return f"!unsafe {yamltext.quoted(value)}"
    return yamltext.plain(value)
