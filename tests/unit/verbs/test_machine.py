"""`runner machine`, stopped by the person while it works."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stardock.step import Step
from stardock.verbs import machine

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature machines' power")]


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(("first", "said"), [("drain", True), ("start", False)])
def test_ctrl_c_between_drain_and_power_says_that_the_node_may_stay_cordoned_and_how_it_takes_pods_again(first: str, said: bool) -> None:
    lines: list[str] = []
    options = SimpleNamespace(dry_run=False, confirm=lambda _question: True)
    job: Any = SimpleNamespace(options=options, say=lines.append, machine=SimpleNamespace(name="agent1"))
    with pytest.raises(KeyboardInterrupt):
        machine._do((Step(first, "", lambda: None), Step("stop", "", interrupt)), job, "Stop agent1?")
    assert any("agent1 may stay cordoned: `runner machine start agent1`" in line for line in lines) == said
