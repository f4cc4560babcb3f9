"""The folder that a proof works in, beside the person's file: `X.prove/`, for its owner alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stardock.errors import StardockError
from stardock.model.cluster_files import ClusterFiles
from stardock.writing import open_in_place, refuse_link, write_atomically

#: Nothing of it belongs into version control: state, keys, what was observed.
_IGNORE = "*\n"


@dataclass(frozen=True, slots=True)
class Place:
    """Which file of a proof is which. `own` is the cluster.yaml of its machines, which lie with their state below `machines`."""

    folder: Path

    @property
    def journal(self) -> Path:
        """What was made, or is about to be."""
        return self.folder / "journal.jsonl"

    @property
    def machines(self) -> Path:
        """The folder of its machines' cluster file, lock, state and keys; goes when they do."""
        return self.folder / "machines"

    @property
    def own(self) -> ClusterFiles:
        """The files of its machines."""
        return ClusterFiles(self.machines / "cluster.yaml")

    @property
    def report(self) -> Path:
        """What is to be sent: nothing else in the folder is."""
        return self.folder / "report"

    @property
    def answers(self) -> Path:
        """What Proxmox answered, normalized: no value of its own is in it, but words of its messages may be."""
        return self.folder / "answers.json"

    @property
    def log(self) -> Path:
        """All that was said, unredacted."""
        return self.folder / "prove.log"

    def prepare(self) -> None:
        """Make the folders. ConditionError where a symbolic link is in the way."""
        for path in (self.folder, self.machines):
            refuse_link(path)
            path.mkdir(mode=0o700, exist_ok=True)
        write_atomically(self.folder / ".gitignore", _IGNORE)

    def forget(self) -> None:
        """Take away what only its machines needed; the journal goes last, for until then it is needed."""
        shutil.rmtree(self.machines, ignore_errors=True)
        self.journal.unlink(missing_ok=True)


def place_of(file: Path) -> Place:
    """The proof's place for a cluster file."""
    return Place(ClusterFiles(file).proof)


@contextlib.contextmanager
def alone(place: Place) -> Iterator[None]:
    """One proof or clean-up at a time; the kernel frees it however a run ends. Makes the folder, and nothing else in it.

    StardockError where another is under way, ConditionError where a symbolic link is in the way.
    """
    refuse_link(place.folder)
    place.folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = open_in_place(place.folder / "prove.pid")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StardockError(f"another `runner prove` works in {place.folder}", cure="wait until it is done") from None
    finally:
        os.close(descriptor)
