"""May an account write a folder of a PVE node? Judged by what SFTP lists of it: owner, group and mode; nothing is written to find out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: A line that sftp's `ls -la` prints of the folder itself; what follows the mode may be a number, a name or `?`.
_ITSELF = re.compile(r"(d[rwxsStT-]{9})\S*\s+\S+\s+(\S+)\s+(\S+)\s+\S+\s.*\s(\S*/)?\.")
_HOME = "Remote working directory: "


@dataclass(frozen=True, slots=True)
class Folder:
    """Of a folder: ten characters of mode, owner and group as the server tells them."""

    mode: str
    owner: str
    group: str

    def __str__(self) -> str:
        return f"{self.owner}:{self.group} {self.mode}"


@dataclass(frozen=True, slots=True)
class Judged:
    """`may` is None where only the account's groups decide, which SFTP does not tell."""

    may: bool | None
    why: str = ""


def commands(folder: str) -> str:
    """What to ask sftp: the folder, its parent, and the home, which is the account's own."""
    parent = folder.rpartition("/")[0] or "/"
    return f'pwd\n-ls -la "{folder}"\n-ls -la "{parent}"\n-ls -la\n'


def judged(said: str, folder: str, user: str) -> Judged:
    """What sftp said to `commands`, for that account. A folder that is missing is made by whoever may write its parent."""
    found = _listed(said)
    home = next((line.removeprefix(_HOME) for line in said.splitlines() if line.startswith(_HOME)), "/")
    own = found.get("") if home != "/" else None
    parent = folder.rpartition("/")[0] or "/"
    there = found.get(folder)
    where, what = (folder, there) if there else (parent, found.get(parent))
    if user == "root":
        return Judged(True)
    if what is None:
        return Judged(False, f"{folder} is not there, or {user} may not see it")
    may = _may(what, user, own)
    if may:
        return Judged(True)
    missing = "" if there else f"{folder} is not there, and "
    end = f"so {user} may not write" if may is False else f"which {user} may write as a member of that group only"
    return Judged(may, f"{missing}{where} is {what}, {end}")


def _listed(said: str) -> Mapping[str, Folder]:
    """By path; the home, which is listed without one, by the empty text."""
    lines = (_ITSELF.fullmatch(line.rstrip()) for line in said.splitlines())
    return {(found[4] or "").rstrip("/") or ("/" if found[4] else ""): Folder(found[1], found[2], found[3]) for found in lines if found}


def _may(folder: Folder, user: str, own: Folder | None) -> bool | None:
    if folder.owner == user or (own and folder.owner == own.owner):
        return folder.mode[2] == "w"
    if own and folder.group == own.group:
        return folder.mode[5] == "w"
    if folder.mode[8] == "w":
        return True
    roots_alone = folder.mode[5] != "w" and folder.owner in {"0", "root"}
    return False if roots_alone or (own and folder.mode[5] != "w") else None
