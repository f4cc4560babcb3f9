"""`runner machine status`: what Proxmox, the guest agents and Kubernetes say of machines; changes nothing."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stardock.errors import StardockError
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine, machines_on
from stardock.estate.power import Power, powers_of
from stardock.estate.switch import mute
from stardock.estate.watch import WORKERS
from stardock.model.machine import Machine
from stardock.model.standing import NodeStanding, Standing
from stardock.playbooks.workplace import alone, passing
from stardock.terraform.words import check_names
from stardock.verbs.discover import patient
from stardock.verbs.job import refuse_hosts, see
from stardock.workspace.workspace import Workspace, open_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One machine. `vm` None: Proxmox lists none of ours; `power` None: its PVE node does not say. `agent`: answers, or why it does not.

    `node` None: not known.
    """

    machine: Machine
    vm: EstateMachine | None
    power: Power | None
    agent: str
    node: NodeStanding | None

    @property
    def runs(self) -> bool | None:
        """Whether it does; None: unknown."""
        if self.vm is None:
            return False
        return None if self.power is None else self.power.running and self.power.state == "running"

    @property
    def state(self) -> str:
        """In words."""
        if self.vm is None:
            return "none on Proxmox"
        if self.power is None:
            return "unknown"
        stands = self.power.running and self.power.state != "running"
        said = f"{'paused' if stands else 'running' if self.power.running else 'off'}"
        more = [
            *([self.power.state] if stands and self.power.state != "paused" else []),
            *([f"locked: {self.power.lock}"] if self.power.lock else []),
        ]
        return f"{said} ({', '.join(more)})" if more else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All that were asked for. `why`: Kubernetes could not be asked."""

    cluster: str
    rows: tuple[Row, ...]
    why: str = ""


def status(cluster_file: Path, names: Collection[str], *, kubernetes: bool) -> Status:
    """Ask all at once. Raises ConditionError where Proxmox does not answer, RefusedError for a name that no machine has."""
    where = open_workspace(cluster_file)
    refuse_hosts(where, names)
    check_names("runner machine status", names, [machine.name for machine in where.plan.machines])
    chosen = [machine for machine in where.plan.machines if not names or machine.name in names]
    estate = patient(where.plan.proxmox)
    present = machines_on(estate)
    vms = {one.vm_id: vm for one in chosen if (vm := present.get(one.vm_id)) is not None and vm.belongs_to(where.plan.cluster)}
    powers = powers_of(estate, vms.values())
    agents = _agents(estate, [vms[vm_id] for vm_id, power in powers.items() if power.running and power.agent])
    standing = _standing(where) if kubernetes else Standing(why="not asked")
    rows = tuple(
        Row(
            machine=one,
            vm=vms.get(one.vm_id),
            power=powers.get(one.vm_id),
            agent=agents.get(one.vm_id, ""),
            node=standing.nodes.get(one.hostname) if one.role != "loadbalancer" else None,
        )
        for one in chosen
    )
    return Status(cluster=where.plan.cluster, rows=rows, why="" if standing.by else standing.why)


def _agents(estate: Estate, vms: Collection[EstateMachine]) -> dict[int, str]:
    """By VM id: that it answers, or why not."""
    with ThreadPoolExecutor(WORKERS) as pool:
        reasons = dict(zip([vm.vm_id for vm in vms], pool.map(lambda vm: mute(estate, vm), vms), strict=True))
    return {vm_id: reason.kind.name.lower() if reason else "answers" for vm_id, reason in reasons.items()}


def _standing(where: Workspace) -> Standing:
    """Kubernetes is asked by a run of its own, which waits for no other: what stops it is told, and no error."""
    try:
        with alone(where.files, lambda _: None, check=True), passing() as place:
            return see(where, place)
    except StardockError as error:
        return Standing(why=error.message)
