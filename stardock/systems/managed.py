"""What Stardock owns on a machine: files, whole; and where its packages come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ManagedFile:
    """A file on a machine, whole. `mode` is four octal digits; the group is root, and so is the owner unless said."""

    path: str
    content: str
    mode: str = "0644"
    owner: str = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """Packages from elsewhere. `check` is a URL that must answer before `files` are written and `commands` switch the old sources off."""

    check: str
    files: tuple[ManagedFile, ...]
    commands: tuple[str, ...] = ()
