"""First-boot scripts and units that are files: the folder `cloudinit/` of a checkout, `stardock/cloudinit/` where Stardock is installed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDERS = (Path(__file__).parents[2] / "cloudinit", Path(__file__).parents[1] / "cloudinit")


@cache
def script(name: str) -> str:
    """Give the text of a file of `cloudinit/`; FileNotFoundError when the installation lacks it."""
    found = next((folder / name for folder in _FOLDERS if (folder / name).is_file()), _FOLDERS[0] / name)
    return found.read_text(encoding="utf-8")
