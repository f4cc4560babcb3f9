"""The lock on disk: `X.lock` beside `X.yaml`, JSON with sorted keys, committed by the user. Its shape is in docs/files.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stardock.distributions.release import release
from stardock.errors import InputErrors, Problem, RefusedError
from stardock.files import write_atomically
from stardock.plan.claims import Clash, clashes, static_addresses
from stardock.plan.locked import VERSION, Lock, LockedMachine, gains, unrecorded_release, version
from stardock.systems import SYSTEMS

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["VERSION", "Lock", "LockedMachine", "forget", "gains", "load_lock", "save_lock", "to_json"]

RESTORE = "the lock is written by Stardock only: take it back from version control (git checkout -- {name})"

CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
MAC = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")
#: Where the provider (0.111.1) takes a cloud-init drive.
SEED = re.compile(r"ide[0-3]|sata[0-5]|scsi(30|[12]?[0-9])")
#: Bytes; no image of a system comes near, and a wrong number would ask for such a disk.
_LARGEST_DISK = 1 << 50

#: Where a key stands in the document.
Keys = tuple[str | int, ...]


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
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def save_lock(path: Path, lock: Lock) -> None:
    """Write the lock so that a reader, or a crash, finds either the old one or the new one."""
    write_atomically(path, to_json(lock))


def load_lock(path: Path) -> Lock | None:
    """Read a lock; None when there is none.

    `InputErrors` (file, line, cure) when it is damaged, written by a newer Stardock, or edited into a clash.
    """
    if not path.exists():
        return None
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        raise InputErrors(str(path), (Problem(f"the lock cannot be read: {error.strerror}"),)) from error
    except UnicodeDecodeError as error:
        raise InputErrors(str(path), (_problem(path, "this is not text"),)) from error
    except json.JSONDecodeError as error:
        raise InputErrors(str(path), (_problem(path, f"this is not JSON: {error.msg}", line=error.lineno),)) from error
    return _checked(path, text, document)


def _checked(path: Path, text: str, document: Any) -> Lock:
    problems = [*_version(path, text, document)] or [*_shape(path, text, document)]
    if not problems:
        lock = _parsed(document)
        checks = (_clashes, _counted_twice, _values, _pins, _memory, _release)
        problems = [problem for check in checks for problem in check(path, text, lock)]
    if problems:
        raise InputErrors(str(path), tuple(problems))
    return lock


def _version(path: Path, text: str, document: Any) -> Iterator[Problem]:
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        yield _problem(path, "this is not a lock: it has no `version`", line=1)
    elif version > VERSION:
        message = f"the lock has version {version}; this Stardock knows versions up to {VERSION}"
        yield replace(_problem(path, message, line=_line(text, ("version",))), cure="use the newer Stardock that wrote it")


def _shape(path: Path, text: str, document: dict[str, Any]) -> Iterator[Problem]:
    from pydantic import ValidationError  # noqa: PLC0415 - a tenth of a second

    try:
        _parsed(document)
    except ValidationError as errors:
        for error in errors.errors(include_url=False, include_input=False):
            keys = error["loc"]
            yield _problem(path, f"{'.'.join(map(str, keys))}: {error['msg']}", line=_line(text, keys))


def _clashes(path: Path, text: str, lock: Lock) -> Iterator[Problem]:
    """What Stardock never writes: one value given twice, a record under another's name, a founder that is not there."""
    for clash in clashes((name, machine.record) for name, machine in lock.machines.items()):
        message = f"{clash.second} and {clash.first} have the same {clash.words} {clash.value}"
        yield _problem(path, message, line=_line(text, _clash_keys(lock, clash)))
    for name, machine in lock.machines.items():
        if machine.record.name != name:
            keys: Keys = ("machines", name, "record", "name")
            yield _problem(path, f"the record of {name} is that of {machine.record.name}", line=_line(text, keys))
    if lock.founder not in lock.machines and (lock.founder or lock.machines):
        yield _problem(path, f"the founder {lock.founder} is not among the machines", line=_line(text, ("founder",)))


def _counted_twice(path: Path, text: str, lock: Lock) -> Iterator[Problem]:
    """Two names with one ordinal in a pool, or one place in a role: they would get one address, one window."""
    seen: dict[tuple[str, str, int], str] = {}
    for name, machine in lock.machines.items():
        for key, group, number in (
            ("ordinal", f"pool {machine.pool}", machine.ordinal),
            ("place", f"role {machine.record.role}", machine.place),
        ):
            first = seen.setdefault((key, group, number), name)
            if first != name:
                message = f"{name} and {first} have the same {key} {number} in {group}"
                yield _problem(path, message, line=_line(text, ("machines", name, key)))


def _clash_keys(lock: Lock, clash: Clash) -> Keys:
    record: Keys = ("machines", clash.second, "record")
    if clash.field == "vm_id":
        return (*record, "vm_id")
    interfaces = lock.machines[clash.second].record.interfaces
    position = next(i for i, nic in enumerate(interfaces) if clash.value in (nic.mac, *static_addresses(nic)))
    ipv6 = ("ipv6",) if clash.field == "address" and clash.value != interfaces[position].address else ()
    return (*record, "interfaces", position, *ipv6, clash.field)


