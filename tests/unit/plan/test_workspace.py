"""Files of a cluster: what is read, when the lock is written, what `runner lock` does."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stardock.cli.main import runner
from stardock.errors import ConditionError, InputErrors, RefusedError
from stardock.workspace.files import find_cluster_file
from stardock.workspace.lock import load_lock
from stardock.workspace.workspace import commit_lock, lock_mode, open_workspace
from tests.unit.plan.test_bad_input import TEXT, contents

pytestmark = pytest.mark.unit


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STARDOCK_LOCK", "write")
    path = tmp_path / "cluster.yaml"
    path.write_text(TEXT)
    return path


def save(file: Path) -> bytes:
    """As a writing command does; the lock's bytes."""
    commit_lock(open_workspace(file))
    return file.with_suffix(".lock").read_bytes()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(runner, list(arguments))


def test_opening_writes_nothing_and_two_runs_give_the_same_lock(file: Path) -> None:
    open_workspace(file)
    assert list(contents(file.parent)) == ["cluster.yaml"]
    first = save(file)
    assert save(file) == first


def test_a_lock_that_did_not_change_is_not_written(file: Path) -> None:
    save(file)
    before = file.with_suffix(".lock").stat()
    save(file)
    assert file.with_suffix(".lock").stat().st_ino == before.st_ino


def test_a_frozen_lock_refuses_an_allocation_and_names_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(file)
    file.write_text(TEXT.replace("[agent1]", "[agent1, agent2]"))
    monkeypatch.setenv("STARDOCK_LOCK", "frozen")
    before = contents(file.parent)
    with pytest.raises(RefusedError, match="lacks an allocation for agent2, and the lock is frozen") as caught:
        commit_lock(open_workspace(file))
    assert "STARDOCK_LOCK=write" in (caught.value.cure or "")
    assert contents(file.parent) == before


def test_a_frozen_lock_allows_what_needs_no_allocation_and_is_not_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(file)
    file.write_text(TEXT.replace("cores: 2", "cores: 8"))
    monkeypatch.setenv("STARDOCK_LOCK", "frozen")
    before = contents(file.parent)
    commit_lock(open_workspace(file))
    assert contents(file.parent) == before


@pytest.mark.parametrize(
    ("ci", "setting", "mode"), [("", "", "write"), ("true", "", "frozen"), ("true", "write", "write"), ("", "frozen", "frozen")]
)
def test_the_lock_is_frozen_by_default_where_ci_is_set(ci: str, setting: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("STARDOCK_LOCK", setting)
    assert lock_mode() == mode


def test_another_word_for_the_lock_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARDOCK_LOCK", "maybe")
    with pytest.raises(ConditionError):
        lock_mode()


def test_the_file_is_the_options_then_the_environments_then_the_current_folders(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STARDOCK_FILE", raising=False)
    assert find_cluster_file(None) == Path("cluster.yaml")
    monkeypatch.setenv("STARDOCK_FILE", str(other))
    assert find_cluster_file(None) == other
    assert find_cluster_file(file) == file
    with pytest.raises(InputErrors):
        find_cluster_file(tmp_path / "none.yaml")


def test_accept_takes_the_wanted_values_of_one_machine_only(file: Path) -> None:
    save(file)
    file.write_text(TEXT.replace("[server1, server2, server3]", "[{name: server1, vm_id: 300}, {name: server2, vm_id: 301}, server3]"))
    before = contents(file.parent)
    dry = run("lock", "accept", "server1", "-f", str(file), "--dry-run")
    assert (dry.exit_code, contents(file.parent)) == (0, before)
    assert "server1: vm_id: 210 -> 300" in dry.stdout
    assert "nothing was written" in dry.stdout
    done = run("lock", "accept", "server1", "-f", str(file))
    assert done.exit_code == 0, done.output
    assert f"next: runner deploy -f {file} --replace server1" in done.stdout
    lock = load_lock(file.with_suffix(".lock"))
    assert lock is not None
    assert (lock.machines["server1"].record.vm_id, lock.machines["server2"].record.vm_id) == (300, 211)
    again = run("lock", "accept", "server1", "-f", str(file))
    assert again.exit_code == 5
    assert "nothing to accept for server1" in again.stderr
    assert "server2" in again.stderr


def test_forget_frees_a_removed_machine(file: Path) -> None:
    save(file)
    existing = run("lock", "forget", "server3", "-f", str(file))
    assert existing.exit_code == 5
    assert "remove: [server3]" in existing.stderr
    file.write_text(TEXT.replace(", server3]", "]") + "\nremove: [server3]\n")
    save(file)
    before = contents(file.parent)
    dry = run("lock", "forget", "server3", "-f", str(file), "--dry-run")
    assert (dry.exit_code, contents(file.parent)) == (0, before)
    done = run("lock", "forget", "server3", "-f", str(file))
    assert done.exit_code == 0, done.output
    assert "free again: VM id 212, 192.168.1.52" in done.stdout
    lock = load_lock(file.with_suffix(".lock"))
    assert lock is not None
    assert "server3" not in lock.machines


@pytest.mark.parametrize("command", ["accept", "forget"])
def test_a_frozen_lock_is_neither_accepted_into_nor_forgotten_from(command: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(file)
    file.write_text(TEXT.replace("server2, server3]", "{name: server2, vm_id: 301}]") + "\nremove: [server3]\n")
    save(file)
    monkeypatch.setenv("STARDOCK_LOCK", "frozen")
    before = contents(file.parent)
    refused = run("lock", command, "server2" if command == "accept" else "server3", "-f", str(file))
    assert refused.exit_code == 5
    assert "the lock is frozen" in refused.stderr
    assert contents(file.parent) == before


def test_without_a_lock_there_is_nothing_to_forget(file: Path) -> None:
    refused = run("lock", "forget", "server1", "-f", str(file))
    assert refused.exit_code == 5
    assert "the lock holds nothing for server1" in refused.stderr
