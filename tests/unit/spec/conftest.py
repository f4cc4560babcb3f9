"""A folder with a key, and the examples edited in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stardock.errors import InputErrors, Problem
from stardock.spec import load_spec
from stardock.spec.cluster import Spec

ROOT = Path(__file__).parents[3]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHrS0Iq5lmQ2cZ0rmvo9dKq6xJ7Vd2UmuTcL2hV0lJb0 admin@example"

Load = Callable[[str], Spec]
Problems = Callable[[str], list[Problem]]
#: (old, new) pairs, applied to an example in order; each old must be there.
Edit = tuple[str, str]
#: An edit of the quick start, a part of the line that is to blame, key path, message, cure.
Case = tuple[Edit, str, str, str, str]


def example(name: str, *edits: Edit) -> str:
    """The text of examples/NAME/cluster.yaml after some edits."""
    text = (ROOT / "examples" / name / "cluster.yaml").read_text()
    for old, new in edits:
        assert old in text, f"the example does not hold {old!r}"
        text = text.replace(old, new, 1)
    return text


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "id_ed25519.pub").write_text(KEY + "\n")
    return tmp_path / "cluster.yaml"


@pytest.fixture
def load(file: Path) -> Load:
    def _load(text: str) -> Spec:
        file.write_text(text)
        return load_spec(file)

    return _load


@pytest.fixture
def problems(load: Load) -> Problems:
    """All problems of a text; it must have some."""

    def _problems(text: str) -> list[Problem]:
        with pytest.raises(InputErrors) as caught:
            load(text)
        assert caught.value.exit_code == 3
        return list(caught.value.problems)

    return _problems


def only(found: list[Problem]) -> Problem:
    assert len(found) == 1, found
    return found[0]
