"""The second program on HOST: keeps one run of Ansible, in memory, for as long as the ssh lives, and leaves nothing of it.

The place is a folder of tmpfs that only this account can enter. The run is ended, with all that it started, when the other side is silent
for a minute or its end of the ssh is gone, and when the keeper itself is killed (`guard`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from stardock.errors import ConditionError, StardockError
from stardock.playbooks.via.entry import say
from stardock.playbooks.via.guard import end_marked, guarded
from stardock.workspace.private_directory import private_directory
from stardock.workspace.run_lock import only_run

#: In seconds: how long the other side may be silent, who says something every ten; how long one waits for a run whose other side is gone.
SILENCE = 60.0
PATIENCE = 90.0
#: Where memory is a file system, in this order; the second is systemd's.
PLACES = ("/dev/shm", "/run/user/{uid}")  # noqa: S108 -- what is made there is checked
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_LONGEST = 1 << 20
#: What the worker may know of the environment that the ssh has.
_PASSED = ("PATH", "PYTHONPATH", "PYTHONNOUSERSITE", "USER", "LOGNAME", "SSH_AUTH_SOCK")
_MOST_WORDS = 4000
#: Seconds for what a worker said before its end.
_PASSING = 30.0
_WORK = "from stardock.playbooks.ansible import work; work()"


class Lost(Exception):
    """The other side is gone."""


def main() -> None:
    """One run."""
    for number in ENDING:
        signal.signal(number, _gone)
    try:
        wanted = _line()
        _look_for(str(wanted.get("artifacts") or ""))
        name = hashlib.sha256(str(wanted["cluster"]).encode()).hexdigest()[:16]  # short: a socket's path has room for 108 bytes
        with (
            _alone(_base() / f"{name}.pid") as token,
            private_directory(_base() / f"{name}.run") as folder,
            guarded(folder, token),
        ):
            say({"kind": "place", "folder": str(folder)})
            code, words = _keep(folder, token, int(_line()["transmit"]), str(wanted.get("artifacts") or ""))
        say({"kind": "ended", "code": code, "words": words})
    except StardockError as error:
        say({"kind": "refused", "message": error.message, "cure": error.cure or ""})
    except (Lost, BrokenPipeError):
        raise SystemExit(94) from None


def _gone(_number: int, _frame: object) -> None:
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)  # what follows is the end of all that runs
    raise Lost


def _look_for(artifacts: str) -> None:
    """ConditionError where the folder of releases is not here: the variable names one of this machine."""
    if artifacts and not os.access(f"{artifacts}/.", os.R_OK | os.X_OK):
        message = f"STARDOCK_ARTIFACTS is {artifacts}, which is no folder on HOST that its account may read: Ansible runs there"
        raise ConditionError(
            message, cure="bring the folder there and name it so, or unset the variable: machines then download the release"
        )


def _base() -> Path:
    """The folder of this account in memory. `ConditionError` where there is none, or another account made it."""
    memory = [path for path in (place.format(uid=os.getuid()) for place in PLACES) if _is_memory(path)]
    if not memory:
        raise ConditionError(
            "it has no file system in memory that this account may write to, and secrets are written nowhere else",
            cure="mount one there: mount -t tmpfs -o mode=1777 tmpfs /dev/shm",
        )
    base = Path(memory[0]) / f"stardock-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        base.mkdir(mode=0o700)
    found = base.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        raise ConditionError(f"{base} is not this account's alone", cure=f"look at what it is, and take it away: ls -ld {base}")
    return base


def _is_memory(path: str) -> bool:
    """Whether it is a mount of tmpfs (proc(5), mountinfo) that can be written to."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()]
    kinds = [fields[fields.index("-") + 1] for fields in mounts if "-" in fields and fields[4] == path]
    return kinds[-1:] == ["tmpfs"] and os.access(path, os.W_OK | os.X_OK)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[str]:
    """Hold the cluster's lock on this machine; a run whose other side is gone ends by itself within a minute, and is waited for."""
    end, said = time.monotonic() + PATIENCE, False
    while True:
        with contextlib.ExitStack() as held:
            try:
                token = held.enter_context(only_run(path, lambda line: say({"kind": "say", "text": line})))
            except StardockError as error:
                if time.monotonic() > end or "another run holds" not in error.message:
                    raise
            else:
                yield token
                return
        if not said:
            say({"kind": "say", "text": f"another run of this cluster is there: waiting for its end, at most {PATIENCE:.0f} s"})
        said = True
        _heard(1.0)


