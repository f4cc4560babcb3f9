"""File systems that keep no modes: vfat refuses chmod, CIFS and drvfs (WSL) ignore it. No secret is written where others read."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stardock.errors import ConditionError
from stardock.model.lock import Lock
from stardock.workspace.lock import save_lock
from stardock.workspace.private_directory import private_directory
from stardock.workspace.run_lock import only_run
from stardock.workspace.secrets import make_secrets, save_secrets
from stardock.writing import close_to_others, open_in_place, write_atomically

pytestmark = [pytest.mark.unit, pytest.mark.proves("hostile 19")]

#: Mount: the mode that every file has, and whether chmod says that it failed.
MOUNTS = {"vfat": (0o755, True), "drvfs": (0o777, False), "cifs": (0o755, False)}
REAL = os.chmod, os.fchmod, os.mkdir


def mount(patch: pytest.MonkeyPatch, mode: int, *, refuses: bool) -> None:
    """Let every file have this mode, whatever anybody asks for."""
    real, real_open, real_mkdir = REAL

    def changed(change: Callable[[Any, int], None], one: Any) -> None:
        change(one, mode)
        if refuses:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    def made(path: Any, _mode: int = 0o777, **_named: Any) -> None:
        real_mkdir(path)
        real(path, mode)

    patch.setattr(os, "fchmod", lambda descriptor, _mode: changed(real_open, descriptor))
    patch.setattr(os, "chmod", lambda path, _mode, **_named: changed(real, path))
    patch.setattr(os, "mkdir", made)


@pytest.fixture(params=MOUNTS)
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on such a file system."""
    mode, refuses = MOUNTS[request.param]
    mount(monkeypatch, mode, refuses=refuses)
    return tmp_path


SECRET: dict[str, Callable[[Path], object]] = {
    "secrets": lambda path: save_secrets(path, make_secrets()),
    "state": lambda path: os.close(open_in_place(path)),
    "pid": lambda path: only_run(path).__enter__(),
    "run": lambda path: private_directory(path).__enter__(),
}


@pytest.mark.parametrize("name", SECRET)
def test_what_holds_secrets_is_refused_with_a_cure_and_nothing_of_it_is_written(folder: Path, name: str) -> None:
    with pytest.raises(ConditionError, match=rf"others may (read|write) .*c\.{name}: its file system keeps no modes") as caught:
        SECRET[name](folder / f"c.{name}")
    assert "on WSL below ~, not /mnt/c" in (caught.value.cure or "")
    assert [path.read_bytes() for path in folder.iterdir() if path.is_file()] in ([], [b""])


def test_what_holds_none_is_written_where_others_can_only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mount(monkeypatch, 0o755, refuses=True)
    save_lock(tmp_path / "c.lock", Lock(cluster="a", founder=""))
    assert [path.name for path in tmp_path.iterdir()] == ["c.lock"]
    mount(monkeypatch, 0o777, refuses=False)
    with pytest.raises(ConditionError, match=r"others may write .*c\.lock: its file system keeps no modes"):
        save_lock(tmp_path / "c.lock", Lock(cluster="a", founder=""))


def test_a_mount_for_this_account_alone_is_no_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mount(monkeypatch, 0o600, refuses=True)
    write_atomically(tmp_path / "c.lock", "text")
    save_secrets(tmp_path / "c.secrets.yaml", make_secrets())
    with only_run(tmp_path / "c.pid"):
        pass


@pytest.mark.parametrize("refuses", [True, False])
def test_an_output_folder_that_cannot_be_closed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: bool) -> None:
    (tmp_path / "cdk.tf.json").write_text("")
    (tmp_path / "cdk.tf.json").chmod(0o666)
    mount(monkeypatch, 0o777, refuses=refuses)
    with pytest.raises(ConditionError, match=r"others may write .*cdk\.tf\.json: its file system keeps no modes"):
        close_to_others(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another account")
def test_a_file_of_another_account_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "c.tfstate").write_text("")
    (tmp_path / "c.tfstate").chmod(0o666)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    mount(monkeypatch, 0o666, refuses=True)
    with pytest.raises(ConditionError, match=r"others may write .*c\.tfstate, which belongs to another account \(root\)"):
        open_in_place(tmp_path / "c.tfstate")
