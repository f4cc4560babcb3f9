"""`git add` in a cluster's folder takes no private key, state or secret along, and never loses the lock."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from stardock.errors import RefusedError
from stardock.model.cluster_files import ClusterFiles
from stardock.workspace.workspace import commit_lock, open_workspace
from tests.plans import document

pytestmark = pytest.mark.unit


def folder_of(tmp_path: Path, *, key: str = "id_ed25519") -> Path:
    folder = tmp_path / "cluster"
    folder.mkdir(exist_ok=True)
    data = document()
    data["ssh"]["private_key"] = key
    own = {"write_files": [{"path": "/etc/own", "content_from": {"file": "./own.secret"}}]}
    data["cloud_init"] = {"users": [{"name": "ada", "password_hash": {"file": "ada.hash"}}], "user_data": own}
    agents = [{"path": "/etc/a", "content_from": {"file": "agent.secret"}}, {"path": "/etc/b", "content_from": {"env": "B"}}]
    data["pools"][2]["cloud_init"] = {"user_data": {"write_files": agents}}
    (folder / "cluster.yaml").write_text(json.dumps(data))
    return folder


def added(folder: Path) -> set[str]:
    """What `git add` takes."""
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    names = subprocess.run(["git", "ls-files", "-z"], cwd=folder, check=True, capture_output=True, text=True).stdout
    return set(names.strip("\0").split("\0"))


@pytest.mark.parametrize("key", ["id_ed25519", "./id_ed25519", "#key", "!key", "my key", "[a]*?", "keys/id"])
def test_git_add_takes_the_lock_and_neither_key_nor_state_nor_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("STARDOCK_LOCK", "write")
    folder = folder_of(tmp_path, key=key)
    commit_lock(open_workspace(folder / "cluster.yaml"))
    files = ClusterFiles(folder / "cluster.yaml")
    written = (files.facts, files.known_hosts, files.secrets, files.state, files.kubeconfig, files.run_lock, files.log)
    secrets = (folder / key, folder / "ada.hash", folder / "own.secret", folder / "agent.secret")
    for path in (*written, *secrets, files.bundle / "x", files.run / "x", folder / "cdktf.out/x"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret")
    (folder / "cluster.tfstate.backup").write_text("secret")
    assert added(folder) == {".gitignore", "cluster.lock", "cluster.yaml"}


def test_a_users_own_gitignore_is_never_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARDOCK_LOCK", "write")
    folder = folder_of(tmp_path)
    (folder / ".gitignore").write_text("mine\n")
    commit_lock(open_workspace(folder / "cluster.yaml"))
    assert (folder / ".gitignore").read_text() == "mine\n"


def test_reading_and_a_frozen_lock_write_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARDOCK_LOCK", "frozen")
    folder = folder_of(tmp_path)
    where = open_workspace(folder / "cluster.yaml")
    with pytest.raises(RefusedError):
        commit_lock(where)
    assert not (folder / ".gitignore").exists()


def test_with_an_unchanged_lock_none_is_written_so_that_a_checkout_may_be_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARDOCK_LOCK", "write")
    folder = folder_of(tmp_path)
    commit_lock(open_workspace(folder / "cluster.yaml"))
    (folder / ".gitignore").unlink()
    commit_lock(open_workspace(folder / "cluster.yaml"))
    assert not (folder / ".gitignore").exists()
