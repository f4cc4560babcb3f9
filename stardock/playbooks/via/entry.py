"""The first program on HOST: says what HOST is, unpacks the wheels that it lacks, and hands over to what was in them (`keeper`).

Sent as text through the ssh and run by a Python that has nothing else: this file imports the standard library alone. All that it says are
lines of JSON with the key `stardock`; what else a login prints on the way is passed over by the other side.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import platform
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: The program that a shell there starts: it reads this file, whose length it knows, and leaves all that follows in the pipe.
LOADER = """\
import os
text = b""
while len(text) < {length}:
    part = os.read(0, {length} - len(text))
    if not part:
        raise SystemExit(94)
    text += part
exec(compile(text, "stardock", "exec"), {{"__name__": "stardock_entry"}})
"""
#: What the file ends with when it is sent.
CALL = "\nmain()\n"
#: A line of the other side's.
_LONGEST = 1 << 20
#: So many versions are kept.
_KEPT = 4
_MODE = 0o700


def main() -> None:
    """Speak with the other side, then become the keeper."""
    cache = Path.home() / ".cache" / "stardock" / "via"
    folder = cache / f"{_line()['key']}-cp{sys.version_info[0]}{sys.version_info[1]}-{platform.machine()}"
    there = folder.is_dir()
    say({**_about(), "cached": there})
    wheels = [_wheel(int(size), str(digest)) for _, size, digest in _line()["wheels"]]
    if wheels or not there:
        _install(folder, wheels)
    _become(folder)


def say(said: Mapping[str, Any]) -> None:
    """Tell the other side."""
    text = json.dumps({"stardock": said}).encode() + b"\n"
    while text:
        text = text[os.write(1, text) :]


def _about() -> dict[str, Any]:
    libc, version = platform.libc_ver()
    return {
        "kind": "hello",
        "python": list(sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "machine": platform.machine(),
        "libc": libc or "musl",
        "libc_version": version,
        "ssh": bool(shutil.which("ssh")),
        "agent": "SSH_AUTH_SOCK" in os.environ and Path(os.environ["SSH_AUTH_SOCK"]).exists(),
    }


def _line() -> Any:
    """A line of the other side's; bytes beyond it stay in the pipe."""
    text = b""
    while not text.endswith(b"\n"):
        one = os.read(0, 1)
        if not one or len(text) > _LONGEST:
            raise SystemExit(94)
        text += one
    return json.loads(text)


def _wheel(size: int, digest: str) -> bytes:
    parts: list[bytes] = []
    while size:
        part = os.read(0, min(size, 1 << 16))
        if not part:
            raise SystemExit(94)
        parts.append(part)
        size -= len(part)
    data = b"".join(parts)
    if hashlib.sha256(data).hexdigest() != digest:
        raise SystemExit("a wheel came otherwise than it was sent")
    return data


def _install(folder: Path, wheels: Sequence[bytes]) -> None:
    """Unpack the wheels into one folder, whole or not at all, and drop what has not been used for longest."""
    folder.parent.mkdir(mode=_MODE, parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        for data in wheels:
            with zipfile.ZipFile(io.BytesIO(data)) as wheel:
                wheel.extractall(made / "lib")
        _programs(made / "bin")
        with contextlib.suppress(OSError):  # somebody else was quicker
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    others = sorted((one for one in folder.parent.iterdir() if one != folder), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in others[_KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)


def _programs(folder: Path) -> None:
    """ansible-runner starts ansible-playbook by its name."""
    folder.mkdir()
    path = folder / "ansible-playbook"
    program = "import sys; sys.argv[0] = 'ansible-playbook'; from ansible.cli.playbook import main; sys.exit(main())"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -s -c "{program}" "$@"\n', encoding="utf-8")
    path.chmod(_MODE)


def _become(folder: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(folder)
    path = os.pathsep.join((str(folder / "bin"), os.environ.get("PATH", os.defpath)))
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(folder / "lib"), "PYTHONNOUSERSITE": "1"}
    os.execve(sys.executable, [sys.executable, "-P", "-s", "-m", "stardock.playbooks.via.keeper"], environment)  # noqa: S606 -- no shell
