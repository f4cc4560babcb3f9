"""`.gitignore` beside cluster.yaml: written once, where a folder has none, so that `git add` takes no key, state or secret along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stardock.spec.secret_sources import secret_places
from stardock.writing import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from stardock.spec import Spec

_HEAD = "# Written once by Stardock, yours to edit. The lock and cluster.yaml go into version control; these do not (docs/files.md)."
_SECRET = ("*.tfstate", "*.tfstate.*", "errored.tfstate", "*.secrets.yaml", "*.kubeconfig")
_OBSERVED = ("*.facts.json", "*.runs.json", "*.known_hosts", "*.bundle/", "*.run/", "*.pid", "*.log", "cdktf.out/")
#: What gitignore(5) reads as more than itself.
_SPECIAL = re.compile(r"([\\*?\[\]#! ])")


def write_gitignore(folder: Path, spec: Spec) -> None:
    """Write it where there is none; a user's own is never touched. `ConditionError` where the folder cannot be written."""
    path = folder / ".gitignore"
    if not path.exists() and not path.is_symlink():
        write_atomically(path, gitignore(spec))


def gitignore(spec: Spec) -> str:
    """Its text: state, secrets, what was observed, and the keys, hashes and contents that cluster.yaml names in its folder."""
    return "\n".join((_HEAD, *_SECRET, *dict.fromkeys(_named(spec)), *_OBSERVED)) + "\n"


def _named(spec: Spec) -> Iterator[str]:
    whole, pools = spec.cloud_init, [pool.cloud_init for pool in spec.pools]
    hashes = (user.password_hash for users in (whole.users, *(pool.users for pool in pools)) for user in users)
    files = [
        spec.ssh.private_key,
        spec.proxmox.ssh.private_key,
        *(node.ssh_private_key for node in spec.proxmox.nodes),
        *(one.file for one in hashes if one),
        *(place.source.file for place in secret_places(spec)),
    ]
    for file in files:
        if file and not file.startswith(("/", "~")) and ".." not in file.split("/"):
            yield "/" + _SPECIAL.sub(r"\\\1", file.removeprefix("./"))
