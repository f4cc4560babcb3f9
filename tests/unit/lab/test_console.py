"""What a machine's console printed, from the file that its hypervisor logs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.machines.console import log_after

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature machines' power")]


def test_what_was_printed_before_is_left_out_and_a_log_that_was_begun_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    assert log_after(log, None) == (0, b"")
    log.write_bytes(b"before")
    position, piece = log_after(log, None)
    assert (position, piece) == (6, b"")
    log.write_bytes(b"before, after")
    position, piece = log_after(log, position)
    assert (position, piece) == (13, b", after")
    assert log_after(log, position) == (13, b"")
    log.write_bytes(b"anew")
    assert log_after(log, position) == (4, b"anew")


def test_a_long_log_comes_in_pieces(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    log.write_bytes(b"x" * 100_000)
    position, piece = log_after(log, 0)
    assert position == len(piece) < 100_000
    assert len(log_after(log, position)[1]) == 100_000 - position
