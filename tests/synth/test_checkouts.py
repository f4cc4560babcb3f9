"""Checkouts: the same inputs give the same bytes in each, and one without bindings says so."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.plans import document
from tests.synth.running import ROOT, run_main, synthesize, synthesize_by_command, write_cluster

pytestmark = pytest.mark.synth


def checkout(folder: Path) -> Path:
    """Copy what git tracks."""
    ours = ("main.py", "stardock", "stacks", "constructs", "cloudinit")
    tracked = subprocess.run(["git", "ls-files", "-z", "--", *ours], cwd=ROOT, capture_output=True, check=True)
    for name in tracked.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def test_the_json_is_byte_equal_in_two_runs_and_two_checkouts(tmp_path: Path) -> None:
    here = synthesize(write_cluster(tmp_path / "one", document()))
    second_run = synthesize_by_command(tmp_path / "one/cluster.yaml", PYTHONHASHSEED="1")
    other = checkout(tmp_path / "somewhere/else")
    shutil.copytree(ROOT / "imports", other / "imports")
    elsewhere = synthesize_by_command(write_cluster(other / "examples/mine", document()), checkout=other)
    assert here.text == second_run.text == elsewhere.text


def test_without_bindings_the_cure_is_named(tmp_path: Path) -> None:
    other = checkout(tmp_path / "fresh")
    done = run_main(write_cluster(other / "examples/mine", document()), checkout=other)
    assert done.returncode == 4
    assert "make setup" in done.stderr
    assert "Traceback" not in done.stderr
