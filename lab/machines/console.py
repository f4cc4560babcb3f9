"""What a machine's serial console printed, from the file that it is logged to."""

from __future__ import annotations

from pathlib import Path

_PIECE = 64 * 1024


def log_after(log: Path, after: int | None) -> tuple[int, bytes]:
    """As `Hypervisor.printed` says; a log that was begun anew is read from its beginning."""
    size = log.stat().st_size if log.exists() else 0
    if after is None or size == after:
        return size, b""
    start = after if after < size else 0
    with log.open("rb") as stream:
        stream.seek(start)
        piece = stream.read(_PIECE)
    return start + len(piece), piece
