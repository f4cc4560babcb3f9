"""Lines in the shape that Kubernetes' components write to their logs."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping


def klog(severity: str, source: str, message: str, values: Mapping[str, str]) -> str:
    """One line, without its end; `severity` is I, W or E, `source` a file and its line."""
    now = time.time()
    stamp = f"{severity}{time.strftime('%m%d %H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1e6):06d} {os.getpid():7d} {source}]"
    pairs = "".join(f" {key}={_quoted(value)}" for key, value in values.items())
    return f"{stamp} {_quoted(message)}{pairs}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
