"""Proxmox is asked in few waves, however large the estate: counted, not timed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Any

import pytest
from proxmoxer.core import ResourceException

from stardock.errors import ConditionError
from stardock.estate import survey as module
from stardock.estate.connection import Estate
from stardock.estate.questions import WORKERS
from stardock.estate.survey import survey
from stardock.model.plan import Plan
from stardock.model.settings import PveNode
from stardock.plan.views.privileges import needed
from tests.unit.doctor.scenes import plan

pytestmark = pytest.mark.unit


class Path_:  # noqa: N801 -- it stands for proxmoxer's paths
    """A path of the API that tells whom it was asked by."""

    def __init__(self, told: Callable[[str], Any], path: str = "") -> None:
        self._told, self._path = told, path

    def __getattr__(self, name: str) -> Path_:
        return Path_(self._told, f"{self._path}/{name}")

    def __call__(self, name: object) -> Path_:
        return Path_(self._told, f"{self._path}/{name}")

    def get(self, **_options: Any) -> Any:
        return self._told(self._path)


class Counted(Estate):
    """An estate that answers from here and counts what it was asked."""

    def __init__(self, told: Callable[[str], Any]) -> None:
        self.asked: Counter[str] = Counter()
        self._told, self._guard = told, threading.Lock()

    def check(self) -> str:
        return "9.1.2"

    def read(self, question: Callable[[Any], Any]) -> Any:
        return question(Path_(self._answer))

    def _answer(self, path: str) -> Any:
        with self._guard:
            self.asked[path] += 1
        return self._told(path)


def large(count: int) -> Plan:
    """A plan with so many PVE nodes, a machine on each."""
    made = plan()
    nodes = tuple(PveNode(name=f"pve{number}", address="127.0.0.1") for number in range(count))
    machines = tuple(
        replace(made.machines[number % 6], name=f"m{number}", hostname=f"m{number}", pve_node=node.name, vm_id=1000 + number)
        for number, node in enumerate(nodes)
    )
    return replace(made, proxmox=replace(made.proxmox, nodes=nodes), machines=machines)


def told(path: str) -> Any:
    """What a healthy estate says, as far as a survey looks into it."""
    last = path.rpartition("/")[2]
    others: dict[str, Any] = {"permissions": {}, "query-url-metadata": {}, "local": {}}
    return {"time": {"time": 1}, "version": {"version": "9.1.2"}, **others}.get(last, [])


def test_a_hundred_pve_nodes_are_asked_in_two_waves_after_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    waves: list[int] = []
    real = module.ask

    def counted(estate: Any, pool: Any, asked: Any) -> Any:
        waves.append(len(asked))
        return real(estate, pool, asked)

    monkeypatch.setattr(module, "ask", counted)
    found = survey(Counted(told), large(100), lambda: 1.0)
    assert len(waves) == 2
    assert len(found.clocks) == len(found.networks) == len(found.versions) == 100
    depth = 1 + sum(ceil(size / WORKERS) for size in waves)
    assert depth <= 25, f"{depth} answers of 50 ms after one another: {waves}"


def test_within_a_wave_nobody_waits_for_another() -> None:
    """All that is asked of two PVE nodes is under way at once, or the barrier breaks."""
    together = threading.Barrier(6, timeout=20)

    def waiting(path: str) -> Any:
        if path.startswith("/nodes/") and path.endswith(("network", "version", "time")):
            together.wait()
        return told(path)

    survey(Counted(waiting), large(2), lambda: 1.0)
    assert not together.broken


def test_a_question_that_is_refused_keeps_none_of_the_others() -> None:
    def partly(path: str) -> Any:
        if path.endswith("/pve1/network"):
            raise ResourceException(595, "No route to host", "")
        if path.endswith("/status"):
            raise ConditionError("the API token may not do this")
        return told(path)

    found = survey(Counted(partly), large(3), lambda: 1.0)
    assert found.networks["pve1"].refused.startswith("595 No route to host")
    assert found.status.refused == "the API token may not do this"
    assert found.networks["pve0"].value == []


def test_a_proxmox_that_cannot_be_asked_ends_the_survey_at_the_first_question() -> None:
    class Silent(Counted):
        def check(self) -> str:
            raise ConditionError("silent")

    silent = Silent(told)
    with pytest.raises(ConditionError):
        survey(silent, large(3), lambda: 1.0)
    assert not silent.asked


def test_a_vm_id_is_asked_for_alone_when_no_list_shows_who_has_it() -> None:
    def listing(path: str) -> Any:
        return [{"type": "qemu", "vmid": 1000, "name": "m0", "node": "pve0"}] if path == "/cluster/resources" else told(path)

    found = survey(Counted(listing), large(3), lambda: 1.0)
    assert set(found.vm_ids) == {1001, 1002}


def test_what_the_dump_of_permissions_tells_is_not_asked_for_again() -> None:
    """With the ACLs that `runner proxmox-role` sets, every path is in it, and a list of VMs lacks none: one wave is enough."""
    made = large(50)
    dump = {path: dict.fromkeys(names, 1) for path, names in needed(made).items()}
    counted = Counted(lambda path: dump if path == "/access/permissions" else told(path))
    found = survey(counted, made, lambda: 1.0)
    assert counted.asked["/access/permissions"] == 1
    assert counted.asked["/cluster/nextid"] == 0
    assert found.permissions["/nodes/pve7"].value == {"/nodes/pve7": dump["/nodes/pve7"]}
    assert sum(counted.asked.values()) == 4 + 4 * 50
