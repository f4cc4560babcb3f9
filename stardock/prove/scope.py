"""What a proof may touch: one PVE pool, one range of VM ids, and names that nobody else has."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: The pool that `runner proxmox-role --prove` makes, and the name of whom it makes the token for.
POOL = "stardock-prove"
#: Far above what people and Stardock's pools count from.
IDS = "99000-99031"
#: A cluster's name begins so; what follows is drawn for each proof.
PREFIX = "prove-"
#: In place of a drawn name: roles and the user are the same for every proof.
ROLES = "prove"
_CLUSTER = re.compile(r"prove-[0-9a-f]{8}")
_IDS = re.compile(r"(\d{3,9})-(\d{3,9})")
#: Each id has an ACL of its own.
MOST_IDS = 256


@dataclass(frozen=True, slots=True)
class Scope:
    """A proof's cluster, its pool and its VM ids, both ends included."""

    cluster: str
    pool: str
    first: int
    last: int

    @property
    def ids(self) -> range:
        """Every VM id that is its own."""
        return range(self.first, self.last + 1)


def is_cluster(name: str) -> bool:
    """Whether a proof may have drawn this name."""
    return _CLUSTER.fullmatch(name) is not None


def parse_ids(text: str) -> tuple[int, int]:
    """`FIRST-LAST`. ValueError, with words, for what is no range of VM ids or more than `MOST_IDS`."""
    found = _IDS.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a range of VM ids: FIRST-LAST, such as {IDS}")
    first, last = int(found[1]), int(found[2])
    if not 100 <= first <= last:  # noqa: PLR2004  PVE's lowest VM id
        raise ValueError(f"{text!r} is not a range of VM ids, which count from 100 up")
    if last - first >= MOST_IDS:
        raise ValueError(f"{text} are {last - first + 1} VM ids; {MOST_IDS} are the most")
    return first, last
