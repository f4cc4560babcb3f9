"""docs/architecture.md against the house: its rooms are those of the layout, and every path that it names is there."""

from __future__ import annotations

import re

import pytest

from tests.plans import ROOT
from tests.unit.test_layout import ROOMS

pytestmark = pytest.mark.unit

TEXT = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
#: Folders of the top level; `spec/rules` and the like are rooms of `stardock/`.
TOP = ("stardock", "tests", "ansible", "cloudinit", "constructs", "lab", "tools", "bench", "docs", "stacks")


def test_the_page_has_a_row_for_every_room_and_no_other() -> None:
    assert re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE) == list(ROOMS)


def test_every_path_that_the_page_names_is_there() -> None:
    named = {path for path in re.findall(r"`([\w./-]+/[\w./-]*)`", TEXT) if "NAME" not in path and not path.startswith("/")}
    wrong = [path for path in named if not (ROOT / (path if path.split("/")[0] in TOP else f"stardock/{path}")).exists()]
    assert len(named) > 20
    assert wrong == []
