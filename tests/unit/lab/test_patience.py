"""The one knob of all waits."""

from __future__ import annotations

import pytest

from lab.errors import LabError
from lab.patience import DEFAULT, VARIABLE, patient

pytestmark = pytest.mark.unit


def test_a_wait_is_generous_by_default_and_scales_by_one_knob(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert patient(10) == 10 * DEFAULT
    monkeypatch.setenv(VARIABLE, "0.5")
    assert patient(10) == 5


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "soon"])
def test_a_knob_that_is_no_factor_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(LabError, match=text):
        patient(10)
