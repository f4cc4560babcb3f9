"""What we write as YAML comes back as it was, whoever reads it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stardock.yamltext import yaml_text

pytestmark = pytest.mark.unit

#: What a YAML reader takes for a truth, a number, a comment or a structure when it stands bare.
WORDS = ["yes", "No", "on", "null", "0440", "17:15", "1e3", "~", "- x", "a: b", "# c", "", " ", "*", "0x10", "1_000", "=", "<<"]
LINES = ["a\nb\n", "a\nb", "\n", " x\n  y\n", "tab\there\n", 'quo"te', "é", "#cloud-config\n"]


def everybodys(text: str) -> list[Any]:
    """As YAML 1.1 (PyYAML: cloud-init, Ansible) and as YAML 1.2."""
    return [yaml.safe_load(text), YAML(typ="safe", pure=True).load(text)]


@pytest.mark.parametrize("word", [*WORDS, *LINES])
def test_texts_stay_texts_for_every_reader(word: str) -> None:
    data = {"key": [word, {"deep": word}]}
    assert everybodys(yaml_text(data)) == [data, data]


@pytest.mark.parametrize("word", WORDS)
def test_names_as_keys_stay_names(word: str) -> None:
    data = {word: {"in": 1}}
    assert everybodys(yaml_text(data)) == [data, data]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text("ab \n\t:-#|>'\"{[&*!%@`\x85\u2028", max_size=12)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=3))
def test_any_data_survives(data: dict[str, Any]) -> None:
    assert everybodys(yaml_text(data)) == [data, data]
