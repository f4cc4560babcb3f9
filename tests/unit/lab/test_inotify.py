"""Ten machines use up the kernel's default of inotify instances, and the eleventh would not boot."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.machines.inotify import make_room

pytestmark = pytest.mark.unit


def test_a_limit_that_is_too_low_is_raised_and_said(tmp_path: Path) -> None:
    limit = tmp_path / "max_user_instances"
    limit.write_text("128\n")
    assert "from 128 to 1024" in make_room(limit)
    assert limit.read_text() == "1024\n"


def test_a_limit_that_is_high_enough_is_left(tmp_path: Path) -> None:
    limit = tmp_path / "max_user_instances"
    limit.write_text("8192\n")
    assert make_room(limit) == ""
    assert limit.read_text() == "8192\n"
