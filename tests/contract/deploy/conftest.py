"""Fixtures: one emulated estate for each test, empty or as a deploy left it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.deploy.estate import EmulatedEstate, emulated_estate
from tests.contract.deploy.made import Made, deployed_in


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[EmulatedEstate]:
    """An empty estate and the quick start's cluster file."""
    with emulated_estate(tmp_path) as estate:
        yield estate


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The quick start, deployed once."""
    return deployed_in(tmp_path_factory.mktemp("made"))


@pytest.fixture
def deployed(made: Made, tmp_path: Path) -> Iterator[EmulatedEstate]:
    """The quick start as `runner deploy` left it: a copy of this test's own, of which nothing was asked yet."""
    with made.restored(tmp_path) as estate:
        yield estate
