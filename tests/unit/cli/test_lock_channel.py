"""`distribution.channel`: resolved by a command into the lock, and by no plan (parity 107)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stardock.cli.main import runner
from stardock.errors import InputErrors
from stardock.model.lock import Lock
from stardock.workspace.lock import load_lock, to_json
from stardock.yamltext import yaml_text
from tests.plans import document, plan_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature channels")]

OLD, NEW, K3S = "v1.35.7+rke2r1", "v1.36.5+rke2r1", "v1.36.5+k3s1"


def listed(**channels: str) -> str:
    """The makers' list, with what else is in it."""
    items = [{"id": name, "type": "channel", "name": name.replace("_", "."), "latest": tag} for name, tag in channels.items()]
    return json.dumps(
        {"type": "collection", "links": {}, "data": [*items, {"id": "v1.18-testing", "type": "channel", "name": "v1.18-testing"}]}
    )


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What is served, and under `url` where."""
    told: dict[str, str] = {"text": listed(stable=OLD, latest=NEW, v1_35=OLD)}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(told["text"].encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("STARDOCK_LOCK", "write")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told["url"] = f"http://127.0.0.1:{server.server_port}/v1-release/channels"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def written(folder: Path, **distribution: str) -> Path:
    path = folder / "cluster.yaml"
    path.write_text(yaml_text(document() | {"distribution": distribution}))
    return path


def run(file: Path, *words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(runner, [*words, "-f", str(file)])
    assert done.exit_code == code, done.output
    return done


def release(file: Path) -> str:
    lock = load_lock(file.with_suffix(".lock"))
    assert lock is not None
    return plan_of(document() | {"distribution": {"name": "rke2", "channel": "stable"}}, lock)[0].distribution.version


def test_a_plan_without_it_is_refused_with_the_command_as_cure() -> None:
    with pytest.raises(InputErrors) as caught:
        plan_of(document() | {"distribution": {"channel": "stable"}})
    (problem,) = caught.value.problems
    assert problem.path == "distribution.channel"
    assert "run `runner lock channel`" in (problem.cure or "")


def test_the_release_of_the_channel_is_written_into_the_lock_and_planned_until_it_is_asked_again(
    tmp_path: Path, answers: dict[str, str]
) -> None:
    file = written(tmp_path, channel="stable")
    said = run(file, "lock", "channel", "--url", answers["url"]).output
    assert f"stable: {OLD}\nthe lock was written; commit it" in said
    assert json.loads(file.with_suffix(".lock").read_text())["channels"] == {"rke2/stable": OLD}
    answers["text"] = listed(stable=NEW)
    assert release(file) == OLD, "no plan follows a channel by itself"
    said = run(file, "lock", "channel", "--url", answers["url"]).output
    assert f"stable: {NEW} (was {OLD})" in said
    assert "next: runner plan" in said
    assert release(file) == NEW
    assert "the lock holds that already" in run(file, "lock", "channel", "--url", answers["url"]).output


@pytest.mark.parametrize(("channel", "tag"), [("latest", NEW), ("v1.35", OLD)])
def test_latest_and_a_minor_are_channels_too(tmp_path: Path, answers: dict[str, str], channel: str, tag: str) -> None:
    file = written(tmp_path, channel=channel)
    run(file, "lock", "channel", "--url", answers["url"])
    assert json.loads(file.with_suffix(".lock").read_text())["channels"] == {f"rke2/{channel}": tag}


def test_a_dry_run_writes_nothing_and_a_frozen_lock_is_kept(
    tmp_path: Path, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, channel="stable")
    assert "nothing was written" in run(file, "lock", "channel", "--dry-run", "--url", answers["url"]).output
    assert not file.with_suffix(".lock").exists()
    monkeypatch.setenv("STARDOCK_LOCK", "frozen")
    assert "the lock is frozen" in run(file, "lock", "channel", "--url", answers["url"], code=5).output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (listed(latest=NEW), "has no release of RKE2 for stable"),
        (listed(stable=K3S), "has no release of RKE2 for stable"),
        ("<html>", "this is no list of channels"),
        ('{"data": [1]}', "this is no list of channels"),
        ('{"data": {"stable": 1}}', "this is no list of channels"),
    ],
)
def test_what_is_no_list_or_has_no_such_channel_is_a_message(tmp_path: Path, answers: dict[str, str], text: str, words: str) -> None:
    file = written(tmp_path, channel="stable")
    answers["text"] = text
    assert words in " ".join(run(file, "lock", "channel", "--url", answers["url"], code=4).output.split())
    assert not file.with_suffix(".lock").exists()


def test_without_a_channel_there_is_nothing_to_ask(tmp_path: Path, answers: dict[str, str]) -> None:
    file = written(tmp_path, version=NEW)
    assert "cluster.yaml names no channel" in run(file, "lock", "channel", "--url", answers["url"], code=5).output


def test_a_channel_is_of_one_distribution_and_only_a_lock_with_it_is_of_version_7() -> None:
    held = Lock(cluster="quickstart", founder="", channels={"rke2/stable": NEW})
    data: dict[str, Any] = document() | {"distribution": {"name": "k3s", "channel": "stable"}}
    with pytest.raises(InputErrors):
        plan_of(data, held)
    assert json.loads(to_json(held))["version"] == 7
    plan, lock = plan_of(document() | {"distribution": {"channel": "stable"}}, held)
    assert plan.distribution.version == NEW
    assert lock.channels == held.channels
    assert json.loads(to_json(plan_of(document())[1]))["version"] < 7
