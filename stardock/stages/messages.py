"""The engine's machine-readable lines (`-json`; same in tofu and terraform) as words: what to show, what went wrong.

https://opentofu.org/docs/internals/machine-readable-ui/ : each line is an object with `type` and, by type, `hook` or `diagnostic`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
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

    def take(self, line: str) -> str | None:
        """Read one line of output; gives what to show of it, None for nothing."""
        message = _parsed(line)
        if message is None:
            self.other.append(line.rstrip())
            return None
        if message.get("type") == "diagnostic":
            return self._diagnostic(message["diagnostic"])
        return _progress(message)

    def _diagnostic(self, diagnostic: Mapping[str, Any]) -> str | None:
        words = _diagnostic_words(diagnostic)
        if diagnostic.get("severity") == "error":
            self.errors.append(words)
            return None
        return f"warning: {words.splitlines()[0]}"

    def why(self) -> str:
        """The engine's own words about its failure."""
        return "\n".join(self.errors or [line for line in self.other if line][-10:]) or "it gave no reason"


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
