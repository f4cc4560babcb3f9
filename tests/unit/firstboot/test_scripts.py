"""`cloudinit/`: first-boot scripts and units as files."""

from __future__ import annotations

import subprocess

import pytest

from stardock.systems import scripts
from stardock.systems.scripts import script
from tests.plans import ROOT

pytestmark = pytest.mark.unit


def test_every_script_passes_shellcheck_and_is_found_by_the_check_of_all_files() -> None:
    found = sorted((ROOT / "cloudinit").glob("*.sh"))
    assert found
    assert all(path.read_text().startswith("#!/bin/sh\n") for path in found), "tools/check-files goes by the first line"
    done = subprocess.run(["shellcheck", *found], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_file_is_found_in_a_checkout_and_where_stardock_is_installed(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    text = script("host-keys.sh")
    monkeypatch.setattr(scripts, "_FOLDERS", (ROOT / "nowhere", ROOT / "cloudinit"))
    script.cache_clear()
    assert script("host-keys.sh") == text
    with pytest.raises(FileNotFoundError, match="no-such"):
        script("no-such")


def test_nothing_lies_there_that_nobody_reads() -> None:
    source = "".join(path.read_text() for path in (ROOT / "stardock").rglob("*.py"))
    assert [path.name for path in (ROOT / "cloudinit").iterdir() if path.name not in source] == []
