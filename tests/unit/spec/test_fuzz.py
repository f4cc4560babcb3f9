"""Whatever is in the file, the answer is a plan or its problems, within a second: 5,000 mutated files.

Each case is its number: the same text in every run. Most begin with the small example, some with the large one.
"""

from __future__ import annotations

import copy
import json
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.errors import InputErrors
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.spec import load_spec
from stardock.spec.reference import json_schema as schema
from tests.unit.spec.conftest import example

pytestmark = pytest.mark.unit

TEXTS = {name: example(name) for name in ("single", "quickstart", "dual-stack")}
DATA = {name: json.dumps(YAML(typ="safe", pure=True).load(text)) for name, text in TEXTS.items()}
SYNTAX = (
    *("\t", "&a ", "*a", "<<: ", "!!int ", "%", "@", "`", '"', "'", "{", "}", "[", "]", ": ", "- ", "#", "---\n", "...\n", "? ", "|\n"),
    *(">\n", "\x00", "null", "~", "-1", "1e309", "0x1F", ".nan", "99999999999999999999", "true", "0600", "10.0.0.0/8", "::1", "é"),
    *("\u202e", "\ud7ff", "\n", "  "),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 7, 65536, 10**20, 0.5, float("inf"), float("nan"), [], {}, [1], ["a", "a"], {"x": 1}, [{}], [[]]),
    *(
        "",
        "server",
        "agent",
        "loadbalancer",
        "v1+rke2r1",
        "4GiB",
        "0GiB",
        "1h",
        "{n}",
        "/",
        "\x00",
        "~",
        "~nobody/x",
        "https://",
        "a" * 300,
    ),
    *("192.168.1.255", "10.0.0.0/8", "fd00::1", "fd00::/64", "ssh-rsa AAAA", "BC:24:11:00:00:01", "local", "pve1", "ovmf", "02:30", "s3"),
)


def _names(tree: Any) -> Iterator[str]:
    """Every key that cluster.yaml knows, wherever."""
    if isinstance(tree, dict):
        yield from tree.get("properties", {})
        for inner in tree.values():
            yield from _names(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _names(inner)


KEYS = sorted(set(_names(schema())))


def broken_text(chance: random.Random, name: str) -> str:
    """An example with pieces put in, taken out or doubled."""
    text = TEXTS[name]
    for _ in range(chance.randint(1, 4)):
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.randint(0, 30))
        text = text[:start] + chance.choice(["", text[start:end] * 2, *SYNTAX]) + text[end:]
    return text


def broken_values(chance: random.Random, name: str) -> str:
    """An example with values replaced, and keys of any section anywhere, as JSON (which is YAML)."""
    data = json.loads(DATA[name])
    for _ in range(chance.randint(1, 4)):
        container, key = chance.choice(list(_places(data)) or [({"x": 0}, "x")])
        if isinstance(container, dict) and chance.random() < 0.6:
            key = chance.choice(KEYS)
        container[key] = copy.deepcopy(chance.choice(VALUES))
    return json.dumps(data)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """All (container, key) of a tree."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from _places(value[key])


def noise(chance: random.Random, _name: str) -> str:
    """Any text at all."""
    return "".join(chance.choice([chr(chance.randint(1, 0xD7FF)), chance.choice(SYNTAX), "a"]) for _ in range(chance.randint(0, 80)))


def foreign(message: str) -> list[str]:
    """Words of pydantic's, which tell a person nothing."""
    words = ("pydantic", "input should", "default factory", "value error", "field required", "validat")
    return [word for word in words if word in re.sub(r"`[^`]*`", "", message.lower())]


#: The larger examples take longer to plan.
SELDOM = {0: "quickstart", 10: "dual-stack"}


def answer(file: Path, text: str) -> Plan | InputErrors:
    """The only two outcomes; any other exception fails the test."""
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        return build(load_spec(file), None, str(file))[0]
    except InputErrors as error:
        return error


@pytest.mark.proves("feature reading cluster.yaml")
@pytest.mark.parametrize(
    ("mutate", "cases"), [(broken_text, 2300), (broken_values, 2300), (noise, 400)], ids=lambda one: getattr(one, "__name__", one)
)
def test_5000_mutated_files_give_a_message_or_a_plan_within_a_second(
    file: Path, mutate: Callable[[random.Random, str], str], cases: int
) -> None:
    plans = 0
    for case in range(cases):
        text = mutate(random.Random(f"{mutate.__name__} {case}"), SELDOM.get(case % 20, "single"))  # noqa: S311  not a secret
        began = time.process_time()  # not the clock on the wall: machines that run tests are busy
        try:
            found = answer(file, text)
        except Exception as error:
            raise AssertionError(f"case {case}: {error!r}\n{text}") from error
        assert time.process_time() - began < 1, f"case {case}\n{text}"
        if isinstance(found, InputErrors):
            assert found.problems
            for problem in found.problems:
                assert f"{problem.message}{problem.path}".encode()
                assert problem.cure, f"case {case}: {problem}\n{text}"
                assert not foreign(problem.message), f"case {case}: {problem}\n{text}"
        else:
            plans += 1
    assert mutate is noise or 0 < plans < cases / 2, "some edits leave a valid file, most do not"
