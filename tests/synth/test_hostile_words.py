"""What `cdktf synth` prints is for a terminal, too: names of files come from whoever gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.synth.running import run_main

pytestmark = pytest.mark.synth


def test_a_terminal_obeys_nothing_of_what_main_py_says(tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[2J\u202eb.yaml"
    file.write_text("cluster: 5\n")
    done = run_main(file)
    assert done.returncode == 3, done.stderr
    assert "a?[2J?b.yaml" in done.stderr
    assert not [one for one in done.stderr if not one.isprintable() and one not in "\n\t"]
