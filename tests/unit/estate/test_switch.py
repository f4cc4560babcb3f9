"""A machine that was switched on is waited for where it is now, and not where waiting brings nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from stardock.errors import ConditionError
from stardock.estate import switch
from stardock.estate.agent import Addresses
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine
from stardock.estate.power import Power
from stardock.estate.reasons import of_refusal
from tests.unit.estate.agents import VM, Told, failed

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature machines' power")]

ESTATE = cast("Estate", None)


def test_a_machine_that_ha_started_elsewhere_is_asked_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def addresses(_: Estate, vm: EstateMachine) -> Addresses:
        asked.append(vm.pve_node)
        gone = failed("Configuration file 'nodes/pve1/qemu-server/210.conf' does not exist")
        return Addresses(reason=of_refusal(vm, "network-get-interfaces", gone) if vm.pve_node == "pve1" else None)

    monkeypatch.setattr(switch, "addresses_of", addresses)
    monkeypatch.setattr(switch, "machines_on", lambda _: {VM.vm_id: replace(VM, pve_node="pve2")})
    monkeypatch.setattr(switch, "POLL_SECONDS", 0.0)
    switch.await_agent(ESTATE, VM, 60)
    assert asked == ["pve1", "pve2"]


def test_an_agent_that_waiting_cannot_bring_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = of_refusal(VM, "network-get-interfaces", failed("No QEMU guest agent configured"))
    monkeypatch.setattr(switch, "addresses_of", lambda *_: Addresses(reason=reason))
    with pytest.raises(ConditionError, match="cannot be waited for: server1 has no guest agent configured on Proxmox"):
        switch.await_agent(ESTATE, VM, 60)


@pytest.mark.parametrize(("ha", "what"), [("request_stop", "request_stop"), ("started", "")])
def test_what_ha_switches_off_its_manager_says(ha: str, what: str) -> None:
    assert switch.ending(Told().estate, VM, Power(running=True, ha=ha)) == what
