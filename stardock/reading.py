"""The one door through which files of the user's are read: bounded, never a device, and in words where it cannot be."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path
from shlex import quote

from stardock.errors import InputErrors, Problem

#: Of a cluster.yaml: a thousand machines, each with words of its own, have less than one MiB.
MAX_BYTES = 16 << 20
#: Of a Terraform state: that of a thousand machines has about 20 MB.
MAX_STATE_BYTES = 128 << 20


def read_file(path: Path, *, what: str, most: int, cure: str) -> bytes | None:
    """Read a file of at most so many bytes; None when there is none. `what` it is, and the `cure`, are for messages.

    `InputErrors` for one that cannot be read, and for what would never end: a device, a pipe.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        if path.is_symlink():
            raise _unreadable(path, f"{what} is a symbolic link to nothing", cure) from None
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _unreadable(path, f"{what} is a symbolic link that leads back to itself", _loop_cure(path, cure)) from None
        raise _unreadable(path, f"{what} cannot be read: {error.strerror}", "name a file that you may read") from None
    try:
        _refuse_endless(path, os.fstat(descriptor), what, most, cure)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(descriptor)


def _loop_cure(path: Path, cure: str) -> str:
    """The link of the last name; it may be a folder's on the way to it."""
    link = next((one for one in (path, *path.parents) if one.is_symlink()), path)
    return f"take the link away: rm {quote(str(link))}" + (f"; then: {cure}" if cure else "")


def _refuse_endless(path: Path, status: os.stat_result, what: str, most: int, cure: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = "Is a directory" if stat.S_ISDIR(status.st_mode) else "It is a device or a pipe"
        raise _unreadable(path, f"{what} cannot be read: {kind}", cure)
    if status.st_size > most:
        raise _unreadable(path, f"{what} has {status.st_size >> 20} MiB; {most >> 20} are the most", cure)


def _unreadable(path: Path, message: str, cure: str) -> InputErrors:
    return InputErrors(str(path), (Problem(message, cure=cure),))


#: What git leaves where two branches changed the same lines.
_CONFLICT = re.compile(r"^(?:<{7}|>{7})(?=[ \r\n]|\Z)", re.MULTILINE)


def conflict_line(text: str) -> int | None:
    """The 1-based line of the first conflict mark of git's; None without any."""
    found = _CONFLICT.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else None
