"""`cloudinit/`: first-boot scripts and units as files."""

from __future__ import annotations

import subprocess

import pytest
from jinja2 import UndefinedError

from stardock.systems.scripts import filled
from tests.plans import ROOT

pytestmark = pytest.mark.unit


def test_every_script_passes_shellcheck() -> None:
    """Templates are judged filled in: test_mirrors.py and test_data_disks.py."""
    found = sorted((ROOT / "cloudinit").glob("*.sh"))
    assert found
    done = subprocess.run(["shellcheck", "--shell", "sh", *found], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_value_that_a_template_lacks_is_an_error_and_no_empty_text() -> None:
    with pytest.raises(UndefinedError, match="mounts"):
        filled("data-disks-required.conf.j2")


def test_a_value_is_no_template_and_nothing_in_it_is_escaped_for_a_browser() -> None:
    text = filled("data-disks-required.conf.j2", mounts=["/a&b", "/{{ 7 * 7 }}{% raw %}"])
    assert text.endswith("\nRequiresMountsFor=/a&b /{{ 7 * 7 }}{% raw %}\n")


def test_nothing_lies_there_that_nobody_reads() -> None:
    source = "".join(path.read_text() for path in (ROOT / "stardock").rglob("*.py"))
    assert [path.name for path in (ROOT / "cloudinit").iterdir() if path.name not in source] == []
