"""tools/setup: a part is current only while what it made is there. Run in a copy of a checkout, with programs that only say they ran."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.unit

#: `python3 -m venv` makes an environment of programs that make what set-up looks for.
PYTHON = """
test "$1 $2" = "-m venv" || exit 0
mkdir -p "$3/bin"
cp "$0" "$3/bin/python"
echo '#!/bin/sh
cd "${0%/*}"; touch runner moto_server; cp .npm npm' >"$3/bin/pip"
echo '#!/bin/sh
mkdir -p node_modules/.bin; touch node_modules/.bin/cdktf' >"$3/bin/.npm"
cp "$3/bin/pip" "$3/bin/pipenv"
chmod +x "$3"/bin/* "$3/bin/.npm"
"""
PRODUCTS = {
    "python": ("build/venv/bin/python", "build/venv/bin/runner", "build/venv/bin/npm"),
    "node": ("node_modules", "node_modules/.bin/cdktf"),
    "bindings": ("imports", "imports/proxmox"),
    "tests": ("build/s3/bin/moto_server",),
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What set-up reads, and stand-ins for what it runs."""
    folder = tmp_path / "checkout"
    for name in ("tools/setup", "tools/s3/requirements.txt", "Pipfile", "Pipfile.lock", "pyproject.toml", "package.json", "cdktf.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    shutil.copy2(ROOT / "package-lock.json", folder)
    program(tmp_path / "bin/pg_lsclusters", "exit 0")
    program(tmp_path / "bin/python3", PYTHON)
    assert set_up(folder, "python").count("set-up") == 1
    key = subprocess.run(
        ["sh", "-c", "cat cdktf.json package-lock.json | sha256sum | cut -c1-32"], cwd=folder, capture_output=True, text=True, check=True
    )
    (tmp_path / f"cache/bindings/{key.stdout.strip()}/proxmox").mkdir(parents=True)
    return folder


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def set_up(folder: Path, part: str) -> str:
    environment = os.environ | {"STARDOCK_CACHE": str(folder.parent / "cache"), "PATH": f"{folder.parent}/bin:{os.environ['PATH']}"}
    done = subprocess.run(["tools/setup", part], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize(("part", "product"), [(part, product) for part, products in PRODUCTS.items() for product in products])
def test_a_part_whose_product_was_deleted_is_made_anew(checkout: Path, part: str, product: str) -> None:
    set_up(checkout, part)
    assert set_up(checkout, part) == "", "current"
    if (gone := checkout / product).is_dir():
        shutil.rmtree(gone)
    else:
        gone.unlink()
    set_up(checkout, part)
    assert (checkout / product).exists()