def _keep(folder: Path, token: str, size: int, artifacts: str) -> tuple[int, str]:
    """Start ansible-runner's worker, hand it the stream, pass on what it says; its exit code, and the end of what it complained of."""
    with (folder / "complaints").open("w+b") as complaints:
        worker = subprocess.Popen(
            [sys.executable, "-P", "-s", "-c", _WORK, str(folder)], env=_environment(folder, token, artifacts),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, start_new_session=True,
        )  # fmt: skip
        try:
            broken = threading.Event()
            passing = threading.Thread(target=_pass_on, args=(worker.stdout, broken), daemon=True)
            passing.start()
            _hand_over(worker, size)
            while worker.poll() is None:
                _heard(0.2)
                if broken.is_set():
                    raise Lost
            passing.join(_PASSING)
        finally:
            end_marked(token)
            worker.wait()
        complaints.seek(max(complaints.tell() - _MOST_WORDS, 0))
        return worker.returncode, complaints.read().decode(errors="replace")


def _environment(folder: Path, token: str, artifacts: str) -> dict[str, str]:
    """What Ansible and ssh may know; whatever they write for themselves goes where the rest is."""
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    (folder / "h").mkdir(mode=0o700)
    (folder / "tmp").mkdir(mode=0o700)
    return {
        **passed,
        "HOME": str(folder / "h"),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "STARDOCK_RUN": token,
        **({"STARDOCK_ARTIFACTS": artifacts} if artifacts else {}),
    }


def _hand_over(worker: subprocess.Popen[bytes], size: int) -> None:
    """The transmitted stream, whole, to the worker."""
    assert worker.stdin  # noqa: S101 -- it was asked for
    while size:
        part = _read(min(size, 1 << 16), SILENCE)
        size -= len(part)
        with contextlib.suppress(BrokenPipeError):  # it died: what it complained of is told at the end
            worker.stdin.write(part)
    with contextlib.suppress(BrokenPipeError):
        worker.stdin.close()


def _pass_on(said: IO[bytes] | None, broken: threading.Event) -> None:
    """What the worker says, to the other side."""
    try:
        while said and (part := said.read1(1 << 16)):  # type: ignore[attr-defined]
            while part:
                part = part[os.write(1, part) :]
    except OSError:
        broken.set()


_LAST = [time.monotonic()]


def _heard(seconds: float) -> None:
    """Wait; `Lost` when the other side's end is gone, or it says nothing any more. All that it may say now is that it lives."""
    if select.select([0], [], [], seconds)[0]:
        if not os.read(0, 1 << 12):
            raise Lost
        _LAST[0] = time.monotonic()
    if time.monotonic() - _LAST[0] > SILENCE:
        raise Lost


def _read(most: int, seconds: float) -> bytes:
    ready = select.select([0], [], [], seconds)[0]
    part = os.read(0, most) if ready else b""
    if not part:
        raise Lost
    _LAST[0] = time.monotonic()
    return part


def _line() -> Any:
    text = b""
    while not text.endswith(b"\n") or text == b"\n":  # an empty line only tells that it lives
        text = (b"" if text == b"\n" else text) + _read(1, SILENCE)
        if len(text) > _LONGEST:
            raise Lost
    return json.loads(text)


if __name__ == "__main__":
    main()
