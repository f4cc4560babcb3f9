"""Tasks of the emulated PVE: whether who asks at once finds one running."""

from __future__ import annotations

import threading

import pytest

from lab.patience import patient
from lab.pve.tasks import Tasks

pytestmark = pytest.mark.unit


def start(tasks: Tasks, work: threading.Event) -> str:
    """A task that ends with the event; its UPID."""
    return tasks.start("pve1", "qmstart", "100", "root@pam", lambda _log: assert_set(work))


def assert_set(event: threading.Event) -> None:
    assert event.wait(patient(30))


def test_short_work_has_ended_when_its_upid_is_told() -> None:
    tasks, done = Tasks(), threading.Event()
    done.set()
    assert tasks.find(start(tasks, done)).exit_status == "OK"


def test_long_work_and_what_shall_be_late_are_found_running() -> None:
    tasks, done = Tasks(), threading.Event()
    assert tasks.find(start(tasks, done)).exit_status is None
    done.set()
    tasks.delay = patient(1.0)
    assert tasks.find(start(tasks, done)).exit_status is None
