"""The wheel in a fresh environment of Python's, outside of any checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.lab.cluster import ROOT


def install_wheel(folder: Path) -> Path:
    """`bin` of a virtual environment in `folder`, into which pip put the wheel and what it depends on."""
    subprocess.run([ROOT / "tools/dist"], check=True, capture_output=True)
    (wheel,) = (ROOT / "dist").glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = [str(folder / "venv/bin/pip"), "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    subprocess.run(pip, check=True, cwd=folder, env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"})
    return folder / "venv/bin"
