"""What is asked for where cluster.yaml names no operating system: there is no default, and what exists must stay what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stardock.errors import Problem, StardockError
from stardock.model.cluster_files import ClusterFiles
from stardock.reading import MAX_BYTES, read_file
from stardock.systems import SYSTEMS

#: Key paths under which the missing system of the cluster is told.
_CLUSTER = ("image", "image.system")
#: What the message of such a problem begins with.
_MISSING = "is missing"
#: Names of machines that a message has room for.
_NAMES = 4


def with_systems(problems: list[Problem], data: Mapping[str, Any], file: Path) -> list[Problem]:
    """The same problems; one of a missing system says which there are, which of them tests boot, and with which machines exist."""
    return [_asked(one, data, file) if one.path in _CLUSTER and _MISSING in one.message else one for one in problems]


def _asked(problem: Problem, data: Mapping[str, Any], file: Path) -> Problem:
    existing = _existing(data, ClusterFiles(file).lock)
    message = "no operating system is named (`image.system`), and there is no default"
    if not existing:
        return replace(problem, path="image.system", message=message, cure=f"{_add('debian', problem)}; {_choice()}")
    those = "; ".join(f"{_names(names)} with {name}" for name, names in existing.items())
    most = max(existing, key=lambda name: len(existing[name]))
    message = f"{message}; by the lock {those} exist{'s' if sum(map(len, existing.values())) == 1 else ''}"
    return replace(problem, path="image.system", message=message, cure=f"{_add(most, problem)}, which keeps what exists; {_choice()}")


def _add(name: str, problem: Problem) -> str:
    """What to add: a second `image:` would be refused where there is one."""
    return f"add `image: {{system: {name}}}`" if problem.path == "image" else f"add `system: {name}` to `image`"


def _choice() -> str:
    tested = [name for name, system in SYSTEMS.items() if system.booted_by_tests]
    return f"there are {', '.join(SYSTEMS)}, of which tests boot {', '.join(tested)} (docs/systems.md)"


def _names(names: list[str]) -> str:
    more = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {more} more" if more > 0 else "")


def _existing(data: Mapping[str, Any], lock: Path) -> dict[str, list[str]]:
    """System -> machines that exist with it in pools without an image of their own. The lock is only looked at here: it is read later."""
    pools = data.get("pools")
    own = {str(pool.get("name")) for pool in (pools if isinstance(pools, list) else ()) if isinstance(pool, dict) and pool.get("image")}
    found: dict[str, list[str]] = {}
    for name, record in _records(lock):
        image = record.get("image")
        system = image.get("system") if isinstance(image, dict) else None
        if isinstance(system, str) and system in SYSTEMS and str(record.get("pool")) not in own:
            found.setdefault(system, []).append(name)
    return found


def _records(lock: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        document = json.loads(read_file(lock, what="the lock", most=MAX_BYTES, cure="") or b"{}")
    except (StardockError, ValueError, RecursionError):
        return
    machines = document.get("machines") if isinstance(document, dict) else None
    for name, machine in machines.items() if isinstance(machines, dict) else ():
        record = machine.get("record") if isinstance(machine, dict) else None
        if isinstance(record, dict) and not machine.get("retired"):
            yield name, record
