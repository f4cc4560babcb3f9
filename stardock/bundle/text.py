"""The one door through which texts go to Ansible: inventory, variables of a run, secrets. Plain texts are never taken for templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from stardock import yamltext
from stardock.yamltext import Dumper

#: What Ansible would evaluate, and what can make it take other marks for these (ansible-core, _internal/_templating/_jinja_bits.py).
_TEMPLATE = ("{{", "{%", "{#", "#jinja2:")


class Template(str):
    """A text that Ansible is meant to evaluate."""

    __slots__ = ()


class _Dumper(Dumper):
    """Marks as unsafe what Ansible would take for a template."""

    def inert(self, text: str) -> yaml.Node:
        """A user's text, whatever it looks like."""
        return self.represent_scalar("!unsafe", text, style='"') if any(mark in text for mark in _TEMPLATE) else self.text(text)


_Dumper.add_representer(str, _Dumper.inert)
_Dumper.add_representer(Template, _Dumper.text)


def yaml_text(data: Mapping[str, Any]) -> str:
    """Write variables as YAML; what a user wrote stays text, whatever it looks like."""
    return yamltext.yaml_text(data, dumper=_Dumper)
