"""How Node is started, in which cdktf runs. Imports no cdktf: that starts it."""

from __future__ import annotations

import json
import os
from pathlib import Path


def prepare_node() -> None:
    """Leave out warnings of the library's own use of Node, and what makes it slow; before the first import of cdktf."""
    preload = f"--require {json.dumps(str(Path(__file__).with_name('no-stack-traces.cjs').absolute()))}"
    options = os.environ.get("NODE_OPTIONS", "")
    os.environ.setdefault("NODE_NO_WARNINGS", "1")
    if preload not in options:
        os.environ["NODE_OPTIONS"] = f"{options} {preload}".strip()
