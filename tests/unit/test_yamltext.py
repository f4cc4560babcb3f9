"""What we write as YAML comes back as it was, whoever reads it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml  # type: ignore[import-untyped,unused-ignore]
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


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_every_printable_text_survives(value: str) -> None:
    data = {"key": {"in": [value, {"deep": value}]}}
    assert everybodys(yaml_text(data)) == [data, data]
