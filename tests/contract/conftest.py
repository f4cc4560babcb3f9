"""Fixtures of the contract layer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.pve.schema import SCHEMA_VARIABLE
from tests.contract.estate import Estate, estate

#: The emulator's strictness is tested with its own tables, and with the official schema where the environment names one.
MODES = ["own", *(["official"] if os.environ.get(SCHEMA_VARIABLE) else [])]


@pytest.fixture(scope="module", params=MODES)
def strict(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """An emulated PVE of each mode, shared by a module: each test takes VM ids of its own."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "own":
            patch.delenv(SCHEMA_VARIABLE, raising=False)
        with estate(tmp_path_factory.mktemp(request.param)) as made:
            assert made.lab("status")["schema"] == request.param
            yield made


@pytest.fixture
def pve(tmp_path: Path) -> Iterator[Estate]:
    """An emulated PVE of this test alone."""
    with estate(tmp_path) as made:
        yield made
