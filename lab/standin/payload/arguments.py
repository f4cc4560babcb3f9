"""Putting a component's arguments together: ours, and the user's `...-arg` keys. Facts of k3s: pkg/util (GetArgs)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def merged(ours: Mapping[str, str], users: Sequence[str]) -> list[str]:
    """`--flag=value` in order of their names.

    A user's flag replaces ours, and several of one name are all passed; `flag+=` puts its value behind ours, `flag-=` before it.
    """
    flags: dict[str, list[str]] = {name: [value] for name, value in ours.items()}
    own = set(flags)
    for text in users:
        written, value = pair(text)
        name = written.rstrip("+-")
        before = flags.get(name, [])
        if written.endswith(("+", "-")):
            pieces = [*before, value] if written.endswith("+") else [value, *before]
            flags[name] = [",".join(piece for piece in pieces if piece)]
        else:
            flags[name] = [value] if name in own else [*before, value]
        own.discard(name)
    return [f"--{name}={value}" for name in sorted(flags) for value in flags[name]]


def named(users: Sequence[str]) -> dict[str, str]:
    """What the user gives: flag -> its last value."""
    return {written.rstrip("+-"): value for written, value in map(pair, users)}


def pair(argument: str) -> tuple[str, str]:
    """Take `flag=value` apart, with or without leading hyphens; a flag alone means true."""
    flag, equals, value = argument.removeprefix("--").partition("=")
    return flag, value if equals else "true"
