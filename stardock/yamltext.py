"""Data structures to YAML that every reader takes alike: cloud-init's and Ansible's YAML 1.1, and 1.2. Emitted by libyaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

#: Texts that YAML 1.1 and 1.2 both read as that text when written bare. PyYAML knows 1.1 alone: `1e3` would come back as a number.
_BARE = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_RESERVED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_TEXT = "tag:yaml.org,2002:str"
#: An emitter folds lines at this width; never, for a line that a person wrote is found again as it was.
_NO_FOLD = -1


class Dumper(yaml.CSafeDumper):
    """Texts in the plainest style that is safe. A subclass may represent other types; nothing is written as an alias."""

    def ignore_aliases(self, _data: object) -> bool:
        """Aliases are for readers of YAML, and these files are for people."""
        return True

    def text(self, text: str) -> yaml.Node:
        """Several lines as a block, bare only where that is safe, else in double quotes."""
        style = "|" if _can_be_block(text) else None if _can_be_bare(text) else '"'
        return self.represent_scalar(_TEXT, str(text), style=style)  # a subclass of str is no text to libyaml


Dumper.add_multi_representer(str, Dumper.text)
Dumper.add_representer(str, Dumper.text)
Dumper.add_multi_representer(Mapping, lambda dumper, data: dumper.represent_dict(data.items()))  # type: ignore[type-abstract]


def yaml_text(data: Mapping[str, Any], *, dumper: type[Dumper] = Dumper) -> str:
    """Write data as YAML, keys in the order given."""
    written = yaml.dump(data, Dumper=dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=_NO_FOLD)
    return str(written)


def _can_be_bare(text: str) -> bool:
    return _BARE.fullmatch(text) is not None and text.lower() not in _RESERVED


def _can_be_block(text: str) -> bool:
    """Several lines of printable characters that begin with one; more than one line break at the end would need a style of its own."""
    lines = text.split("\n")
    return len(lines) > 1 and lines[0].strip() != "" and text[0] != " " and not text.endswith("\n\n") and all(map(str.isprintable, lines))
