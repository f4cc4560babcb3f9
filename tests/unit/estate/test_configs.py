"""Configurations of VMs of which one cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from stardock.errors import ConditionError
from stardock.estate.configs import configs_of, every_config
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine
from stardock.estate.token import ApiToken
from stardock.model.settings import Proxmox
from tests.lying import Answer, Handler, lying, says

pytestmark = pytest.mark.unit

HERE, AWAY = (EstateMachine(number, f"vm{number}", node, frozenset()) for number, node in ((210, "pve1"), (212, "pve3")))


def only_pve1(other: Answer) -> Answer:
    def answer(handler: Handler) -> None:
        (says(200, '{"data": {"cores": 2}}') if "/nodes/pve1/" in handler.path else other)(handler)

    return answer


def estate(endpoint: str, ca: Path) -> Estate:
    return Estate(Proxmox(endpoint=endpoint, nodes=()), ApiToken("a@pve", "b", "c"), trust=str(ca))


def test_who_must_know_all_of_them_is_told_which_one_cannot_be_read(tmp_path: Path) -> None:
    """An import that passed one over would make it a second time, and a deploy would call it a stranger's."""
    with lying(tmp_path, only_pve1(says(595, "", "No route to host"))) as (endpoint, ca):
        with pytest.raises(ConditionError, match="VM 212 on pve3: 595") as told:
            every_config(estate(endpoint, ca), [HERE, AWAY])
        assert "is the PVE node on" in str(told.value.cure)
        assert set(configs_of(estate(endpoint, ca), [HERE, AWAY]).refused) == {212}


def test_one_that_vanished_meanwhile_is_left_out(tmp_path: Path) -> None:
    gone = says(500, "{}", "Configuration file 'nodes/pve3/qemu-server/212.conf' does not exist")
    with lying(tmp_path, only_pve1(gone)) as (endpoint, ca):
        assert every_config(estate(endpoint, ca), [HERE, AWAY]) == {210: {"cores": 2}}
