"""Tests that live on another's work: blocked by its failure, counted apart, and the run stays red."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
RED = pytest.ExitCode.TESTS_FAILED

HEAD = "import pytest\n"
LIFE = HEAD + "pytestmark = pytest.mark.one_life('a')\n"


@dataclass(frozen=True)
class Run:
    """pytest over one file: alone in this process, or with workers as `make test` has them."""

    pytester: pytest.Pytester
    workers: bool = False

    def __call__(self, text: str, *options: str) -> pytest.RunResult:
        self.pytester.makepyfile(text)
        words = ("-p", "tests.blocked", "--strict-markers", *options)
        if self.workers:
            return self.pytester.runpytest_subprocess(*words, "-n", "2", "--dist", "loadscope")
        return self.pytester.runpytest_inprocess("--disable-plugin-autoload", *words)


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    return Run(pytester)


@pytest.fixture
def with_workers(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Run(pytester, workers=True)


def counted(result: pytest.RunResult) -> dict[str, int]:
    return {name: count for name, count in result.parseoutcomes().items() if name not in {"warning", "warnings"}}


NEEDS = """
@pytest.mark.parametrize("n", [1, 2])
def test_first(n): assert n == 1
@pytest.mark.needs("test_first")
def test_second(): raise AssertionError("an independent failure")
@pytest.mark.needs("test_second")
def test_of_a_blocked_one(): pass
def test_other(): pass
"""


def test_a_test_that_needs_a_failed_one_is_blocked_by_it_and_the_run_is_red(run: Run) -> None:
    check_needs(run(HEAD + NEEDS))


def test_it_is_blocked_in_a_worker_too(with_workers: Run) -> None:
    check_needs(with_workers(HEAD + NEEDS))


def check_needs(found: pytest.RunResult) -> None:
    assert counted(found) == {"failed": 1, "blocked": 1, "passed": 3}
    assert found.ret == RED
    found.stdout.fnmatch_lines(["BLOCKED *::test_second by *::test_first[[]2[]]"])
    assert "an independent failure" not in found.stdout.str()


def test_of_one_life_all_after_a_failure_are_blocked_and_a_look_that_fails_blocks_none(run: Run) -> None:
    found = run(
        LIFE
        + """
@pytest.mark.only_looks
def test_look(): raise AssertionError
def test_still_runs(): pass
def test_breaks(): raise AssertionError
@pytest.mark.only_looks
def test_then_a_look(): pass
def test_then_work(): pass
"""
    )
    assert counted(found) == {"failed": 2, "passed": 1, "blocked": 2}
    assert found.ret == RED
    found.stdout.fnmatch_lines(["BLOCKED *::test_then_a_look by *::test_breaks", "BLOCKED *::test_then_work by *::test_breaks"])


def test_a_failed_fixture_set_up_counts_as_the_earlier_failure(run: Run) -> None:
    found = run(
        HEAD
        + """
@pytest.fixture(scope="module")
def world(): raise OSError("no world")
def test_first(world): pass
def test_second(world): pass
def test_third(request): request.getfixturevalue("world")
def test_other(): pass
"""
    )
    assert counted(found) == {"errors": 1, "blocked": 1, "failed": 1, "passed": 1}
    assert found.ret == RED
    found.stdout.fnmatch_lines(["BLOCKED *::test_second by *::test_first"])


@pytest.mark.parametrize("words", ["@pytest.mark.only_looks", ""])
def test_a_failed_set_up_ends_a_life_also_under_a_test_that_only_looks(run: Run, words: str) -> None:
    found = run(
        LIFE
        + f"""
@pytest.fixture
def own(): raise OSError
{words}
def test_first(own): pass
def test_second(): pass
"""
    )
    assert counted(found) == {"errors": 1, "blocked": 1}
    assert found.ret == RED


def test_a_failed_tear_down_blocks_too(run: Run) -> None:
    found = run(
        LIFE
        + """
@pytest.fixture
def own():
    yield
    raise OSError
def test_first(own): pass
def test_second(): pass
"""
    )
    assert counted(found) == {"passed": 1, "errors": 1, "blocked": 1}
    assert found.ret == RED


def test_a_fixture_that_skips_or_is_made_anew_blocks_none(run: Run) -> None:
    found = run(
        HEAD
        + """
@pytest.fixture(scope="module")
def absent(): pytest.skip("not here")
@pytest.fixture(scope="module", params=[1, 2])
def world(request):
    if request.param == 1: raise OSError
def test_skipped(absent): pass
def test_also(absent): pass
def test_each(world): pass
"""
    )
    assert counted(found) == {"skipped": 2, "errors": 1, "passed": 1}
    assert found.ret == RED


def test_blocked_tests_alone_turn_nothing_red_and_nothing_green(run: Run) -> None:
    """What blocks has failed in the same run; chosen alone, a test runs and tells for itself."""
    text = HEAD + "def test_first(): assert 0\n@pytest.mark.needs('test_first')\ndef test_second(): assert 0\n"
    assert run(text).ret == RED
    alone = run(text, "-k", "second")
    assert counted(alone)["failed"] == 1
    assert alone.ret == RED


@pytest.mark.parametrize(("name", "words"), [("test_nosuch", "no test of its file"), ("test_later", "runs later")])
def test_a_need_that_nothing_earlier_can_fill_is_refused(run: Run, name: str, words: str) -> None:
    found = run(HEAD + f"@pytest.mark.needs('{name}')\ndef test_one(): pass\ndef test_later(): pass\n")
    assert counted(found) == {"errors": 1, "passed": 1}
    assert found.ret == RED
    found.stdout.fnmatch_lines([f"*{words}*"])
