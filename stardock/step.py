"""A command is a visible list of steps: shown by --dry-run, run in order, each with its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: How a stage tells a person something: one line, without a newline at its end.
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a command does. `what` is one line, written so that a person can decide whether to allow it."""

    name: str
    what: str
    run: Callable[[], None]


def show(steps: Sequence[Step], say: Say) -> None:
    """Say what would be done, in order; does nothing."""
    width = max(len(step.name) for step in steps)
    for number, step in enumerate(steps, 1):
        say(f"{number}. {step.name:<{width}}  {step.what}")


def run(steps: Sequence[Step], say: Say) -> dict[str, float]:
    """Run the steps in order; gives seconds by name. An error of a step ends the run and is raised as it is."""
    seconds: dict[str, float] = {}
    for step in steps:
        say(f"{step.name}: {step.what}")
        began = time.monotonic()
        step.run()
        seconds[step.name] = time.monotonic() - began
    return seconds
