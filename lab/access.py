"""The way into a lab's PVE: its API token and the SSH key of its nodes, each made at the first call and kept.

Commands inside a lab need these and nothing else of the emulated PVE, so they are apart from it: it takes half a second to import.
"""

from __future__ import annotations

import os
import secrets
import uuid
from pathlib import Path

from lab.commands import run

_TOKEN_USER = "root@pam!stardock-lab"  # noqa: S105 -- a name


def token(directory: Path) -> str:
    """The lab's API token, `user@realm!name=uuid`."""
    file = directory / "token"
    if not file.exists():
        write_private(file, f"{_TOKEN_USER}={uuid.UUID(bytes=secrets.token_bytes(16), version=4)}\n")
    return file.read_text().strip()


def access_key(directory: str | Path) -> Path:
    """The private key that every PVE node of this lab lets in."""
    return ensure_ssh_key(Path(directory) / "ssh" / "id_ed25519")


def ensure_ssh_key(file: Path, comment: str = "stardock-lab") -> Path:
    """An ed25519 key in OpenSSH's form at `file` (0600), its public half beside it as .pub; kept when it is there."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(file)])
    return file


def write_private(file: Path, content: str) -> None:
    """A file (0600) that holds a secret."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(content)
