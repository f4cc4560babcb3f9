"""Fixtures: one emulated estate for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.deploy.estate import EmulatedEstate, emulated_estate


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[EmulatedEstate]:
    """An empty estate and the quick start's cluster file."""
    with emulated_estate(tmp_path) as estate:
        yield estate
