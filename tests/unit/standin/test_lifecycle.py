from __future__ import annotations

import pytest

from lab.standin.payload.lifecycle import Liveness, wanted_taints

pytestmark = pytest.mark.unit
OWN = {"key": "dedicated", "value": "x", "effect": "NoSchedule"}


def taints(key: str) -> list[dict[str, str]]:
    return [{"key": f"node.kubernetes.io/{key}", "effect": effect} for effect in ("NoSchedule", "NoExecute")]


def test_a_lease_is_silent_when_it_has_not_changed_for_its_duration() -> None:
    liveness = Liveness()
    assert not liveness.is_silent("a", "t0", 1000)  # never judged at first sight, however old
    assert not liveness.is_silent("a", "t0", 1040)
    assert liveness.is_silent("a", "t0", 1041)
    assert not liveness.is_silent("a", "t1", 1042)


@pytest.mark.parametrize(("before", "ready", "after"), [
    ([OWN, *taints("not-ready")[:1]], "True", [OWN]), ([OWN], "Unknown", [OWN, *taints("unreachable")]),
    (taints("unreachable"), "False", taints("not-ready")), (taints("unreachable"), "Unknown", taints("unreachable")), ([], "True", []),
])  # fmt: skip
def test_taints_follow_readiness_and_leave_others_alone(before: list[dict[str, str]], ready: str, after: list[dict[str, str]]) -> None:
    assert wanted_taints(before, ready) == after
