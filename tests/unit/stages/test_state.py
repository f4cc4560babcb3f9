"""A state that a kill cut short."""

from __future__ import annotations

from pathlib import Path

import pytest

from stardock.stages.state import mend

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("damage", ["", '{"version": 4, "resou'])
def test_a_state_cut_short_is_taken_from_its_backup_and_kept_aside(tmp_path: Path, damage: str) -> None:
    state = tmp_path / "c.tfstate"
    state.write_text(damage)
    (tmp_path / "c.tfstate.backup").write_text('{"serial": 3}')
    lines: list[str] = []
    mend(state, lines.append)
    assert state.read_text() == '{"serial": 3}'
    assert (tmp_path / "c.tfstate.damaged").read_text() == damage
    assert "c.tfstate.backup" in lines[0]


@pytest.mark.parametrize("backup", ["", None])
def test_a_state_cut_short_in_the_first_apply_which_has_no_backup_becomes_an_empty_one(tmp_path: Path, backup: str | None) -> None:
    state = tmp_path / "c.tfstate"
    state.write_text('{"version": 4, "resou')
    state.chmod(0o600)
    if backup is not None:
        (tmp_path / "c.tfstate.backup").write_text(backup)
    lines: list[str] = []
    mend(state, lines.append)
    assert state.read_text() == ""
    assert (tmp_path / "c.tfstate.damaged").read_text() == '{"version": 4, "resou'
    assert {path.stat().st_mode & 0o777 for path in (state, tmp_path / "c.tfstate.damaged")} == {0o600}
    assert "no backup" in lines[0]


@pytest.mark.parametrize(("state", "backup"), [('{"serial": 4}', '{"serial": 3}'), ("", ""), ("", None), (None, '{"serial": 3}')])
def test_anything_else_is_left_alone(tmp_path: Path, state: str | None, backup: str | None) -> None:
    path = tmp_path / "c.tfstate"
    for name, text in ((path, state), (tmp_path / "c.tfstate.backup", backup)):
        if text is not None:
            name.write_text(text)
    mend(path, lambda _line: pytest.fail("touched"))
    assert (path.read_text() if path.exists() else None) == state
