"""`etcd-snapshot save`: the command asks the running server, whose etcd writes its snapshot to server/db/snapshots.

Facts of k3s: pkg/cli/etcdsnapshot/etcd_snapshot.go (the command, its token, its words), pkg/etcd/snapshot.go (names, folder, modes),
pkg/etcd/snapshot_handler.go (POST /db/snapshot).
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from . import tokens
from .config import Config
from .etcd import Etcd, EtcdError
from .flavor import OURS
from .join import JoinError, enter
from .journal import FatalError, log
from .paths import Paths

ROUTE = "/db/snapshot"
SERVER = f"https://127.0.0.1:{OURS.supervisor_port}"
DEFAULT_NAME = "on-demand"
SECONDS = 300.0  # how long a snapshot may take


class UsageError(Exception):
    """The command line has a word that this command does not know."""


def parse(arguments: Sequence[str]) -> str:
    """The base name that `save [--name NAME]` asks for. Raises UsageError."""
    name, words = DEFAULT_NAME, list(arguments)
    if not words or words.pop(0) != "save":
        raise UsageError
    while words:
        flag, equals, value = words.pop(0).partition("=")
        if flag.lstrip("-") != "name" or not flag.startswith("-") or not (equals or words):
            raise UsageError
        name = value if equals else words.pop(0)
    return name


def save(paths: Paths, name: str) -> None:
    """Ask the server on this machine for a snapshot. Raises FatalError, as on a machine that is no server or whose service is down."""
    try:
        token = tokens.parse((paths.server / "token").read_text().strip())
    except OSError as error:
        raise FatalError(f"Error: open {error.filename}: {(error.strerror or '').lower()}") from error
    try:
        answer = enter(SERVER, token, "server").post(ROUTE, json.dumps({"operation": "save", "name": [name]}).encode(), SECONDS)
    except JoinError as error:
        raise FatalError(f"Error: see server log for details: {error}") from error
    for created in json.loads(answer)["created"]:
        log("info", f"Snapshot {created} saved.")


def take(paths: Paths, config: Config, node: str, body: dict[str, object]) -> tuple[HTTPStatus, bytes]:
    """The server's answer to such a request: nothing is kept of a snapshot that broke off."""
    names = body.get("name")
    base = str(names[0]) if isinstance(names, list) and names else config.text("etcd-snapshot-name", "etcd-snapshot")
    given = config.text("etcd-snapshot-dir")
    folder = paths.root / given.lstrip("/") if given else paths.server / "db/snapshots"
    target = folder / f"{base}-{node}-{round(time.time())}"
    log("info", f"Saving etcd snapshot to {target}")
    try:
        _write(Etcd(paths), target, make=not given)
    except (EtcdError, OSError) as error:
        log("error", f"Failed to take etcd snapshot: {error}")
        return HTTPStatus.INTERNAL_SERVER_ERROR, str(error).encode()
    return HTTPStatus.OK, json.dumps({"created": [target.name]}).encode()


def _write(etcd: Etcd, target: Path, *, make: bool) -> None:
    """Only the default folder is made; etcd's stream ends with its own checksum, which `etcdutl` looks at."""
    if make:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("xb") as file:
            part.chmod(0o600)
            for piece in etcd.snapshot(SECONDS):
                file.write(piece)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
