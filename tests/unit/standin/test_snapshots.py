from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.standin.payload import https, snapshots
from lab.standin.payload.config import Config
from lab.standin.payload.etcd import Etcd, EtcdError
from lab.standin.payload.journal import FatalError
from lab.standin.payload.paths import Paths

pytestmark = pytest.mark.unit
REAL = Etcd.snapshot


class Line:
    """An etcd that answers with these lines."""

    def __init__(self, *lines: dict[str, object]) -> None:
        self._body = "\n".join(json.dumps(line) for line in lines).encode()

    def send(self, *_: object, **__: object) -> https.Answer:
        return https.Answer(200, self._body)


def store(paths: Paths, *lines: dict[str, object]) -> Iterator[bytes]:
    etcd = Etcd(paths)
    etcd._line = Line(*lines)  # type: ignore[assignment]
    return REAL(etcd, 1)


def blob(text: str) -> dict[str, object]:
    return {"result": {"blob": base64.b64encode(text.encode()).decode()}}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path, tmp_path, tmp_path / "data")


@pytest.mark.parametrize(("words", "name"), [
    (["save"], "on-demand"), (["save", "--name", "before"], "before"), (["save", "-name=before"], "before"), (["save", "--name="], ""),
])  # fmt: skip
def test_the_name_is_on_demand_unless_one_is_given(words: list[str], name: str) -> None:
    assert snapshots.parse(words) == name


@pytest.mark.parametrize("words", [[], ["ls"], ["save", "more"], ["save", "--name"], ["save", "--s3"]])
def test_other_words_are_refused(words: list[str]) -> None:
    with pytest.raises(snapshots.UsageError):
        snapshots.parse(words)


def test_a_machine_that_is_no_server_says_which_file_it_misses(paths: Paths) -> None:
    with pytest.raises(FatalError, match=r"Error: open .*/server/token: no such file or directory"):
        snapshots.save(paths, "x")


def test_a_server_that_is_down_says_so(paths: Paths) -> None:
    paths.server.mkdir(parents=True)
    (paths.server / "token").write_text(f"K10{'0' * 64}::server:word\n")
    with pytest.raises(FatalError, match=r"see server log for details: .*127\.0\.0\.1:9345/cacerts"):
        snapshots.save(paths, "x")


def test_the_pieces_are_put_together_and_an_error_in_the_middle_is_told(paths: Paths) -> None:
    assert b"".join(store(paths, blob("a"), blob("b"), {"result": {}})) == b"ab"
    with pytest.raises(EtcdError, match="broken"):
        list(store(paths, blob("a"), {"error": {"message": "broken"}}))


def test_nothing_is_left_of_a_snapshot_that_broke_off(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Etcd, "snapshot", lambda self, timeout: store(paths, blob("a"), {"error": "broken"}))  # noqa: ARG005
    status, words = snapshots.take(paths, Config("server", {}), "s1", {"name": ["x"]})
    assert (status, b"broken" in words) == (500, True)
    folder = paths.server / "db/snapshots"
    assert (list(folder.iterdir()), folder.stat().st_mode & 0o777) == ([], 0o700)


def test_a_folder_of_the_user_s_must_be_there(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Etcd, "snapshot", lambda self, timeout: store(paths, blob("a")))  # noqa: ARG005
    config = Config("server", {"etcd-snapshot-dir": ("/backup",)})
    assert snapshots.take(paths, config, "s1", {})[0] == 500
    (paths.root / "backup").mkdir()
    status, body = snapshots.take(paths, config, "s1", {"name": ["x"]})
    (file,) = (paths.root / "backup").iterdir()
    assert (status, json.loads(body)["created"], file.read_bytes()) == (200, [file.name], b"a")
    assert file.name.startswith("x-s1-")
