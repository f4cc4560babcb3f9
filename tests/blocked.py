"""A test that lives on what an earlier one left is blocked by that one's failure: reported so, never as a failure of its own.

Three things say that a test needs another, and a fourth that it harms nobody (docs/decisions/0010-tests.md):

- `one_life("name")`: all tests of this name share one world in the order in which they run; each needs those before it.
- `only_looks`: this test of a life changes nothing in it, so that its failure blocks nobody.
- `needs("test_name", ...)`: earlier tests of the same file, with all their parameters.
- A fixture of more than one test whose set-up failed blocks the others that use it.

A blocked test did not run, and is counted by itself. The run is red by the test that blocks it, which failed in the same process: pytest
decides by failures, and a blocked test is never one, nor does it take one away.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

import pytest
from _pytest.outcomes import Skipped  # `pytest.skip.Exception` has no type

MARKERS = (
    "one_life(name): tests that share one world, in the order in which they run: each needs those before it (tests/blocked.py)",
    "only_looks: changes nothing in the world that its tests share: its failure blocks none of them",
    "needs(*names): tests earlier in the same file, without whose work this one cannot be",
)
_BLAMED = pytest.StashKey[str]()
_MISPLACED = pytest.StashKey[str]()


class BlockedError(Skipped):
    """Not run: what it needs is not there."""


class Blocking:
    """What has failed so far in this process, and whom that blocks. Node ids are the values: who is to blame."""

    def __init__(self) -> None:
        self._tests: dict[str, str] = {}
        self._lives: dict[str, str] = {}
        self._fixtures: dict[pytest.FixtureDef[Any], tuple[object, str]] = {}

    def by(self, item: pytest.Item) -> str | None:
        """The failed test that blocks this one, if any."""
        blamed = (self._lives.get(life) for life in _lives(item))
        needed = (self._tests.get(name) for name in _needed(item))
        return next((one for one in (*blamed, *needed, *self._broken(item)) if one and one != item.nodeid), None)

    def _broken(self, item: pytest.Item) -> Iterable[str]:
        """Who met a fixture of this test broken, with the parameter that this test would give it."""
        parameters = callspec.params if (callspec := getattr(item, "callspec", None)) else {}
        for fixture in _fixtures(item):
            parameter, blamed = self._fixtures.get(fixture, (None, ""))
            if parameter == parameters.get(fixture.argname):
                yield blamed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Before any fixture is made."""
        if misplaced := item.stash.get(_MISPLACED, ""):
            pytest.fail(misplaced, pytrace=False)
        if blamed := self.by(item):
            item.stash[_BLAMED] = blamed
            raise BlockedError(f"blocked by {blamed}", _use_item_location=True)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Generator[None, object, object]:
        """Remember who met a broken fixture first; pytest would raise the same error again for each test that uses it."""
        try:
            return (yield)
        except Skipped:
            raise
        except BaseException:
            if fixturedef.scope != "function":
                self._fixtures[fixturedef] = getattr(request, "param", None), _asked_by(request)
            raise

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """Its next user makes it anew."""
        self._fixtures.pop(fixturedef, None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note failures of each phase; tell blocked tests from others that are skipped."""
        report = yield
        if report.failed:
            self._note(item, report.when)
        if isinstance(call.excinfo and call.excinfo.value, BlockedError):
            report.blocked_by = item.stash[_BLAMED]  # type: ignore[attr-defined]  # travels from xdist's workers with the rest
        return report

    def _note(self, item: pytest.Item, when: str | None) -> None:
        for name in (item.nodeid, _without_parameters(item)):
            self._tests.setdefault(name, item.nodeid)
        if when == "setup" or not item.get_closest_marker("only_looks"):
            for life in _lives(item):
                self._lives.setdefault(life, item.nodeid)


def _asked_by(request: pytest.FixtureRequest) -> str:
    """The test for which a fixture was made; a fixture wider than a test knows only the name of the folder or file."""
    return str(getattr(request, "_pyfuncitem").nodeid)  # noqa: B009 - pytest has no public name for it


def _lives(item: pytest.Item) -> Iterable[str]:
    return (mark.args[0] for mark in item.iter_markers("one_life"))


def _needed(item: pytest.Item) -> Iterable[str]:
    file = item.nodeid.partition("::")[0]
    return (f"{file}::{name}" for mark in item.iter_markers("needs") for name in mark.args)


def _fixtures(item: pytest.Item) -> Iterable[pytest.FixtureDef[Any]]:
    info = getattr(item, "_fixtureinfo", None)
    return (fixture for found in info.name2fixturedefs.values() for fixture in found) if info else ()


def _without_parameters(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and one memory a process."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(Blocking(), "blocking")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A need that no earlier test of the file can fill is the test's failure: a name misspelt would need nothing."""
    turns: dict[str, int] = {}
    for turn, item in enumerate(items):
        turns.setdefault(_without_parameters(item), turn)
    for turn, item in enumerate(items):
        for name in _needed(item):
            if not hasattr(getattr(item, "module", None), name.rpartition("::")[2]):
                item.stash[_MISPLACED] = f"it needs {name}, which is no test of its file"
            elif turns.get(name, -1) >= turn:
                item.stash[_MISPLACED] = f"it needs {name}, which runs later"


def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
    """Counted by itself: neither failed nor skipped."""
    return ("blocked", "b", "BLOCKED") if hasattr(report, "blocked_by") else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Who was blocked, and by whom."""
    for report in terminalreporter.stats.get("blocked", ()):
        terminalreporter.write_line(f"BLOCKED {report.nodeid} by {report.blocked_by}")
