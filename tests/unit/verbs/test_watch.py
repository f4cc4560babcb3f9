"""The wait for machines: what was seen is kept, and a Proxmox that pauses is asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from stardock.errors import ConditionError
from stardock.estate import watch as watching
from stardock.estate.agent import Addresses, HostKeys
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine
from stardock.estate.refusals import NoAnswer
from stardock.model.cluster_files import ClusterFiles
from stardock.model.facts import Facts, MachineFacts
from stardock.verbs.discover import discover
from stardock.workspace.facts import load_facts
from stardock.workspace.workspace import Workspace
from tests.unit.estate.test_sightings import KEY, MAC, _plan

pytestmark = pytest.mark.unit

ANSWERS = Iterator[dict[int, EstateMachine] | Exception]
VM = EstateMachine(vm_id=210, name="server1", pve_node="pve1", tags=frozenset())


def _workspace(tmp_path: Path) -> Workspace:
    unused: Any = None
    return Workspace(
        files=ClusterFiles(tmp_path / "c.yaml"),
        spec=unused,
        plan=_plan("server1"),
        lock_before=None,
        lock=unused,
        facts=Facts(cluster="c"),
    )


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say what Proxmox lists, round by round; the one machine has an address, and its host key from the second question on."""

    def _listing(*answers: dict[int, EstateMachine] | Exception) -> None:
        rounds: ANSWERS = iter(answers)
        keys = iter([(), *([(KEY,)] * 9)])

        def machines_on(_estate: Estate) -> dict[int, EstateMachine]:
            answer = next(rounds)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(watching, "machines_on", machines_on)
        monkeypatch.setattr(watching, "addresses_of", lambda *_asked: Addresses({MAC: ("10.0.0.5",)}))
        monkeypatch.setattr(watching, "host_keys", lambda *_asked: HostKeys(next(keys)))
        monkeypatch.setattr(watching, "founded_mark", lambda *_asked: "")
        monkeypatch.setattr(watching, "POLL_SECONDS", 0.01)

    return _listing


def _discover(tmp_path: Path, seconds: float) -> MachineFacts:
    where = _workspace(tmp_path)
    return discover(where, cast("Estate", None), lambda _line: None, seconds).machines["server1"]


def test_a_proxmox_that_pauses_is_asked_again_while_there_is_time(tmp_path: Path, listing: Callable[..., None]) -> None:
    listing({210: VM}, NoAnswer("https://x:8006 does not answer"), {210: VM})
    assert _discover(tmp_path, 5).host_keys == (KEY,)


def test_one_that_stays_silent_is_named_after_the_deadline(tmp_path: Path, listing: Callable[..., None]) -> None:
    listing(NoAnswer("https://x:8006 does not answer"))
    with pytest.raises(ConditionError, match="server1: https://x:8006 does not answer"):
        _discover(tmp_path, 0)


def test_what_was_seen_is_saved_also_when_the_token_loses_its_rights(tmp_path: Path, listing: Callable[..., None]) -> None:
    listing({210: VM}, ConditionError("the API token may not do this"))
    with pytest.raises(ConditionError, match="may not do this"):
        _discover(tmp_path, 5)
    assert load_facts(tmp_path / "c.facts.json", "c").machines["server1"].addresses == {"ens18": ("10.0.0.5",)}
