"""What a hostile HOST may send in place of ansible-runner's stream: nothing is written, executed or shown of it, and it has an end."""

from __future__ import annotations

import base64
import io
import json
import os
import stat
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stardock.errors import ConditionError
from stardock.playbooks.ansible import process
from stardock.playbooks.events import Event
from stardock.playbooks.via import stream as module
from stardock.playbooks.via.stream import Ended, Stream

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature bootstrap on another machine")]

UUID = "0242ac11-0002-443b-cdb1-000000000006"
NUMBER = 7


def event(**changed: Any) -> bytes:
    data = {"host": "server1", "task": "t", "role": "r", "res": {"changed": True}}
    return (
        json.dumps({"event": "runner_on_ok", "uuid": UUID, "counter": 1, "job_id": NUMBER, "event_data": data, **changed}).encode() + b"\n"
    )


def stream_of(*parts: bytes, hung_up: Callable[[], bool] = lambda: False) -> Stream:
    """A pipe into which all of it is written."""
    reading, writing = os.pipe()

    def write() -> None:
        try:
            with os.fdopen(writing, "wb") as file:
                for part in parts:
                    file.write(part)
        except BrokenPipeError:
            pass

    threading.Thread(target=write, daemon=True).start()
    return Stream(reading, {"server1"}, hung_up, lambda _: None)


def followed(tmp_path: Path, *parts: bytes) -> tuple[str, list[Event], Stream]:
    seen: list[Event] = []
    stream = stream_of(*parts)
    try:
        return process(stream, tmp_path / "here", NUMBER, seen.append), seen, stream
    finally:
        os.close(stream.descriptor)


def zipped(*entries: tuple[str, bytes, int]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, data)
    return out.getvalue()


def artifacts(data: bytes) -> bytes:
    return json.dumps({"zipfile": len(data)}).encode() + b"\n" + base64.b64encode(data)


FILE = stat.S_IFREG | 0o600
GOOD = [b'{"status": "starting", "env": {"A": "b"}}\n', event(), b'{"status": "successful", "runner_ident": "run"}\n']
END = b'{"eof": true}\n'


def files_of(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()]


def test_events_and_status_are_followed_and_only_the_files_of_the_run_are_taken(tmp_path: Path) -> None:
    came = zipped(("back/report.json", b"{}", FILE), ("rc", b"0", FILE), ("job_events/1-x.json", b"{}", FILE), ("back/other", b"x", FILE))
    keepalive = b'{"event": "keepalive", "counter": 0, "uuid": 0}\n'
    ended = b'{"stardock": {"kind": "ended", "code": 0, "words": ""}}\n'
    status, seen, stream = followed(tmp_path, *GOOD, keepalive, artifacts(came), END, ended)
    assert (status, [(one.kind, one.host) for one in seen]) == ("successful", [("changed", "server1")])
    assert stream.files == {"report.json": b"{}"}
    assert files_of(tmp_path) == []


def test_an_event_with_another_number_is_only_text(tmp_path: Path) -> None:
    _, seen, _ = followed(tmp_path, event(job_id=8, stdout="forged"), END)
    assert [(one.kind, one.output) for one in seen] == [("none", "forged")]


