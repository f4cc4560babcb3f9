"""Times whole commands: wall seconds and peak memory of the command itself, the median of some runs after one warm-up."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """Median wall and CPU seconds, the latter with all processes that it started, and the peak memory in MiB of its largest process."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


def once(command: Sequence[str], environment: Mapping[str, str]) -> Figure:
    """One run; CalledProcessError with the command's own words when it fails."""
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    words = process.stderr.read() if process.stderr else b""
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=words)
    return Figure(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(command: Sequence[str], *, runs: int = 5, **environment: str) -> Figure:
    """The median of some runs."""
    full = {**os.environ, **environment}
    once(command, full)
    figures = [once(command, full) for _ in range(runs)]
    return Figure(
        statistics.median(figure.seconds for figure in figures),
        statistics.median(figure.cpu_seconds for figure in figures),
        max(figure.peak_mib for figure in figures),
    )
