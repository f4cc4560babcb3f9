"""Which releases a proof begins with and goes to; and where they are, on estates whose machines download nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stardock.distributions import distribution
from stardock.errors import ConditionError

#: A folder of releases; of a proof it has a folder for each version.
VARIABLE = "STARDOCK_ARTIFACTS"


def releases(name: str) -> tuple[str, ...]:
    """The patch release before the one that Stardock itself would take, and that; that alone where there is none before."""
    known = distribution(name)
    last = known.release(known.default_version)
    if last is None or not last.patch:
        return (known.default_version,)
    return (str(replace(last, patch=last.patch - 1, revision=1)), known.default_version)


def folder_of(version: str) -> Path | None:
    """Where that release is; None: machines download it. Raises ConditionError where it should be in a folder and is not."""
    given = os.environ.get(VARIABLE)
    if not given:
        return None
    folder = Path(given) / version
    if not folder.is_dir():
        cure = f"put its files into {folder}; or unset {VARIABLE}, and machines download it"
        raise ConditionError(f"{VARIABLE} names {given}, and a proof looks there for {version}, a folder of its own", cure=cure)
    return folder


@contextlib.contextmanager
def at_hand(version: str) -> Iterator[None]:
    """While it lasts, bootstrap finds this release."""
    given, folder = os.environ.get(VARIABLE), folder_of(version)
    if folder is None or given is None:
        yield
        return
    os.environ[VARIABLE] = str(folder)
    try:
        yield
    finally:
        os.environ[VARIABLE] = given
