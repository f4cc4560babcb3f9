"""`hooks`: the user's own commands before and after the two halves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from stardock.spec.section import Section, broken
from stardock.spec.units import Form, shown

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_SECONDS = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,4})m)?(?:(\d{1,5})s)?")
DEFAULT_SECONDS = 600
_MAX_SECONDS = 24 * 3600


def parse_seconds(value: object) -> int:
    """`90s`, `10m`, `1h30m`, in seconds."""
    found = _SECONDS.fullmatch(value) if isinstance(value, str) and value else None
    if not found:
        raise broken(f"{shown(value)} is not a time: hours, minutes, seconds", "write for example 90s, 10m or 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if not 1 <= total <= _MAX_SECONDS:
        raise broken(f"{shown(value)} is outside of 1s to 24h", "write for example 10m")
    return total


class Hook(Section):
    """One command. Written as its command line alone, or as a mapping."""

    command: str = Field(description="command line for `sh -c`, run in the folder of cluster.yaml", min_length=1)
    timeout: Annotated[int, BeforeValidator(parse_seconds), WithJsonSchema({"type": "string"})] = Field(
        default=DEFAULT_SECONDS, description="longest time it may take: `90s`, `10m`, `1h30m`"
    )
    env: tuple[Annotated[str, Form(_NAME, "the name of an environment variable", "DNS_TOKEN")], ...] = Field(
        default=(), description="further variables of your environment that it gets, by name; secrets reach it in no other way"
    )


def _by_command(value: Any) -> Any:
    """A bare text is a command; one hook may stand without a list."""
    many = [value] if isinstance(value, str | dict) else value
    return [{"command": item} if isinstance(item, str) else item for item in many] if isinstance(many, list | tuple) else many


Commands = Annotated[tuple[Hook, ...], BeforeValidator(_by_command)]


class Hooks(Section):
    """Your own commands before and after `runner deploy` and `runner bootstrap`; see docs/hooks.md."""

    before_deploy: Commands = Field(default=(), description="after the checks, before anything is written")
    after_deploy: Commands = Field(default=(), description="when the machines exist and their addresses and host keys are known")
    before_bootstrap: Commands = Field(default=(), description="before the first machine is entered")
    after_bootstrap: Commands = Field(default=(), description="when the last stage is done")

    def named(self) -> Iterator[tuple[str, int, Hook]]:
        """All hooks, each with the moment's name and its number there, from 0."""
        for moment in type(self).model_fields:
            yield from ((moment, number, hook) for number, hook in enumerate(getattr(self, moment)))
