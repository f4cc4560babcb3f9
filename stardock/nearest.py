"""The word that was meant: only where obeying the suggestion cannot do the opposite of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: How alike two words are at least, of 1.
_ALIKE = 0.75
#: Words that look alike, or stand in the same place, and mean the opposite.
_OPPOSITES = (
    frozenset({"destroy", "deploy"}),
    frozenset({"delete", "deploy"}),
    frozenset({"enable", "disable"}),
    frozenset({"allow", "deny"}),
    frozenset({"before", "after"}),
    frozenset({"min", "max"}),
    frozenset({"start", "stop"}),
    frozenset({"remote", "remove"}),
)
_NEGATIONS = ("un", "in", "dis", "de", "non")
_NEGATING = frozenset({"no", "non", "not", "never", "skip", "without"})


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` nearly is, whatever its case and dashes; None when none is near, or the near one means the opposite."""
    from difflib import get_close_matches  # noqa: PLC0415 -- the command line knows this module, and needs it for faults only

    plain = {_plain(name): name for name in known}
    meant = _plain(word)
    for near in get_close_matches(meant, plain, n=3, cutoff=_ALIKE):
        if (near[0] == meant[:1] or set(near.split("_")) <= set(meant.split("_"))) and not opposed(meant, near):
            return plain[near]
    return None


def opposed(one: str, other: str) -> bool:
    """Whether two words differ by a negation: `secure` and `insecure`, `enable-x` and `disable-x`."""
    left, right = set(_plain(one).split("_")), set(_plain(other).split("_"))
    mine, theirs = left - right, right - left
    if (mine | theirs) & _NEGATING:
        return True
    return any(_opposite(a.removesuffix("d"), b.removesuffix("d")) for a in mine for b in theirs)


def _opposite(one: str, other: str) -> bool:
    return frozenset({one, other}) in _OPPOSITES or any(f"{no}{one}" == other or f"{no}{other}" == one for no in _NEGATIONS)


def _plain(word: str) -> str:
    return re.sub(r"[-_ ]+", "_", word.lower()).strip("_")
