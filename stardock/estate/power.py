"""Whether a VM runs, asked of the PVE node that has it: what /cluster/resources says of it is up to ten seconds old, and more when
pvestatd is slow (PVE::Service::pvestatd, PVE::API2Tools::extract_vm_stats read the round-robin data that it wrote last).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from stardock.estate.answers import shown
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine
from stardock.estate.questions import WORKERS, Answer, Question, ask
from stardock.estate.reasons import Reason, paused, stopped


@dataclass(frozen=True, slots=True)
class Power:
    """`state` is QEMU's own word (running, paused, io-error, ...), `lock` PVE's (backup, migrate, ...); `agent`: it has one configured.

    `ha`: the word of PVE's HA manager for it; empty where it looks after it not. `uptime` in seconds.
    """

    running: bool
    state: str = "running"
    lock: str = ""
    agent: bool = True
    ha: str = ""
    uptime: int = 0


def powers_of(estate: Estate, machines: Iterable[EstateMachine]) -> dict[int, Power]:
    """Ask for all of them at once, by VM id; one that vanished meanwhile, or whose node does not answer, is left out."""
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = ask(estate, pool, {machine.vm_id: _question(machine) for machine in machines})
    told = {vm_id: _power(answer) for vm_id, answer in answers.items()}
    return {vm_id: power for vm_id, power in told.items() if power is not None}


def power_of(estate: Estate, machine: EstateMachine) -> Power | None:
    """Ask for one."""
    return powers_of(estate, [machine]).get(machine.vm_id)


def standstill(vm: EstateMachine, power: Power | None) -> Reason | None:
    """Why nothing in it can answer; None where it runs, or nobody could say."""
    if power is None:
        return None
    if not power.running:
        return stopped(vm)
    return None if power.state == "running" else paused(vm, power.state, power.lock)


def _question(machine: EstateMachine) -> Question:
    return lambda api: api.nodes(machine.pve_node).qemu(machine.vm_id).status.current.get()


def _power(answer: Answer) -> Power | None:
    told = answer.value
    if not isinstance(told, Mapping) or told.get("status") not in ("running", "stopped"):
        return None
    return Power(
        told["status"] == "running",
        shown(told.get("qmpstatus") or "running"),
        shown(told.get("lock") or ""),
        bool(told.get("agent")),
        _managed(told.get("ha")),
        int(told["uptime"]) if isinstance(told.get("uptime"), int | float) else 0,
    )


def _managed(told: object) -> str:
    """PVE::HA::Config, `get_service_status`; a service that is new has no state yet."""
    return shown(told.get("state") or "queued") if isinstance(told, Mapping) and told.get("managed") else ""
