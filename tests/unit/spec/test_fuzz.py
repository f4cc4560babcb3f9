"""Whatever stands in the file, the answer is a spec or its problems, soon."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stardock.errors import InputErrors
from stardock.spec import load_spec
from stardock.spec.cluster import Spec
from tests.unit.spec.conftest import example

pytestmark = pytest.mark.unit

EXAMPLES = (example("quickstart"), example("single"))
SNIPPETS = (
    *(
        "\t",
        "&a ",
        "*a",
        "<<: ",
        "!!int ",
        "%",
        "@",
        "`",
        '"',
        "'",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "#",
        "---\n",
        "...\n",
        "? ",
        "|\n",
        ">\n",
        "\x00",
    ),
    *(
        "null",
        "~",
        "-1",
        "1e309",
        "0x1F",
        ".nan",
        "99999999999999999999",
        "true",
        "0600",
        "10.0.0.0/8",
        "::1",
        "é",
        "\u202e",
        "\ud7ff",
        "\n",
        "  ",
    ),
)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["", "server", "v1+rke2r1", "4GiB", "0GiB", "{n}", "192.168.1.255", "ssh-rsa AAAA", "/", "\x00", "~", "~nobody/x", "1h", "https://"]
    ),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=8), st.integers(), max_size=3),
)
FUZZ = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


def loaded(file: Path) -> Spec | InputErrors:
    """The only two outcomes; any other exception fails the test."""
    try:
        return load_spec(file)
    except InputErrors as error:
        return error


def answer(file: Path, text: str) -> None:
    """The property itself. CPU time, because machines that run tests are busy."""
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    began = time.process_time()
    found = loaded(file)
    seconds = time.process_time() - began
    if isinstance(found, InputErrors):
        assert found.problems
        assert all(f"{problem.message}{problem.path}{problem.cure}".encode() for problem in found.problems)
    assert seconds < 1


@st.composite
def broken_texts(draw: st.DrawFn) -> str:
    """An example with pieces put in, taken out or doubled."""
    text = draw(st.sampled_from(EXAMPLES))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        piece = draw(st.sampled_from(["", text[start:end] * 2, *SNIPPETS]))
        text = text[:start] + piece + text[end:]
    return text


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """All (container, key) of a tree."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


@st.composite
def broken_values(draw: st.DrawFn) -> str:
    """An example with values replaced or taken out, as JSON (which is YAML)."""
    data = YAML(typ="safe", pure=True).load(draw(st.sampled_from(EXAMPLES)))
    for _ in range(draw(st.integers(1, 4))):
        container, key = draw(st.sampled_from(list(places(data)) or [({"x": 0}, "x")]))
        if draw(st.booleans()) and isinstance(container, dict):
            container[draw(st.sampled_from(["vip", "dhcp", "count", "x", "interfaces", "options", str(key) + "s"]))] = draw(JUNK)
        else:
            container[key] = draw(JUNK)
    return json.dumps(data)


@FUZZ
@given(broken_texts())
def test_a_mutated_file_is_a_spec_or_its_problems(file: Path, text: str) -> None:
    answer(file, text)


@FUZZ
@given(broken_values())
def test_mutated_values_are_a_spec_or_their_problems(file: Path, text: str) -> None:
    answer(file, text)


@FUZZ
@given(st.text(max_size=200))
def test_any_text_is_a_spec_or_its_problems(file: Path, text: str) -> None:
    answer(file, text)
