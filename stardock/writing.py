"""The one door through which files are written: whole, synced, with modes of our own, and never what a symbolic link names.

What lies beside cluster.yaml may come out of a repository that others write to. A link there would lead a write, or a mode, to any file
of this account.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from stardock.errors import ConditionError, cure_of
from stardock.runmark import account

#: Anyone may read what holds no secret.
PUBLIC = 0o644
PRIVATE = 0o600
#: The right to write of all but the owner.
OTHERS_WRITE = 0o022
#: To read or to write.
OTHERS = 0o066

_OWN_MODES = """put the folder of cluster.yaml on a file system of Linux's own: on WSL below ~, not /mnt/c
or mount it for your account alone: vfat with uid=UID,fmask=0177,dmask=0077, CIFS with uid=UID,file_mode=0600,dir_mode=0700; on WSL write
[automount] and options="metadata" to /etc/wsl.conf, then `wsl --shutdown` (docs/files.md#file-systems-without-modes)"""


def write_atomically(path: Path, text: str, *, mode: int = PUBLIC) -> None:
    """Write a file so that a reader, or a crash in the middle, finds the old text or the new one, and never a wider mode than `mode`.

    `ConditionError` where it cannot be written: no right to, no room, a symbolic link.
    """
    write_bytes(path, text.encode(), mode=mode)


def write_bytes(path: Path, data: bytes, *, mode: int = PUBLIC) -> None:
    """The same of what is no text."""
    refuse_link(path)
    try:
        _replace(path, data, mode)
    except OSError as error:
        raise unwritable(path, error) from error


def _replace(path: Path, data: bytes, mode: int) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")  # made 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            _give_mode(path, handle, mode)  # before there is anything to read
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """The new name is in the folder, and without this a power cut may leave the old one, or none (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_in_place(path: Path, *, empty: bool = False) -> int:
    """Open, or make, a file of the owner's alone that is written as it lies there; the descriptor.

    `ConditionError` for a symbolic link, for what is no file, and where there is no right to.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        refuse_link(path)
        raise unwritable(path, error) from error
    try:
        _refuse_device(path, os.fstat(descriptor).st_mode)
        _give_mode(path, descriptor, PRIVATE)
        if empty:
            os.ftruncate(descriptor, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _give_mode(path: Path, descriptor: int, mode: int) -> None:
    """Set the mode of an open file; `ConditionError` where others may do more with it then. A narrower one than asked for will do."""
    with contextlib.suppress(OSError):  # vfat says no, CIFS and WSL's drvfs say yes: what counts is what holds
        os.fchmod(descriptor, mode)
    refuse_open(path, os.fstat(descriptor), mode)


def refuse_open(path: Path, status: os.stat_result, mode: int) -> None:
    """`ConditionError` where others than the owner may read or write what this mode would keep from them."""
    wide = stat.S_IMODE(status.st_mode) & ~mode & OTHERS
    if not wide:
        return
    verb = "write" if wide & OTHERS_WRITE else "read"
    if os.geteuid() not in {0, status.st_uid}:
        message = f"others may {verb} {path}, which belongs to another account ({account(status.st_uid)}): only that one can change it"
        raise ConditionError(message, cure="run as that account, or have it give the file to this one (chown)")
    raise ConditionError(f"others may {verb} {path}: its file system keeps no modes (vfat, a Windows share, WSL's /mnt/c)", cure=_OWN_MODES)


def _refuse_device(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise ConditionError(f"{path} is a device or a pipe, and no file", cure="take it away")


def refuse_link(path: Path) -> None:
    """`ConditionError` where a symbolic link lies."""
    if path.is_symlink():
        message = f"{path} is a symbolic link, and Stardock writes through none"
        raise ConditionError(message, cure="take the link away, or put what it names in its place")


def unwritable(path: Path, error: OSError) -> ConditionError:
    """The error of a file that cannot be written, in words."""
    cure = cure_of(error) or f"see to it that {path.parent} can be written"
    return ConditionError(f"{path} cannot be written: {error.strerror or error}", cure=cure)


def keep_others_from_writing() -> None:
    """Whatever the user's umask is, nobody but the owner may write what this process and those that it starts make."""
    os.umask(os.umask(OTHERS_WRITE) | OTHERS_WRITE)


def close_to_others(folder: Path) -> None:
    """Take from others the right to write a folder and what lies directly in it: an earlier run may have made it under another umask.

    `ConditionError` where it cannot be taken.
    """
    for path in (folder, *folder.iterdir()) if folder.is_dir() else ():
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & OTHERS_WRITE and not path.is_symlink():
            with contextlib.suppress(OSError):
                path.chmod(mode & ~OTHERS_WRITE)
            refuse_open(path, path.lstat(), mode & ~OTHERS_WRITE)
