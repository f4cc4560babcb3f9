"""Takes out of texts what tells whose Proxmox it was: names, addresses, keys. Pure.

A name becomes a word of its kind and a number, the same wherever it stands, so that a report can still be followed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from stardock.prove.scope import POOL
from stardock.prove.signs import without

#: What every Proxmox has by itself tells nothing of one (its installer calls a node `pve`); nor do words of which every report is full, or
#: which stand for what was taken out.
_OWN = ("local", "local-lvm", "local-zfs", "vmbr0", "vmbr1", "root", "ssh", "sftp", "localhost", "pve", "proxmox", "debian", "ubuntu")
_FULL = ("cluster", "vm", "server", "agent", "machine", "node", "host", "data", "disk", "disks", "prove", POOL, "")
_CONTENT = ("images", "snippets", "backup", "iso")
_INSTEAD = ("account", "address", "argument", "bridge", "certificate", "datastore", "file", "fingerprint", "folder", "hash", "key")
_SIGNS = ("mac", "number", "pool", "secret", "ticket", "token", "url", "user", "zone")
#: Types in the answers' shapes.
_TYPES = ("text", "number", "truth", "nothing", "several")
COMMON = frozenset((*_OWN, *_FULL, *_CONTENT, *_INSTEAD, *_SIGNS, *_TYPES))
#: What a terminal takes for a colour, also where somebody wrote it out.
_COLOURS = re.compile(r"(?:\x1b|\\(?:u001b|x1b|033|e))\[[\d;?]{0,32}[A-Za-z]", re.IGNORECASE)
#: What is written out inside of a word that begins behind it: a NUL stands there meanwhile, so that everything sees the beginning.
_INSIDE = re.compile(r"(?:\\(?:[bfnrtv]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|%[0-9A-Fa-f]{2})(?=[\w/~])")


@dataclass(slots=True)
class Redactor:
    """`names`: kind (`node`, `datastore`) -> the names that are never told. Longer ones are replaced first."""

    names: Mapping[str, Iterable[str]] = field(default_factory=dict)
    _words: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind, known in self.names.items():
            own = [name for name in dict.fromkeys(known) if name.lower() not in COMMON]
            for number, name in enumerate(own, 1):
                self._words.setdefault(name.lower(), f"({kind} {number})")

    def text(self, told: str) -> str:
        """The text without them: paths, then whatever has a sign, since a name may be a part of that, then names."""
        told = _INSIDE.sub("\\g<0>\0", _COLOURS.sub("", told.replace("\0", "")))
        paths = [word for word in self._words if "/" in word]
        told = without(self._named(told, paths), self._words)
        return self._named(told, [word for word in self._words if word not in paths]).replace("\0", "")

    def _named(self, told: str, words: Iterable[str]) -> str:
        for word in sorted(words, key=len, reverse=True):
            told = re.sub(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", self._words[word], told, flags=re.IGNORECASE)
        return told

    def tree(self, told: object, kept: Collection[str] = ()) -> object:
        """The same of everything that JSON can hold. `kept`: keys that are words of Proxmox' or ours, whoever is called so."""
        if isinstance(told, str):
            return self.text(told)
        if isinstance(told, Mapping):
            return {key if key in kept else self.text(str(key)): self.tree(value, kept) for key, value in told.items()}
        return [self.tree(one, kept) for one in told] if isinstance(told, list | tuple) else told