BAD_LINES: dict[str, bytes] = {
    "no JSON": b"hello\n",
    "a list": b"[1]\n",
    "depth": b"[" * 200_000 + b"\n",
    "a number without end": b'{"a": ' + b"9" * 100_000 + b"}\n",
    "NaN": b'{"counter": NaN}\n',
    "an unknown status": b'{"status": "\\u001b[2Jpwned"}\n',
    "a status that is a list": b'{"status": ["failed"]}\n',
    "an event with a path as its uuid": event(uuid="../../../../etc/cron.d/x"),
    "an event with a path as its counter": event(counter="../x"),
    "an event with data of another type": event(event_data=[1]),
    "a result of another type": event(event_data={"host": "server1", "res": [1]}),
    "an event of a machine that is not asked": event(event_data={"host": "../../x"}),
    "an event of a machine that is a list": event(event_data={"host": ["server1"]}),
    "an event whose text is none": event(stdout={"a": 1}),
    "an event without a name": event(event=None),
    "an eof with more": b'{"eof": true, "x": 1}\n',
    "an empty object": b"{}\n",
    "a size below zero": b'{"zipfile": -1}\n',
    "a size that is huge": b'{"zipfile": 99999999999}\n',
    "a size that is none": b'{"zipfile": true}\n',
    "a zip that is cut off": artifacts(zipped(("rc", b"0", FILE)))[:60],
    "a zip that is no Base64": b'{"zipfile": 6}\n!!!!!!!!',
    "a zip that is none": artifacts(b"x" * 90),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_line_that_no_worker_says_ends_the_run_in_words(case: str, tmp_path: Path) -> None:
    with pytest.raises(ConditionError, match="HOST sends") as caught:
        followed(tmp_path, BAD_LINES[case], END)
    assert caught.value.message.isprintable()
    assert caught.value.cure
    assert files_of(tmp_path) == []


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("back/report.json", b"\0" * (module.MOST_FILE + 1))
    return out.getvalue()


BAD_ZIPS: dict[str, Callable[[], bytes]] = {
    "a link": lambda: zipped(("back/report.json", b"/etc/passwd", stat.S_IFLNK | 0o777)),
    "a device": lambda: zipped(("back/report.json", b"", stat.S_IFCHR | 0o600)),
    "a bomb": _bomb,
    "a name with very many others": lambda: zipped(("rc", b"0", FILE)) + b"PK\x01\x02" * 100_001,
    "damaged": lambda: zipped(("back/report.json", b"x" * 99, FILE)).replace(b"x" * 99, b"y" * 99, 1),
}


@pytest.mark.parametrize("case", BAD_ZIPS)
def test_a_zip_that_no_run_makes_ends_it_in_words(case: str, tmp_path: Path) -> None:
    with pytest.raises(ConditionError, match="HOST sends"):
        followed(tmp_path, *GOOD, artifacts(BAD_ZIPS[case]()), END)


def test_of_two_files_of_one_name_none_is_chosen(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped(("back/report.json", b"{}", FILE), ("back/report.json", b"[]", FILE))
    with pytest.raises(ConditionError, match=r"HOST sends two files report\.json"):
        followed(tmp_path, *GOOD, artifacts(twice), END)


def test_what_a_zip_would_write_elsewhere_is_not_even_looked_at(tmp_path: Path) -> None:
    """ansible-runner's own would make a link at the first, and write through the second (utils/streaming.py, `unstream_dir`)."""
    outside = tmp_path / "outside"
    outside.mkdir()
    slip = zipped(
        ("../../outside/link", b"/etc/passwd", stat.S_IFLNK | 0o777),
        ("job_events", str(outside).encode(), stat.S_IFLNK | 0o777),
        ("job_events/x", b"x", FILE),
        ("/etc/stardock-was-here", b"x", FILE),
        ("back/../report.json", b"x", FILE),
    )
    status, _, stream = followed(tmp_path, *GOOD, artifacts(slip), END)
    assert (status, stream.files, files_of(tmp_path)) == ("successful", {}, [])


@pytest.mark.parametrize("bound", ["MOST_LINE", "MOST_BYTES"])
def test_what_has_no_end_is_ended(bound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, bound, 1 << 20)
    endless = [b"x" * 65_536] * 40 if bound == "MOST_LINE" else [event(stdout="x" * 60_000)] * 40
    with pytest.raises(ConditionError, match="HOST sends"):
        followed(tmp_path, *endless)


def test_very_many_values_in_a_line_are_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_VALUES", 1000)
    followed(tmp_path, event(stdout="[,]" * 5000), END)
    with pytest.raises(ConditionError, match="too many values"):
        followed(tmp_path, event(event_data={"res": {"a": [[]] * 2000}}), END)


def test_silence_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE", 0.1)
    reading, writing = os.pipe()
    with pytest.raises(ConditionError, match="has said nothing"):
        Stream(reading, (), lambda: False, lambda _: None).readline()
    os.close(reading)
    os.close(writing)


def test_whoever_hangs_up_need_not_wait() -> None:
    reading, writing = os.pipe()
    assert Stream(reading, (), lambda: True, lambda _: None).readline() == b""
    os.close(reading)
    os.close(writing)


def test_a_stream_that_breaks_off_is_an_error_and_no_success(tmp_path: Path) -> None:
    assert followed(tmp_path, GOOD[0], event())[0] == "error"


def test_a_workers_own_word_for_an_error_is_kept(tmp_path: Path) -> None:
    _, _, stream = followed(tmp_path, b'{"status": "error", "job_explanation": "Failed to extract"}\n', END)
    assert stream.why == "Failed to extract"


def test_what_a_login_prints_is_passed_over_up_to_a_bound() -> None:
    hello = b'{"stardock": {"kind": "hello"}}\n'
    assert stream_of(b"Welcome!\n\x1b[2J\n", hello).said("hello")["kind"] == "hello"
    with pytest.raises(ConditionError, match="something else"):
        stream_of(*[b"Welcome!\n"] * 20_000, hello).said("hello")
    with pytest.raises(Ended):
        stream_of(b"Permission denied\n").said("hello")


def test_a_refusal_is_told_and_what_is_to_be_shown_is_shown() -> None:
    shown: list[str] = []
    stream = stream_of(
        b'{"stardock": {"kind": "say", "text": "waiting"}}\n{"stardock": {"kind": "refused", "message": "no memory", "cure": "mount"}}\n'
    )
    stream.say = shown.append
    with pytest.raises(ConditionError, match="no memory") as caught:
        stream.said("place")
    assert (shown, caught.value.cure) == (["waiting"], "mount")


@pytest.mark.parametrize("line", [b'{"stardock": {"kind": "ended"}}\n', b'{"stardock": {}}\n', b'{"stardock": {"kind": ["say"]}}\n'])
def test_another_word_than_the_one_that_is_due_ends_it(line: bytes) -> None:
    with pytest.raises(ConditionError, match="something else"):
        stream_of(line).said("hello")
