"""What HOST sends, looked through before ansible-runner's `process` reads it: whoever answers there may send anything, without an end.

ansible-runner 2.4.3 trusts a worker: it unpacks a zip beside the artifacts, with `..` in names as far as modes, times and links go, and
through links that the zip itself made (`utils/streaming.py`, `unstream_dir`); an event's counter and uuid become the name of a file, and a
line may have any length (`streaming.py`, `Processor`). So a line is bounded and must be a status, an event of a known form, or the end; of
the zip, which `process` never sees, only the few files are taken that a run was to bring back, into memory.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import os
import re
import select
import stat
import time
import zipfile
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from stardock.errors import ConditionError

#: Bytes: of a line (a machine's answer to one command has 4 MiB, and an event tells it twice), of a whole run, of the zip, of a file in it.
MOST_LINE = 32 << 20
MOST_BYTES = 4 << 30
MOST_ZIP = 32 << 20
MOST_FILE = 16 << 20
#: Seconds; ansible-runner's worker says every ten that it lives.
SILENCE = 120.0
#: Below this folder of the artifacts lies what comes back.
BACK = "back"
_MOST_NAMES = 100_000
#: Values of a line: an answer of 4 MiB may have as many lines as bytes.
_MOST_VALUES = 6_000_000
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_STATUS = frozenset({"unstarted", "starting", "running", "successful", "failed", "canceled", "timeout", "error"})
_EVENT = re.compile(r"[A-Za-z_]{1,60}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_COUNTER = 2**53
#: What a login may print before the first line of ours.
_MOST_NOISE = 64 << 10


class Ended(Exception):
    """Nothing comes any more."""


@dataclass(slots=True)
class Stream:
    """The other end of a pipe, and what it has said.

    `hosts` are the names that events may tell of; `hung_up` is asked again and again, and ends the reading when it says so.
    """

    descriptor: int
    hosts: Collection[str]
    hung_up: Callable[[], bool]
    say: Callable[[str], None]
    files: dict[str, bytes] = field(default_factory=dict)
    why: str = ""  # the worker's own word for an error
    heard: bool = False  # whether anything of ours came at all
    last: Mapping[str, Any] = field(default_factory=dict)  # the keeper's last line
    _buffer: bytearray = field(default_factory=bytearray)
    _read: int = 0

    def said(self, *kinds: str) -> Mapping[str, Any]:
        """The next line of ours of one of these kinds; what it only wants to be shown is shown. Raises `Ended`, ConditionError."""
        noise = 0
        while True:
            line = self._line()
            told = _ours(line)
            if told is None:
                noise += len(line)
                if noise > _MOST_NOISE:
                    raise _wrong("something else than it was asked")
                continue
            self.heard = True
            if told.get("kind") == "say":
                self.say(str(told.get("text"))[:500])
            elif told.get("kind") == "refused":
                raise ConditionError(str(told.get("message"))[:1000], cure=str(told.get("cure"))[:1000] or None)
            elif str(told.get("kind")) in kinds:
                return told
            else:
                raise _wrong("something else than it was asked")

    def readline(self) -> bytes:
        """For `process`: the next line that it may have; empty at the end. ConditionError for what no worker says."""
        while True:
            try:
                line = self._line()
            except Ended:
                return b""
            told = _ours(line)
            if told is not None:
                self.last = told
            elif (passed := self._passed(line)) is not None:
                return passed

    def _passed(self, line: bytes) -> bytes | None:
        """What of a line is passed on; None: nothing."""
        said = _parsed(line)
        if "zipfile" in said:
            self._take(said["zipfile"])
            return None
        if "status" in said:
            return self._status(said)
        if said == {"eof": True}:
            return b'{"eof": true}\n'
        if said.get("event") == "keepalive":
            return None
        _check_event(said, self.hosts)
        return json.dumps(said).encode() + b"\n"

    def _status(self, said: Mapping[str, Any]) -> bytes:
        if not isinstance(said["status"], str) or said["status"] not in _STATUS:
            raise _wrong("a status that ansible-runner does not know")
        self.why = str(said.get("job_explanation") or self.why)[:500]
        return json.dumps({"status": said["status"]}).encode() + b"\n"

    def _take(self, size: object) -> None:
        """Read the zip, which follows as Base64 without a line end, and take the files of the run."""
        if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= MOST_ZIP:
            raise _wrong(f"artifacts of more than {MOST_ZIP >> 20} MiB, or of none")
        try:
            text = self._exactly(-(-size // 3) * 4)
            data = base64.b64decode(text, validate=True)
        except (Ended, binascii.Error):
            raise _wrong("artifacts that are cut off or no Base64") from None
        if len(data) != size:
            raise _wrong("artifacts of another size than it said")
        self.files |= unpacked(data)

    def _line(self) -> bytes:
        begin = 0
        while (end := self._buffer.find(b"\n", begin)) < 0:
            if len(self._buffer) > MOST_LINE:
                raise _wrong(f"a line of more than {MOST_LINE >> 20} MiB")
            begin = len(self._buffer)
            self._more()
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _more(self) -> None:
        end = time.monotonic() + SILENCE
        while not select.select([self.descriptor], [], [], 0.5)[0]:
            if self.hung_up():
                raise Ended
            if time.monotonic() > end:
                raise ConditionError(f"HOST has said nothing for {SILENCE:.0f} s", cure=_AGAIN)
        part = os.read(self.descriptor, 1 << 16)
        if not part:
            raise Ended
        self._buffer += part
        self._read += len(part)
        if self._read > MOST_BYTES:
            raise _wrong(f"more than {MOST_BYTES >> 30} GiB")


_AGAIN = "what ran there is ended when the connection is; every stage may be run again: runner bootstrap"


def _wrong(what: str) -> ConditionError:
    cure = f"look at that machine, whether it is the right one; {_AGAIN}"
    return ConditionError(f"HOST sends {what}: the connection was ended", cure=cure)


def _ours(line: bytes) -> Mapping[str, Any] | None:
    """A line of `entry` or `keeper`; None for any other."""
    if not line.startswith(b'{"stardock": {'):
        return None
    said = _parsed(line)["stardock"]
    return said if isinstance(said, dict) else {}


def _parsed(line: bytes) -> dict[str, Any]:
    if line.count(b",") + line.count(b"[") > _MOST_VALUES and (bare := _TEXT.sub(b"", line)).count(b",") + bare.count(b"[") > _MOST_VALUES:
        raise _wrong("a line of too many values")
    try:
        said = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _wrong("a line that is no JSON") from None
    if not isinstance(said, dict):
        raise _wrong("a line that is no word of ansible-runner's")
    return said


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _check_event(said: Mapping[str, Any], hosts: Collection[str]) -> None:
    """ConditionError for what is no event, or tells of a machine that nobody asked."""
    data, counter = said.get("event_data", {}), said.get("counter")
    is_counter = isinstance(counter, int) and 0 < counter < _MOST_COUNTER
    if not _is(_EVENT, said.get("event")) or not _is(_UUID, said.get("uuid")) or not is_counter or not isinstance(data, dict):
        raise _wrong("what is no event of ansible-runner's")
    if not isinstance(data.get("res") or {}, dict):
        raise _wrong("a result that is none of a module's")
    host = data.get("host", "")
    if not isinstance(said.get("stdout", ""), str) or not isinstance(host, str) or host not in {"", "localhost", *hosts}:
        raise _wrong("an event of a machine that is not the cluster's")


def _is(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def unpacked(data: bytes) -> dict[str, bytes]:
    """The files that a run brings back, of the zip of its artifacts: by name, small, and no links. Nothing is written."""
    if data.count(_ENTRY) > _MOST_NAMES:
        raise _wrong(f"artifacts of more than {_MOST_NAMES} names")
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                folder, _, name = info.filename.partition("/")
                if folder == BACK and name in FILES:
                    if name in found:
                        raise _wrong(f"two files {name}")
                    found[name] = _content(archive, info)
    except _DAMAGED:
        raise _wrong("artifacts that are no zip") from None
    return found


#: How an entry of a zip's directory begins, and what reading a damaged one raises.
_ENTRY = b"PK\x01\x02"
_DAMAGED = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, OSError, EOFError, LookupError,
)  # fmt: skip

#: What may come back, by name; see `stardock.playbooks.via.session`.
FILES = frozenset({"running.json", "report.json", "kubeconfig", "known_hosts"})


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    mode = info.external_attr >> 16
    if info.is_dir() or (stat.S_IFMT(mode) and not stat.S_ISREG(mode)):
        raise _wrong(f"a {info.filename} that is no file")
    with archive.open(info) as file:
        content = file.read(MOST_FILE + 1)
    if len(content) > MOST_FILE:
        raise _wrong(f"a {info.filename} of more than {MOST_FILE >> 20} MiB")
    return content
