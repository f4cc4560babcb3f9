"""Files of a cluster on disk: one name for one cluster, whole or not at all, and what cannot be read or written told as such."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.state import keep_private
from stardock.bundle import write_bundle
from stardock.errors import ConditionError, InputErrors
from stardock.model.cluster_files import ClusterFiles
from stardock.model.facts import Facts
from stardock.model.lock import Lock
from stardock.playbooks.progress import Log
from stardock.workspace.facts import load_facts, save_facts, save_known_hosts
from stardock.workspace.files import find_cluster_file, named_file
from stardock.workspace.lock import load_lock, save_lock
from stardock.workspace.private_directory import private_directory
from stardock.workspace.run_lock import only_run
from stardock.workspace.secrets import make_secrets, save_secrets
from stardock.writing import write_atomically
from tests.plans import quickstart_plan

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


@pytest.mark.proves("hostile 21")
def test_file_and_folder_are_synced_around_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, rename = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def renamed(path: Path, target: Path) -> Path:
        done.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    save_lock(tmp_path / "cluster.lock", Lock(cluster="a", founder=""))
    assert done == ["file", "rename", "folder"]


WRITERS: dict[str, Callable[[Path], object]] = {
    "lock": lambda path: save_lock(path, Lock(cluster="a", founder="")),
    "facts": lambda path: save_facts(path, Facts(cluster="a")),
    "known_hosts": lambda path: save_known_hosts(path, quickstart_plan(), Facts(cluster="quickstart")),
    "secrets": lambda path: save_secrets(path, make_secrets()),
    "log": lambda path: Log(path).__enter__(),
    "pid": lambda path: only_run(path).__enter__(),
    "state": keep_private,
}


@pytest.mark.proves("hostile 15")
@pytest.mark.parametrize("name", WRITERS)
def test_a_symbolic_link_is_refused_and_what_it_names_keeps_bytes_and_mode(tmp_path: Path, name: str) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    target.chmod(0o644)
    path = tmp_path / f"cluster.{name}"
    path.symlink_to(target)
    with pytest.raises(ConditionError, match=f"cluster.{name} is a symbolic link, and Stardock writes through none"):
        WRITERS[name](path)
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("precious", 0o644)
    assert path.is_symlink()


@pytest.mark.proves("hostile 15")
def test_a_folder_that_is_a_symbolic_link_is_refused_and_what_it_names_stays(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "inventory").mkdir(parents=True)
    (target / "project").mkdir()
    (target / "project/site.yml").write_text("mine")
    for name in ("cluster.bundle", "cluster.run"):
        (tmp_path / name).symlink_to(target)
    with pytest.raises(ConditionError, match=r"cluster\.bundle is a symbolic link"):
        write_bundle(quickstart_plan(), Facts(cluster="quickstart"), tmp_path / "cluster.bundle")
    with pytest.raises(ConditionError, match=r"cluster\.run is a symbolic link"), private_directory(tmp_path / "cluster.run"):
        pytest.fail("written through")
    assert (target / "project/site.yml").read_text() == "mine"


@pytest.mark.proves("hostile 15")
def test_a_part_of_a_bundle_that_is_a_symbolic_link_is_taken_away_and_not_what_it_names(tmp_path: Path) -> None:
    bundle, mine = tmp_path / "cluster.bundle", tmp_path / "mine"
    write_bundle(quickstart_plan(), Facts(cluster="quickstart"), bundle)
    mine.mkdir()
    (mine / "file").write_text("mine")
    for part in ("known_hosts", "README.md", "ansible.cfg"):
        (bundle / part).unlink()
        (bundle / part).symlink_to(mine / "file")
    (bundle / "inventory").rename(tmp_path / "elsewhere")
    (bundle / "inventory").symlink_to(mine)
    write_bundle(quickstart_plan(), Facts(cluster="quickstart"), bundle)
    assert (mine / "file").read_text() == "mine"
    assert [path.name for path in mine.iterdir()] == ["file"]
    assert not any(path.is_symlink() for path in bundle.iterdir())


@pytest.mark.proves("hostile 15", "hostile 20")
@pytest.mark.parametrize("name", ["log", "pid", "state"])
def test_a_pipe_or_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / f"a.{name}")
    with pytest.raises(ConditionError, match="is a device or a pipe"):
        WRITERS[name](tmp_path / f"a.{name}")
    (tmp_path / f"b.{name}").mkdir()
    with pytest.raises(ConditionError, match="cannot be written: Is a directory"):
        WRITERS[name](tmp_path / f"b.{name}")


@pytest.mark.proves("hostile 20")
@pytest.mark.parametrize(
    ("number", "cure"),
    [(errno.EROFS, "this file system is read-only"), (errno.ENOSPC, "make room on its file system"), (errno.EACCES, "can be written")],
)
def test_no_room_no_right_and_a_read_only_folder_are_told_with_a_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, cure: str
) -> None:
    def fail(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.mkstemp", fail)
    monkeypatch.setattr(os, "open", fail)
    for name, write in WRITERS.items():
        with pytest.raises(ConditionError, match=f"cannot be written: {os.strerror(number)}") as caught:
            write(tmp_path / name)
        assert cure in (caught.value.cure or "")
        assert caught.value.exit_code == 4


@pytest.mark.proves("hostile 20")
def test_a_disk_that_is_full_in_the_middle_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cluster.lock"
    write_atomically(path, "old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConditionError, match="No space left on device"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.proves("hostile 20")
def test_without_a_home_a_file_under_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConditionError, match="home directory is not known") as caught:
        named_file(tmp_path, "~nobody-of-that-name/key")
    assert "HOME" in (caught.value.cure or "")


@pytest.mark.proves("hostile 9")
def test_every_name_of_one_cluster_file_has_one_lock_and_one_pid_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = tmp_path / "real/cluster.yaml"
    real.parent.mkdir()
    real.write_text("")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/prod.yaml").symlink_to("../real/cluster.yaml")
    (tmp_path / "twice.yaml").symlink_to("other/prod.yaml")
    (tmp_path / "folder").symlink_to("real")
    monkeypatch.chdir(tmp_path / "other")
    names = ("prod.yaml", "../real/cluster.yaml", str(real), "../twice.yaml", "../folder/cluster.yaml", "../folder/../real/./cluster.yaml")
    for path in (find_cluster_file(Path(name)) for name in names):
        files = ClusterFiles(path)
        for one, same in ((files.lock, "cluster.lock"), (files.run_lock, "cluster.pid"), (files.state, "cluster.tfstate")):
            assert Path(os.path.realpath(one)) == real.with_name(same), path


@pytest.mark.proves("hostile 9")
def test_a_path_without_links_stays_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cluster.yaml").write_text("")
    (tmp_path / "link.yaml").symlink_to("cluster.yaml")
    monkeypatch.chdir(tmp_path)
    assert str(find_cluster_file(Path("cluster.yaml"))) == "cluster.yaml"
    assert str(find_cluster_file(Path("link.yaml"))) == "cluster.yaml"
    monkeypatch.setenv("STARDOCK_FILE", "link.yaml")
    assert str(find_cluster_file(None)) == "cluster.yaml"


@pytest.mark.proves("hostile 20")
def test_a_folder_a_pipe_and_a_link_to_itself_are_no_cluster_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "round.yaml").symlink_to("round.yaml")
    for name, words in (
        (".", "this is a folder"),
        ("pipe.yaml", "a device or a pipe"),
        ("round.yaml", "Too many levels of symbolic links"),
    ):
        with pytest.raises(InputErrors) as caught:
            find_cluster_file(tmp_path / name)
        assert words in caught.value.problems[0].message
        assert caught.value.problems[0].cure
