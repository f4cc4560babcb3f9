"""Publishers' checksum files: SHA256SUMS, SHA512SUMS, NAME.sha256, Flatcar's DIGESTS; GNU's and BSD's way to write them.

Nothing is guessed: a file that is not of this shape, or that names an image twice with different digests, is refused. Signatures are not
checked; what vouches for the file is the TLS of the host that it comes from.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Digits of a digest -> its algorithm, the strongest first; others (MD5, SHA-1) are passed over.
ALGORITHMS = {128: "sha512", 64: "sha256"}

#: What the name of an image may look like where it is kept and shown.
FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._+~@%=,-]{0,254}"

_GNU = re.compile(r"\\?([0-9a-fA-F]{32,128})(?:[ \t]+\*?(\S.*))?")
_BSD = re.compile(r"SHA(?:256|512) \((.+)\) = ([0-9a-fA-F]{64,128})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: the file's name without its folder (None: the line is a bare digest), and `sha256:HEX` or `sha512:HEX`."""

    name: str | None
    checksum: str


class ChecksumFileError(ValueError):
    """The file is none of checksums, or says nothing certain of the image; the text says why."""


def entries(text: str) -> list[Entry]:
    """All sha256 and sha512 of a file, in its order."""
    return list(_entries(text))


def _entries(text: str) -> Iterator[Entry]:
    for line in text.splitlines():
        bsd, gnu = _BSD.fullmatch(line.strip()), _GNU.fullmatch(line.strip())
        name, digest = (bsd[1], bsd[2]) if bsd else (gnu[2], gnu[1]) if gnu else (None, "")
        if len(digest) in ALGORITHMS:
            yield Entry(posixpath.basename(name) if name else None, f"{ALGORITHMS[len(digest)]}:{digest.lower()}")


def find(text: str, name: str, *, alone: bool) -> Entry:
    """What a file says of the image `name`. `alone`: the file is of this image only (NAME.sha256), whatever name it gives.

    The strongest algorithm wins. Raises ChecksumFileError.
    """
    every = entries(text)
    if not every:
        raise ChecksumFileError(f"it holds no sha256 and no sha512, but {_beginning(text)}")
    chosen = [entry for entry in every if entry.name == name] or (_only(every) if alone else [])
    if not chosen:
        raise ChecksumFileError(f"it does not name {name}, but {_names(every)}")
    return _strongest(chosen, name)


def _only(every: list[Entry]) -> list[Entry]:
    """All entries when they are about one file."""
    return every if len({entry.name for entry in every}) == 1 else []


def _strongest(chosen: list[Entry], name: str) -> Entry:
    for algorithm in ALGORITHMS.values():
        of_kind = [entry for entry in chosen if entry.checksum.startswith(algorithm)]
        if len({entry.checksum for entry in of_kind}) > 1:
            raise ChecksumFileError(f"it gives two different {algorithm} of {name}")
        if of_kind:
            return of_kind[0]
    raise ChecksumFileError(f"it gives neither sha256 nor sha512 of {name}")


def _names(every: list[Entry]) -> str:
    names = list(dict.fromkeys(entry.name or "no name" for entry in every))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004


def _beginning(text: str) -> str:
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return f"begins with {first[:40]!r}" if first else "nothing at all"
