"""`runner lab run` and `runner lab ssh` are typed all day: what they import is what they cost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from lab.processes import process

ROOT = Path(__file__).parents[3]
#: Ends where the command would become another program, and tells that program and what was imported up to there.
PROGRAM = """
import json, os, sys
from stardock.cli.main import runner
def become(file, words, environment):
    print(json.dumps({"words": words, "modules": sorted(sys.modules)}))
    os._exit(sys.stdout.flush() or 0)
os.execvpe = become
runner.main(sys.argv[1:])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose lab seems to be up: the process that holds it is this one."""
    lab = tmp_path / "build/lab/quickstart/lab"
    lab.mkdir(parents=True)
    for place in (tmp_path, lab.parent):
        shutil.copy(ROOT / "examples/quickstart/cluster.yaml", place)
    held = process(os.getpid())
    assert held is not None
    (lab / "running.json").write_text(json.dumps({"keeper": asdict(held), "world": asdict(held)}))
    (lab / "env").write_text("export HOME=/\n")
    for place in (tmp_path, lab.parent):
        (place / "id_ed25519.pub").write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdvb2Qgc3RhcmRvY2sgdGVzdCBrZXkgbm9ib2R5 test\n")
    return tmp_path


def start(folder: Path, *words: str) -> tuple[Sequence[str], set[str]]:
    """The program that `runner lab WORDS` becomes, and the packages that it had imported by then."""
    command = [sys.executable, "-c", PROGRAM, "lab", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return told["words"], {name.split(".")[0] for name in told["modules"]}


def test_lab_run_imports_neither_the_emulated_pve_nor_the_spec(folder: Path) -> None:
    words, imported = start(folder, "run", "--", "true")
    assert words[-2:] == ["--", "true"]
    assert not imported & {"aiohttp", "cryptography", "pydantic", "ruamel", "requests", "rich"}


def test_lab_ssh_imports_the_spec_and_not_the_emulated_pve(folder: Path) -> None:
    words, imported = start(folder, "ssh", "server1", "true")
    assert words[-1] == "true"
    assert "pydantic" in imported
    assert not imported & {"aiohttp", "cryptography", "requests", "rich"}
