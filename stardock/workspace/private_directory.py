"""A directory for one run, for nobody else's eyes."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from stardock.writing import refuse_link, refuse_open, unwritable


@contextlib.contextmanager
def private_directory(path: Path) -> Iterator[Path]:
    """Make a directory anew that goes afterwards; what a killed run left in it goes first. `ConditionError` where none can be made."""
    refuse_link(path)
    shutil.rmtree(path, ignore_errors=True)
    try:
        path.mkdir(mode=0o700)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        refuse_open(path, path.stat(), 0o700)
        yield path.resolve()
    finally:
        shutil.rmtree(path, ignore_errors=True)
