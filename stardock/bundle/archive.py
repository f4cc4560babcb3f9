"""A bundle as it is carried: a directory, or one tar. Both are input, for they may come from anywhere: looked through before any use.

Of a tar nothing is extracted by `tarfile`: its members are read, and written by ourselves. So no name leads out of a folder, no link is
made or followed, and no mode is taken but the one bit that makes a file a program.
"""

from __future__ import annotations

import io
import os
import re
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stardock.bundle.directory import PARTS
from stardock.errors import InputErrors, Problem
from stardock.reading import read_file

#: Bytes of a tar, and of all files: a bundle of a thousand machines has 40 MB.
MOST_BYTES = 256 << 20
MOST_FILES = 20_000
_MOST_DEPTH = 16
#: What is written into a name; ours are ASCII.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+@-]{0,199}")
#: 1980-01-01, as in wheels: no program takes it for a mistake.
_TIME = 315_532_800
_CURE = "write it anew where cluster.yaml is: runner bundle"
#: What reads of a damaged tar raise beside tarfile's own.
_DAMAGED = (tarfile.TarError, OSError, ValueError, OverflowError, RecursionError, EOFError, LookupError)

SUFFIX = ".tar"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a bundle."""

    data: bytes
    program: bool = False


Entries = Mapping[str, Entry]


def packed(entries: Entries, folder: str) -> bytes:
    """The files as one tar, below a folder; the same files give the same bytes, whoever packs them and when."""
    out = io.BytesIO()
    folders = {str(above) for name in entries for above in PurePosixPath(folder, name).parents if above.parts}
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted({*folders, *(f"{folder}/{name}" for name in entries)}):
            entry = entries.get(name.removeprefix(f"{folder}/"))
            tar.addfile(_member(name, entry), io.BytesIO(entry.data) if entry else None)
    return out.getvalue()


def _member(name: str, entry: Entry | None) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = tarfile.REGTYPE if entry else tarfile.DIRTYPE
    member.size = len(entry.data) if entry else 0
    member.mode = 0o755 if entry is None or entry.program else 0o644
    member.mtime = _TIME
    return member


def read_bundle(path: Path) -> dict[str, Entry]:
    """The files of a bundle. `InputErrors` for what is none: all of a tar, of a directory what a bundle consists of."""
    return dict(sorted((_of_directory(path) if path.is_dir() else _of_tar(path)).items()))


def write_entries(entries: Entries, directory: Path) -> None:
    """Write the files into a directory that is private and empty."""
    for name, entry in entries.items():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(entry.data)
        target.chmod(0o755 if entry.program else 0o644)


def _of_tar(path: Path) -> dict[str, Entry]:
    data = read_file(path, what="the bundle", most=MOST_BYTES, cure=_CURE)
    if data is None:
        raise _refused(path, "there is no such file or directory", "name a bundle, which `runner bundle` writes")
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            return _members(path, tar)
    except _DAMAGED as error:
        raise _refused(path, f"this is no tar that can be read, or a compressed one: {_words(error)}") from None


def _members(path: Path, tar: tarfile.TarFile) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    size, tops = 0, set()
    for number, member in enumerate(tar):
        size += member.size
        _bounded(path, number + 1, size)
        top, name = _place(path, member)
        tops.add(top)
        if member.isdir():
            continue
        if name in found:
            raise _refused(path, f"{_shown(name)} is in it twice")
        found[name] = Entry(_data(path, tar, member), bool(member.mode & stat.S_IXUSR))
    below = next((name for name in found for above in PurePosixPath(name).parents if str(above) in found), None)
    if below:
        raise _refused(path, f"{_shown(below)} is below another file of it")
    if len(tops) > 1:
        raise _refused(path, "it has more than one folder at its top")
    return found


def _place(path: Path, member: tarfile.TarInfo) -> tuple[str, str]:
    """The folder at the top, and the name below it. Nothing but files and folders is taken."""
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE) or member.issparse():
        raise _refused(path, f"{_shown(member.name)} is a link, a device or another thing that no bundle has")
    if member.mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX):
        raise _refused(path, f"{_shown(member.name)} has a mode that no bundle has ({member.mode:o})")
    parts = member.name.split("/")
    if not all(map(_NAME.fullmatch, parts)) or len(parts) > _MOST_DEPTH:
        raise _refused(path, f"{_shown(member.name)} is no name of a bundle's")
    if len(parts) > 1 and parts[1] not in PARTS:
        raise _refused(path, f"{_shown(member.name)} is no part of a bundle")
    if len(parts) == 1 and not member.isdir():
        raise _refused(path, f"{_shown(member.name)} is in no folder")
    return parts[0], "/".join(parts[1:])


def _data(path: Path, tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    data = file.read() if file else b""
    if len(data) != member.size:
        raise _refused(path, f"{_shown(member.name)} is cut off")
    return data


def _of_directory(path: Path) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    size = 0
    for name, status in _listed(path):
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, f"{_shown(name)} is a link, a device or another thing that no bundle has")
        size += status.st_size
        _bounded(path, len(found) + 1, size)
        data = read_file(path / name, what=_shown(name), most=MOST_BYTES, cure=_CURE)
        found[name] = Entry(data or b"", bool(status.st_mode & stat.S_IXUSR))
    return found


def _listed(path: Path) -> Iterator[tuple[str, os.stat_result]]:
    """What is there of a bundle's parts; nothing else in the directory is looked at, and no link is followed."""
    for folder, folders, files in os.walk(path, onerror=_raise):
        below = Path(folder).relative_to(path)
        if not below.parts:
            folders[:] = [one for one in folders if one in PARTS]
        links = [one for one in folders if (Path(folder) / one).is_symlink()]
        for one in (*links, *(name for name in files if below.parts or name in PARTS)):
            yield str(below / one), (Path(folder) / one).lstat()


def _raise(error: OSError) -> None:
    raise error


def _bounded(path: Path, files: int, size: int) -> None:
    if files > MOST_FILES or size > MOST_BYTES:
        raise _refused(path, f"it has more than {MOST_FILES} files or {MOST_BYTES >> 20} MiB")


def _shown(name: str) -> str:
    return ascii(name[:200])


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def _refused(path: Path, message: str, cure: str = _CURE) -> InputErrors:
    return InputErrors(str(path), (Problem(message, cure=cure),))
