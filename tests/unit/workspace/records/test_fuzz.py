"""Whatever stands in a lock or in facts, the answer is a plan or its problems, within a second: 5,000 mutated files of each.

Each case is its number: the same bytes in every run. Most begin with the files of the small example, some with full ones.
"""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.errors import ConditionError, InputErrors, Problem
from stardock.model.facts import Facts, Founded, MachineFacts, known_hosts
from stardock.plan.build import build
from stardock.spec.cluster import Spec
from stardock.workspace.facts import load_facts
from stardock.workspace.lock import load_lock, to_json
from tests.plans import document, plan_of, single_plan, spec_of
from tests.unit.workspace.records.full import FACTS, HOST_KEY, full_document, full_lock

pytestmark = [pytest.mark.unit, pytest.mark.proves("hostile 8")]

CASES = 5000
#: The full example takes longer to read and to plan.
SELDOM = 20

PIECES = (
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"null", b"true", b"-", b"1e999"),
    *(b"NaN", b"-Infinity", b"9" * 5000, b"1.5", b"<<<<<<< HEAD\n", b">>>>>>> x\n", b"=======\n", b'"\\ud800"', b'"\\u0000"', b"\\u001b"),
    *(b"[" * 3000, b'{"a":' * 3000, b"/*", b"# ", b"'", b"\xe2\x80\xae"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 5, 99, 2**31, 2**53, 10**30, 0.5, float("inf"), float("nan"), [], {}, [1], ["a"], {"x": 1}, [{}], [[]]),
    *("", "a", "server1", "agent1", "../../x", "a; b", '${file("/etc/hostname")}', "{{ x }}", "#jinja2: x", "a\nb", "\x1b[2J", "\ud800"),
    *("192.168.1.255", "10.0.0.0/8", "fd00::1", "fe80::1%x", "BC:24:11:00:00:01", "local", "pve1", "debian", "12", "13", "static", "dhcp"),
    *("a" * 70_000, "v1.36.5+rke2r1", HOST_KEY, "ab" * 32, "loadbalancer", "scsi0", "scsi1", "https://x/y.qcow2", "x.qcow2"),
)


def broken_bytes(chance: random.Random, text: str) -> bytes:
    """A sound file with pieces put in, taken out or doubled."""
    data = text.encode()
    for _ in range(chance.randint(1, 4)):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.randint(0, 40))
        data = data[:start] + chance.choice([b"", data[start:end] * 2, *PIECES]) + data[end:]
    return data


def broken_values(chance: random.Random, text: str) -> bytes:
    """A sound file with values replaced, taken out, moved, or under another key."""
    data = json.loads(text)
    for _ in range(chance.randint(1, 3)):
        places = list(_places(data))
        container, key = chance.choice(places)
        other, another = chance.choice(places)
        value = copy.deepcopy(chance.choice([other[another], *VALUES]) if _there(other, another) else None)
        if not _there(container, key):
            continue
        if chance.random() < 0.15:
            container.pop(key)
        elif isinstance(container, dict) and chance.random() < 0.2:
            container[str(chance.choice(VALUES))] = container.pop(key)
        else:
            container[key] = value
    return json.dumps(data, indent=2).encode()


def _there(container: Any, key: Any) -> bool:
    return key in container if isinstance(container, dict) else key < len(container)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """All (container, key) of a tree."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from _places(value[key])


@cache
def specs() -> dict[str, tuple[Spec, str]]:
    """The examples: spec and lock."""
    single = document("single")
    return {
        "single": (spec_of(single), to_json(plan_of(single)[1])),
        "full": (spec_of(full_document()), to_json(full_lock())),
    }


SINGLE_FACTS = Facts(
    cluster="single",
    machines={"server1": MachineFacts(addresses={"ens18": ("10.77.0.5", "fd00::5")}, host_keys=(HOST_KEY,))},
    founded=Founded(ca_sha256="ab" * 32, servers={"server1": (HOST_KEY,)}, versions=FACTS.founded.versions if FACTS.founded else {}),
)


def planned(path: Path, example: str) -> None:
    spec = specs()[example][0]
    build(spec, load_lock(path), str(path))


def used(path: Path, _example: str) -> None:
    """The facts as a bundle has them."""
    facts = load_facts(path, "single")
    "".join(known_hosts(single_plan(), facts))
    inventory_files(single_plan(), facts)


def check(path: Path, data: bytes, read: Callable[[Path, str], None], example: str) -> bool:
    """Read a file; whether it was refused, which is the only other outcome."""
    path.write_bytes(data)
    began = time.process_time()  # not the clock on the wall: machines that run tests are busy
    problems = _problems(path, read, example)
    assert time.process_time() - began < 1
    assert problems is None or problems
    for problem in problems or ():
        assert f"{problem.message}{problem.path}".isprintable()
        assert len(problem.message) < 500
    return problems is not None


def _problems(path: Path, read: Callable[[Path, str], None], example: str) -> tuple[Problem, ...] | None:
    try:
        read(path, example)
    except InputErrors as error:
        return error.problems
    except ConditionError:  # no address is known: facts may say nothing
        return None
    return None


@pytest.mark.parametrize("mutate", [broken_bytes, broken_values], ids=lambda mutate: mutate.__name__)
@pytest.mark.parametrize("kind", ["lock", "facts"])
def test_5000_mutated_files_give_a_message_or_a_plan_within_a_second(
    tmp_path: Path, kind: str, mutate: Callable[[random.Random, str], bytes]
) -> None:
    refused = 0
    for case in range(CASES // 2):
        example = "full" if case % SELDOM == 0 and kind == "lock" else "single"
        sound = specs()[example][1] if kind == "lock" else json.dumps(asdict(SINGLE_FACTS), indent=2)
        data = mutate(random.Random(f"{kind} {mutate.__name__} {case}"), sound)  # noqa: S311  not a secret
        try:
            refused += check(tmp_path / f"x.{kind}", data, planned if kind == "lock" else used, example)
        except Exception as error:
            raise AssertionError(f"case {case}: {error!r}\n{data.decode(errors='replace')}") from error
    assert CASES / 6 < refused < CASES / 2, "most edits make a file wrong, some leave it valid"
