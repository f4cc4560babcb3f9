"""Jump hosts: `user@host:port`, or `none` where the cluster or a pool has one and a machine needs none."""

from __future__ import annotations

import re
from typing import Annotated

from stardock.model.jump import Jump
from stardock.spec.units import Form

NONE = "none"
#: 1 to 65535: another one ssh refuses with words that name no line of cluster.yaml.
PORT_PATTERN = r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
HOST_PATTERN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])"
_JUMP = rf"(?:[A-Za-z0-9_][A-Za-z0-9._-]{{0,63}}@)?{HOST_PATTERN}(?::{PORT_PATTERN})?"
_PARTS = re.compile(r"(?:(.+)@)?(.+?)(?::([0-9]{1,5}))?")

JumpHost = Annotated[str, Form(_JUMP, "a jump host as user@host:port (1 to 65535), or none", "ops@bastion.home.arpa:22")]


def is_jump(text: str) -> bool:
    """Whether that is one."""
    return text != NONE and re.fullmatch(_JUMP, text) is not None


def jump_of(text: str) -> Jump | None:
    """Its parts; None where none is wished. An IPv6 address loses its brackets, which ssh takes in front of a port only."""
    found = None if text == NONE else _PARTS.fullmatch(text)
    return Jump(found[2].strip("[]"), found[1], int(found[3]) if found[3] else None) if found else None
