"""Whether a VM runs, in the words of the PVE node that has it."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.estate.power import Power, power_of, standstill
from stardock.estate.reasons import GRACE, Kind
from tests.unit.estate.agents import VM, Told, failed

pytestmark = pytest.mark.unit


@pytest.mark.proves("reality A5")
@pytest.mark.parametrize(
    ("told", "power"),
    [
        ({"status": "running", "qmpstatus": "running", "agent": 1}, Power(running=True)),
        ({"status": "running", "qmpstatus": "paused", "lock": "backup"}, Power(running=True, state="paused", lock="backup", agent=False)),
        ({"status": "stopped", "qmpstatus": "stopped"}, Power(running=False, state="stopped", agent=False)),
        ({"status": "unknown"}, None), ({}, None), ([], None), (None, None), ("running", None), ({"status": ["running"]}, None),
        (failed("Configuration file 'nodes/pve1/qemu-server/210.conf' does not exist"), None),
        (failed("No route to host", 595), None),
    ],
)  # fmt: skip
def test_power_is_what_the_node_says_and_unknown_where_it_says_neither(told: Any, power: Power | None) -> None:
    assert power_of(Told(status=told).estate, VM) == power


@pytest.mark.parametrize(
    ("power", "kind", "patience"),
    [
        (None, None, None),
        (Power(running=True), None, None),
        (Power(running=False, state="stopped"), Kind.STOPPED, GRACE),
        (Power(running=True, state="paused"), Kind.PAUSED, GRACE),
        (Power(running=True, state="paused", lock="snapshot"), Kind.PAUSED, None),
    ],
)
def test_a_vm_that_stands_still_says_why_and_is_waited_for_while_proxmox_works_on_it(power: Any, kind: Any, patience: Any) -> None:
    reason = standstill(VM, power)
    assert (reason and reason.kind, reason and reason.patience) == (kind, patience)


def test_an_error_of_the_disk_names_the_datastore() -> None:
    reason = standstill(VM, Power(running=True, state="io-error"))
    assert reason is not None
    assert "datastore full" in reason.cure
