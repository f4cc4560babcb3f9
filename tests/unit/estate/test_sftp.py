"""Whoever answers as a PVE node's sshd: bounded in time, memory and disk, and told in words. `sftp` is played by a script."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from stardock.drift.contents import _fetch
from stardock.estate.sftp import MOST_BYTES, session
from stardock.estate.ssh import Door
from tests.waiting import until

pytestmark = pytest.mark.unit

DOOR = Door("127.0.0.1", 22, "root", Path("/key"))


def playing(folder: Path, script: str) -> dict[str, str]:
    """An environment in which `sftp` does that."""
    program = folder / "bin" / "sftp"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


@pytest.mark.parametrize("script", ["exec yes", "exec yes >&2", "yes >&2 & wait; exit 255"])
def test_what_is_printed_without_an_end_is_ended_and_told(tmp_path: Path, script: str) -> None:
    done = session(DOOR, playing(tmp_path, script), "pwd\n", 30)
    assert done.ended == "it sends more than 2 MiB, and was ended"
    assert len(done.out) <= MOST_BYTES
    assert len(done.said) < 200


def test_a_listing_that_is_gathered_without_an_end_fills_no_memory(tmp_path: Path) -> None:
    script = "exec python3 -c 'import sys\ntry: b = bytearray(1 << 30)\nexcept MemoryError: sys.exit(\"xreallocarray: out of memory\")'"
    done = session(DOOR, playing(tmp_path, script), "ls\n", 30)
    assert (done.code, done.ended) == (1, "it sends more than 2 MiB, and was ended")


def test_who_never_ends_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    began = time.monotonic()
    done = session(DOOR, playing(tmp_path, "sleep 300 & echo $! > " + str(tmp_path / "pid") + "; sleep 300"), "pwd\n", 1)
    assert done.ended == "no answer within 1 s"
    assert time.monotonic() - began < 10
    pid = (tmp_path / "pid").read_text().strip()
    until(lambda: _is_gone(pid), "the program that it started to end")


def _is_gone(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except OSError:
        return True


def test_bytes_that_are_no_text_and_escape_sequences_are_words(tmp_path: Path) -> None:
    done = session(DOOR, playing(tmp_path, "printf '\\377\\033[2J no\\n' >&2; exit 255"), "", 30)
    assert (done.code, done.ended) == (255, "")
    assert done.said.isprintable()
    assert "no" in done.said


def test_a_snippet_without_an_end_fills_no_disk_and_is_told(tmp_path: Path) -> None:
    script = 'target=$(sed -n "s/.* \\"\\(.*\\)\\"$/\\1/p"); exec cat /dev/zero > "$target"'
    read = _fetch(DOOR, {"local:snippets/a.yaml": "/var/lib/vz/snippets/a.yaml"}, playing(tmp_path, script))
    assert (dict(read.found), read.refused) == ({}, "it sends more than 2 MiB, and was ended")


def test_what_is_fetched_is_given(tmp_path: Path) -> None:
    script = 'target=$(sed -n "s/.* \\"\\(.*\\)\\"$/\\1/p"); printf hello > "$target"'
    read = _fetch(DOOR, {"local:snippets/a.yaml": "/var/lib/vz/snippets/a.yaml"}, playing(tmp_path, script))
    assert (dict(read.found), read.refused) == ({"local:snippets/a.yaml": b"hello"}, "")
