"""Files of a cluster on disk: what cannot be read or written is told as such, not as a fault of Stardock's."""

from __future__ import annotations

from pathlib import Path

import pytest

from stardock.errors import ConditionError, InputErrors
from stardock.facts import load_facts
from stardock.files import write_atomically
from stardock.lock import load_lock

pytestmark = pytest.mark.unit


def test_a_file_is_replaced_with_its_mode_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "cluster.lock"
    write_atomically(path, "old")
    write_atomically(path, "new", mode=0o600)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_told_with_its_name_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConditionError, match=r"nowhere/cluster\.lock cannot be written: No such file or directory"):
        write_atomically(tmp_path / "nowhere/cluster.lock", "text")
    (tmp_path / "cluster.lock").mkdir()
    with pytest.raises(ConditionError, match="cannot be written: Is a directory"):
        write_atomically(tmp_path / "cluster.lock", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.lock"]


def test_a_lock_or_facts_that_cannot_be_read_are_told_with_their_name(tmp_path: Path) -> None:
    for read in (load_lock, lambda path: load_facts(path, "single")):
        with pytest.raises(InputErrors) as caught:
            read(tmp_path)
        assert caught.value.file == str(tmp_path)
        assert "cannot be read: Is a directory" in caught.value.problems[0].message
