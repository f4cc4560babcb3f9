"""The errors that Stardock raises. Raised typed, printed in one place (`stardock.cli.main`), each with an exit code.

Exit codes are part of the interface, documented in docs/exit-codes.md.
"""

from __future__ import annotations

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
