"""The errors that Stardock raises. Raised typed, printed in one place (`stardock.cli.main`), each with an exit code.

Exit codes are part of the interface, documented in docs/exit-codes.md.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass


class StardockError(Exception):
    """Something that the user can act on: what is wrong, and what to do. Never a traceback without --debug."""

    exit_code = 1

    def __init__(self, message: str, *, cure: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file. `line` is 1-based; `path` is the key path, e.g. `pools[0].machines[2].vm_id`."""

    message: str
    path: str = ""
    line: int | None = None
    cure: str | None = None


class InputErrors(StardockError):
    """A file of the user's (cluster.yaml, its lock, its facts) is not usable: all its problems at once."""

    exit_code = 3

    def __init__(self, file: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{file}: {len(problems)} problem{'s' if len(problems) != 1 else ''}")
        self.file = file
        self.problems = problems


class ConditionError(StardockError):
    """The world is not as it must be for this step: endpoint silent, token missing, a machine that does not answer."""

    exit_code = 4


class RefusedError(StardockError):
    """Stardock will not do this unless told to by name: delete a machine, found a second cluster."""

    exit_code = 5


class PartialError(StardockError):
    """Done, except on machines that nothing else depends on and that did not answer: they are named, and the next run does the rest."""

    exit_code = 7


class EngineError(StardockError):
    """A tool that Stardock drives (tofu, cdktf, ansible) failed; its own words are shown."""

    exit_code = 6


#: What the kernel says of a machine that cannot do as it should (errno(3)), and what helps.
_CURES = {
    errno.EACCES: None,
    errno.EPERM: None,
    errno.ENOSPC: "make room on its file system",
    errno.EDQUOT: "make room: the quota of this account is used up",
    errno.EROFS: "this file system is read-only: put cluster.yaml where files can be written",
    errno.ENAMETOOLONG: "give cluster.yaml, or the folder that it is in, a shorter name",
    errno.EMFILE: "allow more open files: ulimit -n 4096",
    errno.ELOOP: "take the symbolic link away",
}


def cure_of(error: OSError) -> str | None:
    """What helps against an error of the system's; None where that depends on the file."""
    return _CURES.get(error.errno or 0)


def of_system(error: OSError) -> ConditionError | None:
    """An error of the system's that nobody expected there, in words; None for one that tells a fault of Stardock's."""
    if "No usable temporary directory" in str(error):
        return ConditionError(
            "no folder for temporary files can be written", cure="name one: export TMPDIR=FOLDER, which is there and has room"
        )
    if error.errno not in _CURES:
        return None
    where = f"{error.filename}: " if error.filename else ""
    cure = cure_of(error) or f"see to it that this account may use {error.filename or 'what it names'}"
    return ConditionError(f"{where}{error.strerror}", cure=cure)
