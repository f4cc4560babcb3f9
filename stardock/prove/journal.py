"""What a proof makes, written down and synced before it is made: `journal.jsonl` in its folder, a line a thing.

After a kill at any moment it names at least all that was made. A last line without an end was being written when the kill came: what it
would have named was not made.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from stardock.errors import ConditionError, InputErrors, Problem
from stardock.prove.scope import Scope, is_cluster
from stardock.prove.things import Vm, Volume
from stardock.reading import read_file
from stardock.writing import open_in_place

FORMAT = 1
_MOST = 1 << 20
_CLEANED = {"cleaned": True}
_KEEP = "only `runner prove` writes it; where somebody else did, look in Proxmox for VMs and files with `prove-` in their names"


@dataclass(frozen=True, slots=True)
class Proxmox:
    """On which Proxmox, and as whom: where it answers, the name of its PVE cluster, the user whose token was taken."""

    endpoint: str
    name: str
    user: str


@dataclass(frozen=True, slots=True)
class Written:
    """What a journal holds. `began` in seconds since 1970; `told`: disks that no VM has, seen while that could be seen."""

    scope: Scope
    things: tuple[Vm | Volume, ...] = ()
    proxmox: Proxmox = Proxmox("", "", "")
    began: int = field(default=0, compare=False)
    told: tuple[str, ...] = ()


def begin(path: Path, scope: Scope, proxmox: Proxmox) -> None:
    """The first line: on which Proxmox, and what may be touched there. FileExistsError where there is a journal already: what it names is
    to be taken away first.
    """
    if path.exists():
        raise FileExistsError(path)
    _append(path, [{"format": FORMAT, "proxmox": asdict(proxmox), "began": int(time.time()), **asdict(scope)}])


def finish(path: Path) -> None:
    """All of it is gone; from here on there is nothing to remove, also where a kill leaves this file behind."""
    _append(path, [_CLEANED])


def intend(path: Path, things: Iterable[Vm | Volume]) -> None:
    """Write down what is made next; on disk when this returns."""
    _append(path, [{"vm": asdict(one)} if isinstance(one, Vm) else {"volume": asdict(one)} for one in things])


def tell(path: Path, words: Iterable[str]) -> None:
    """Keep what a later clean-up cannot see any more."""
    _append(path, [{"told": one} for one in words])


def read(path: Path) -> Written | None:
    """What was begun; None where there is nothing, or nothing any more.

    `InputErrors` for what is no journal of ours: nothing is taken away by it.
    """
    data = read_file(path, what="the journal", most=_MOST, cure=_KEEP)
    if data is None:
        return None
    lines = data.decode(errors="replace").split("\n")[:-1]  # what has no end was not made
    if not lines:
        return None
    try:
        head, *rest = [json.loads(line) for line in lines]
        if rest and rest[-1] == _CLEANED:
            return None
        proxmox = Proxmox(**{key: str(value) for key, value in head.pop("proxmox").items()})
        told = tuple(str(one["told"]) for one in rest if "told" in one)
        began = int(head.pop("began", 0))
        return Written(_scope(head), tuple(_thing(one) for one in rest if "told" not in one), proxmox, began, told)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputErrors(str(path), (Problem(f"this is no journal of a proof: {type(error).__name__}", cure=_KEEP),)) from None


def _append(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Behind the last whole line: what has no end is cut off."""
    descriptor = open_in_place(path)
    try:
        end = os.pread(descriptor, _MOST, 0).rfind(b"\n") + 1
        os.ftruncate(descriptor, end)
        os.lseek(descriptor, end, os.SEEK_SET)
        text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
        _write(path, descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, descriptor: int, data: bytes) -> None:
    """A disk that fills up takes a part, and says so by the count alone (write(2)): nothing is made by such a journal."""
    if (count := os.write(descriptor, data)) != len(data):
        raise ConditionError(f"{path}: the disk took {count} of {len(data)} bytes", cure="make room on it, then: runner prove --clean")


def _scope(row: dict[str, Any]) -> Scope:
    if row.pop("format") != FORMAT:
        raise ValueError("format")
    scope = Scope(**row)
    if not (isinstance(scope.first, int) and isinstance(scope.last, int) and is_cluster(scope.cluster) and scope.pool):
        raise ValueError("scope")
    return scope


def _thing(row: dict[str, Any]) -> Vm | Volume:
    ((kind, told),) = row.items()
    if kind == "vm":
        return Vm(int(told["vm_id"]), str(told["name"]), str(told["pve_node"]), tuple(map(str, told["tags"])))
    if kind != "volume":
        raise ValueError(kind)
    return Volume(str(told["pve_node"]), str(told["datastore"]), str(told["volume"]), told["what"])
