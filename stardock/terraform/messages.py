"""The engine's machine-readable lines (`-json`; same in tofu and terraform) as words: what to show, what went wrong.

https://opentofu.org/docs/internals/machine-readable-ui/ : each line is an object with `type` and, by type, `hook` or `diagnostic`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

#: What a person knows of these resource types; any other shows its type.
_KINDS = {
    "proxmox_virtual_environment_vm": "machine",
    "proxmox_virtual_environment_file": "snippet",
    "proxmox_download_file": "image",
    "proxmox_haresource": "HA of machine",
    "proxmox_harule": "HA rule of machine",
}
_DONE = {"create": "created", "update": "changed", "delete": "deleted", "import": "imported"}


@dataclass(slots=True)
class Transcript:
    """What the engine said in one command: its errors, and lines that were no JSON (a crash, a missing library)."""

    errors: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)  # addresses whose apply failed

    def take(self, line: str) -> str | None:
        """Read one line of output; gives what to show of it, None for nothing."""
        message = _parsed(line)
        if message is None:
            self.other.append(line.rstrip())
            return None
        if message.get("type") == "diagnostic":
            return self._diagnostic(message["diagnostic"])
        if message.get("type") == "apply_errored":
            self.failed.add(message["hook"]["resource"]["addr"])
        return _progress(message)

    def _diagnostic(self, diagnostic: Mapping[str, Any]) -> str | None:
        words = _diagnostic_words(diagnostic)
        if diagnostic.get("severity") == "error":
            self.errors.append(words)
            return None
        return f"warning: {words.splitlines()[0]}"

    @property
    def failed_machines(self) -> set[str]:
        """The names of machines whose apply failed."""
        return {name for kind, _, name in (address.partition(".") for address in self.failed) if _KINDS.get(kind) == "machine"}

    def why(self) -> str:
        """The engine's own words about its failure."""
        return "\n".join(self.errors or [line for line in self.other if line][-10:]) or "it gave no reason"


#: The engine's words about the state -> what to do. `{unlock}` is the id of the lock.
_STATE_CURES = (
    (
        r"Error acquiring the state lock",
        "another run holds the state; if that one was killed: (cd {folder} && {engine} force-unlock {lock})",
    ),
    (
        r"Backend (configuration|type) changed|Backend initialization required|Unsetting the previously set backend",
        "`state:` was changed; to take the state along: (cd {folder} && {engine} init -migrate-state); to leave it: -reconfigure instead",
    ),
)
#: The provider's (0.111.1) words -> what to do.
_PROVIDER_CURES = (
    (
        r"Defined disk interface not supported\. Interface was ,",
        "the provider stumbled over a disk that was taken off in Proxmox, after it had done the rest: run the command once more",
    ),
)
#: terraform's http backend shows its own id under "Lock Info" and the holder's in the message.
_LOCK_ID = re.compile(r"already locked: ID=(\S+)|^\s*ID:\s+(\S+)", re.MULTILINE)


def cure_of(why: str, engine: str, folder: Path) -> str:
    """What to do about an engine's failure."""
    lock = _LOCK_ID.search(why)
    for pattern, cure in (*_STATE_CURES, *_PROVIDER_CURES):
        if re.search(pattern, why):
            return cure.format(folder=quote(str(folder)), engine=engine, lock=quote(lock[1] or lock[2]) if lock else "ID")
    return "run the command again when the cause is gone: it continues"


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def _diagnostic_words(diagnostic: Mapping[str, Any]) -> str:
    address = diagnostic.get("address")
    head = f"{resource_words(address)}: {diagnostic['summary']}" if address else str(diagnostic["summary"])
    detail = (line.strip() for line in str(diagnostic.get("detail") or "").splitlines())
    return "\n  ".join([head, *filter(None, detail)])


def _progress(message: Mapping[str, Any]) -> str | None:
    """Show what is done, and machines and images that take long; nothing of what was only started or read."""
    hook = message.get("hook", {})
    words = resource_words(hook.get("resource", {}).get("addr", ""))
    seconds = hook.get("elapsed_seconds", 0)
    if message.get("type") == "apply_complete":
        return f"{words}: {_DONE.get(hook['action'], hook['action'])} ({seconds} s)"
    if message.get("type") == "apply_progress":
        return f"{words}: {hook['action']}, {seconds} s so far"
    return None


def resource_words(address: str) -> str:
    """Put a resource address into words: `proxmox_virtual_environment_vm.server1` is `machine server1`."""
    kind, _, name = address.partition(".")
    return f"{_KINDS.get(kind, kind)} {name}"