def _values(path: Path, text: str, lock: Lock) -> Iterator[Problem]:
    """Values that are of the right type and still nothing: an address that is none, a system that nobody knows."""
    for name, machine in lock.machines.items():
        yield from _system(path, text, name, machine)
        for i, nic in enumerate(machine.record.interfaces):
            keys: Keys = ("machines", name, "record", "interfaces", i)
            if not MAC.fullmatch(nic.mac):
                yield _problem(path, f"{name}: {nic.mac!r:.60} is not a MAC", line=_line(text, (*keys, "mac")))
            if nic.address is not None and not _is_address(nic.address):
                yield _problem(path, f"{name}: {nic.address!r:.60} is not an IPv4 address", line=_line(text, (*keys, "address")))
            if nic.ipv6 is not None and (nic.ipv6.mode == "static") != _is_address(nic.ipv6.address or "", IPv6Address):
                message = f"{name}: {nic.ipv6.address!r:.60} is not an IPv6 address of mode {nic.ipv6.mode}"
                yield _problem(path, message, line=_line(text, (*keys, "ipv6")))


def _system(path: Path, text: str, name: str, machine: LockedMachine) -> Iterator[Problem]:
    image, keys = machine.record.image, ("machines", name, "record")
    own = SYSTEMS.get(image.system)
    if own is None:
        yield _problem(path, f"{name}: {image.system!r:.60} is no system", line=_line(text, (*keys, "image", "system")))
    elif image.release not in {release.name for release in own.releases}:
        yield _problem(path, f"{name}: {image.release!r:.60} is no release of {own.title}", line=_line(text, (*keys, "image", "release")))
    if not SEED.fullmatch(machine.record.seed_interface):
        message = f"{name}: {machine.record.seed_interface!r:.60} is no slot of a cloud-init drive"
        yield _problem(path, message, line=_line(text, (*keys, "seed_interface")))
    if machine.record.seed_interface == machine.record.disk_interface:
        message = f"{name} has its first disk on {machine.record.disk_interface} already"
        yield _problem(path, message, line=_line(text, (*keys, "seed_interface")))


def _pins(path: Path, text: str, lock: Lock) -> Iterator[Problem]:
    """A pin that is no checksum would pass for one until a PVE node downloads by it."""
    for source, pin in lock.images.items():
        if not CHECKSUM.fullmatch(pin.checksum):
            yield _problem(path, f"{source}: {pin.checksum!r:.60} is not a checksum", line=_line(text, ("images", source, "checksum")))
        if pin.virtual_bytes is not None and not 0 < pin.virtual_bytes <= _LARGEST_DISK:
            message = f"{source}: {pin.virtual_bytes} bytes are no size of an image's disk"
            yield _problem(path, message, line=_line(text, ("images", source, "virtual_bytes")))


def _memory(path: Path, text: str, lock: Lock) -> Iterator[Problem]:
    for name, mib in lock.memory.items():
        if mib <= 0:
            yield _problem(path, f"{name}: {mib} MiB are no memory of a PVE node", line=_line(text, ("memory", name)))


def _release(path: Path, text: str, lock: Lock) -> Iterator[Problem]:
    if lock.distribution_version is not None and release(lock.distribution_version) is None:
        message = f"{lock.distribution_version!r:.60} is not a release of RKE2"
        yield _problem(path, message, line=_line(text, ("distribution_version",)))


def _is_address(text: str, family: type[IPv4Address | IPv6Address] = IPv4Address) -> bool:
    try:
        return str(family(text)) == text
    except ValueError:
        return False


def _parsed(document: dict[str, Any]) -> Lock:
    fields = {key: value for key, value in document.items() if key != "version"}
    return _completed(_adapter().validate_json(json.dumps(fields), strict=True))


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
    from pydantic import TypeAdapter  # noqa: PLC0415 - a tenth of a second

    return TypeAdapter(Lock)


def _problem(path: Path, message: str, *, line: int | None = None) -> Problem:
    return Problem(message=message, line=line, cure=RESTORE.format(name=path.name))


def _line(text: str, keys: tuple[str | int, ...]) -> int | None:
    """The 1-based line of a key, or of the nearest one above that is there. Only on the way to an error: ruamel is slow."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - see above; JSON is YAML

    node: Any = YAML().load(text)
    line = 1
    for key in keys:
        if not _has(node, key):
            break
        line = 1 + (node.lc.key(key) if isinstance(key, str) else node.lc.item(key))[0]
        node = node[key]
    return line


def _has(node: Any, key: str | int) -> bool:
    return (isinstance(node, Mapping) and key in node) or (isinstance(node, list) and isinstance(key, int) and key < len(node))


def forget(lock: Lock, name: str) -> Lock:
    """Free what a retired name was given. `RefusedError` for a name that stands, `StardockError` for one that nobody knows."""
    machine = lock.machines.get(name)
    if machine is None:
        raise RefusedError(f"the lock holds nothing for {name}", cure=f"it holds {', '.join(sorted(lock.machines)) or 'no name'}")
    if not machine.retired:
        cure = f"to remove the machine write `remove: [{name}]` in cluster.yaml and deploy; then forget it"
        raise RefusedError(f"{name} still stands: its VM id and addresses are in use", cure=cure)
    return replace(lock, machines={other: kept for other, kept in lock.machines.items() if other != name})
