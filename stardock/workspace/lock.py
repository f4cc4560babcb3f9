"""The lock on disk: `X.lock` beside `X.yaml`, JSON with sorted keys, committed by the user. Its shape is in docs/files.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from stardock.errors import Problem, RefusedError
from stardock.model.lock import Lock, LockedMachine, gains
from stardock.spec.keypath import Keys
from stardock.systems import SYSTEMS
from stardock.workspace.records import forms
from stardock.workspace.records.document import MAX_BYTES, MAX_VALUES, Document, Words, has_too_many_values, read_document
from stardock.workspace.records.lock_forms import lock_forms
from stardock.workspace.records.lock_rules import broken_rules
from stardock.workspace.records.lock_version import VERSION, unrecorded_release, version
from stardock.writing import write_atomically

__all__ = ["VERSION", "Lock", "LockedMachine", "forget", "gains", "load_lock", "refuse_lock", "save_lock", "to_json"]

RESTORE = "the lock is written by Stardock only: take it back from version control (git checkout -- {name})"

#: Both sides allocated for themselves: no mixture of them is what anybody planned.
MERGE = (
    "two branches allocated: keep one side whole, the one whose machines exist (git checkout --ours {name}, or --theirs), and nothing of"
    " the other; then `runner plan` shows what the merged cluster.yaml still needs"
)


def to_json(lock: Lock) -> str:
    """Write a lock out: the same lock gives the same bytes, and no secret is in it (a `Machine` has none)."""
    machines = {name: asdict(machine) for name, machine in lock.machines.items()}
    document: dict[str, Any] = {
        "version": version(lock),
        "cluster": lock.cluster,
        "founder": lock.founder,
        "vrid": lock.vrid,
        "machines": machines,
    }
    if lock.images:
        document["images"] = {source: asdict(pin) for source, pin in lock.images.items()}
    if lock.memory:
        document["memory"] = dict(lock.memory)
    if lock.distribution_version:
        document["distribution_version"] = lock.distribution_version
    if lock.former_release:
        document["former_release"] = lock.former_release
    if lock.channels:
        document["channels"] = dict(lock.channels)
    if lock.mesh:
        document["mesh"] = dict(lock.mesh)
    if lock.sites:
        document["sites"] = dict(lock.sites)
    if lock.relays:
        document["relays"] = dict(lock.relays)
    if lock.mesh_port:
        document["mesh_port"] = lock.mesh_port
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def save_lock(path: Path, lock: Lock) -> None:
    """Write the lock so that a reader, or a crash, finds either the old one or the new one.

    `RefusedError` for one that is larger than what is read again: nothing is written.
    """
    text = to_json(lock)
    if size := _excess(text):
        largest = ", then ".join(f"`{field}`" for field in _largest(lock))
        message = f"{path} would have {size}; most of its {len(lock.machines)} machines is {largest}"
        raise RefusedError(message, cure="write less of that in cluster.yaml (download large files in `runcmd`), or make two clusters")
    write_atomically(path, text)


def _excess(text: str) -> str:
    """What `load_lock` would refuse for its size; empty when nothing is."""
    if len(text) > MAX_BYTES:
        return f"{(len(text) >> 20) + 1} MiB, and {MAX_BYTES >> 20} are the most"
    return f"more than {MAX_VALUES} values, which are the most" if has_too_many_values(text) else ""


def _largest(lock: Lock) -> list[str]:
    """The two fields of machines that take most room."""
    sizes: Counter[str] = Counter()
    for machine in lock.machines.values():
        sizes.update({field: len(json.dumps(value)) for field, value in asdict(machine.record).items()})
    return [field for field, _ in sizes.most_common(2)]


def load_lock(path: Path) -> Lock | None:
    """Read a lock; None when there is none.

    `InputErrors` (file, line, key path, cure) when it is damaged, written by a newer Stardock, holds what cluster.yaml may not hold
    either, or was edited into a clash.
    """
    document = read_document(path, _words(path))
    return None if document is None else _checked(document)


def refuse_lock(path: Path, found: Collection[tuple[Keys, str]]) -> None:
    """Raise `InputErrors` with the lines of what contradicts a lock that is readable: key path and words of each."""
    document = read_document(path, _words(path)) if found else None
    if document is not None:
        forms.tell(document, found)


def _words(path: Path) -> Words:
    return Words(name="lock", cure=RESTORE.format(name=path.name), conflict=MERGE.format(name=path.name))


def _checked(document: Document) -> Lock:
    document.refuse(_version(document))
    fields = {key: value for key, value in document.data.items() if key != "version"}
    lock = _completed(forms.read(document, _adapter(), fields, lock_forms()))
    forms.tell(document, broken_rules(lock))
    return lock


def _version(document: Document) -> Iterator[Problem]:
    version = document.data.get("version") if isinstance(document.data, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        yield Problem("this is not a lock: it has no `version`", line=1, cure=document.words.cure)
    elif version > VERSION:
        message = f"the lock has version {version}; this Stardock knows versions up to {VERSION}"
        yield document.problem(message, ("version",), cure="use the newer Stardock that wrote it")
    elif version < 1:
        yield document.problem(f"there is no version {version} of the lock", ("version",))


def _completed(lock: Lock) -> Lock:
    """Records that were written before releases were there get the one that they had then."""
    return replace(lock, machines={name: _with_release(machine) for name, machine in lock.machines.items()})


def _with_release(machine: LockedMachine) -> LockedMachine:
    image = machine.record.image
    if image.release or image.system not in SYSTEMS:
        return machine
    return replace(machine, record=replace(machine.record, image=replace(image, release=unrecorded_release(image))))


@cache
def _adapter() -> TypeAdapter[Lock]:
    return TypeAdapter(Lock)


def forget(lock: Lock, name: str) -> Lock:
    """Free what a retired name was given, or who carries between two sites. `RefusedError` for a name that exists or that nobody knows."""
    if name in lock.relays:
        return replace(lock, relays={pair: relay for pair, relay in lock.relays.items() if pair != name})
    machine = lock.machines.get(name)
    if machine is None:
        held = ", ".join((*sorted(lock.machines), *sorted(lock.relays)))
        raise RefusedError(f"the lock holds nothing for {name}", cure=f"it holds {held or 'no name'}")
    if not machine.retired:
        cure = f"to remove the machine write `remove: [{name}]` in cluster.yaml and deploy; then forget it"
        raise RefusedError(f"{name} still exists: its VM id and addresses are in use", cure=cure)
    return replace(
        lock,
        machines={other: locked for other, locked in lock.machines.items() if other != name},
        mesh={other: address for other, address in lock.mesh.items() if other != name},
        sites={other: site for other, site in lock.sites.items() if other != name},
    )
