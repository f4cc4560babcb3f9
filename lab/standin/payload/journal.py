"""Log lines in the shape that the real program writes to its journal."""

from __future__ import annotations

import json
import sys
import time
from typing import Literal

Level = Literal["info", "warning", "error", "fatal"]


class FatalError(Exception):
    """Nothing can go on; the program logs this and ends with 1, and systemd starts it again after 5 s."""


def pass_on(line: str) -> None:
    """Write a line of a component's own as it is."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def log(level: Level, message: str) -> None:
    """Write one line to stderr. Never give it a token or a key."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(f'time="{stamp}" level={level} msg={json.dumps(message, ensure_ascii=False)}', file=sys.stderr, flush=True)  # noqa: T201
