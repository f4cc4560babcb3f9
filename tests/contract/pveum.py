"""`pveum` as `runner proxmox-role` prints it, over the API that the real one uses, too; by the estate's root."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable, Iterable
from typing import Any

import pytest

Ask = Callable[[str, str, dict[str, str]], Any]  # method, path, parameters -> data; raises when it is refused


def run(lines: Iterable[str], ask: Ask) -> str:
    """Run a script of pveum commands, comments left out; the token that its last command prints, as PROXMOX_VE_API_TOKEN wants it."""
    told: Any = None
    for line in lines:
        if line and not line.startswith("#"):
            told = _either(line.split(" || "), ask)
    return f"{told['full-tokenid']}={told['value']}"


def again(lines: Iterable[str], ask: Ask) -> None:
    """Run the script once more, after an edit: its last command is refused, for the token is there."""
    *rest, token = [line for line in lines if line and not line.startswith("#")]
    for line in rest:
        _either(line.split(" || "), ask)
    with pytest.raises(AssertionError, match="Token already exists"):
        _one(shlex.split(token), ask)


def _either(commands: list[str], ask: Ask) -> Any:
    """The first command that works, as a shell does it."""
    for number, command in enumerate(commands, 1):
        try:
            return None if command == "true" else _one(shlex.split(command), ask)
        except AssertionError:
            if number == len(commands):
                raise
    return None


def _one(words: list[str], ask: Ask) -> Any:
    program, *verbs = words
    assert program == "pveum", words
    named = {key.removeprefix("--"): value for key, value in itertools.pairwise(words) if key.startswith("--")}
    match verbs:
        case ["user", "add", user, *_]:
            return ask("POST", "/access/users", {"userid": user, **named})
        case ["pool", "add", pool]:
            return ask("POST", "/pools", {"poolid": pool})
        case ["role", "add", role, *_]:
            return ask("POST", "/access/roles", {"roleid": role, **named})
        case ["role", "modify", role, *_]:
            return ask("PUT", f"/access/roles/{role}", named)
        case ["acl", "modify", path, *_]:
            return ask("PUT", "/access/acl", {"path": path, **named})
        case ["user", "token", "add", user, token, *_]:
            return ask("POST", f"/access/users/{user}/token/{token}", named)
    raise ValueError(f"no pveum command: {words}")
