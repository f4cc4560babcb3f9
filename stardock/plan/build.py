"""spec + lock -> plan + lock: the pure middle of Stardock. No file, no clock, no chance: the same inputs give the same bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stardock.errors import InputErrors
from stardock.model.host import Host
from stardock.model.lock import Lock, LockedMachine
from stardock.model.machine import ROLES, Machine
from stardock.model.plan import PlacedImage, Plan
from stardock.model.settings import Distribution, Proxmox
from stardock.plan.addons import with_addons
from stardock.plan.allocation import identity
from stardock.plan.allocation.allocate import Allocated, allocate
from stardock.plan.allocation.declared import Declared, declared
from stardock.plan.allocation.memory import with_memory
from stardock.plan.api_server import api_server_of
from stardock.plan.balancing import external, load_balancing
from stardock.plan.cni import chart_of
from stardock.plan.distribution import allocated, channel_problems, distribution_problems, former, with_derived, with_version
from stardock.plan.hosts import hosts_of
from stardock.plan.kured import kured, kured_warnings
from stardock.plan.machine.describe import describe, pve_nodes, surroundings
from stardock.plan.machine.images import prefetched
from stardock.plan.machine.kept import Planned, accepted, keep, made_anew
from stardock.plan.mesh import given, mesh_of, mesh_problems, remembered, sites_of
from stardock.plan.proxy import proxy_of
from stardock.plan.registries import registries_of
from stardock.plan.reservation import reservation_of
from stardock.plan.rules.addons import addon_problems, object_problems
from stardock.plan.rules.allocated import after_allocation, before_allocation
from stardock.plan.rules.files import file_problems
from stardock.plan.rules.ha import ha_problems
from stardock.plan.rules.hardware import hardware_problems
from stardock.plan.rules.hosts import host_problems
from stardock.plan.rules.images import image_problems
from stardock.plan.rules.networks import clash_problems, network_problems
from stardock.plan.rules.reservations import reservation_problems
from stardock.plan.rules.snippets import snippet_problems
from stardock.plan.rules.warnings import warnings
from stardock.plan.snapshots import s3_of
from stardock.plan.ssh import ssh_of
from stardock.plan.state import state_of

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.errors import Problem
    from stardock.spec.cluster import Spec


def build(spec: Spec, lock: Lock | None, file: str, *, accept: Collection[str] = (), anew: Collection[str] = ()) -> tuple[Plan, Lock]:
    """Decide everything, and what the lock is to hold afterwards.

    `spec` has passed `load_spec`; `file` names cluster.yaml in errors. The machines named by `accept` get what is wished of them even
    where only a replacement brings it (`runner lock accept`); those named by `anew` are about to be made anew as the lock has them.
    Raises `InputErrors` with every problem of the allocation, and between cluster.yaml and the lock.
    """
    _refuse(file, list(channel_problems(spec, lock)))
    spec = with_derived(with_version(with_memory(spec, lock.memory if lock else {}), lock))
    every = declared(spec)
    _refuse(file, [*before_allocation(spec, every, lock), *distribution_problems(spec)])
    locked = lock or Lock(cluster=spec.cluster, founder="")
    decided = _decide(spec, every, locked, accept, anew)
    _refuse(file, _problems(spec, every, locked, decided, accept))
    after = _lock(spec, locked, every, decided)
    plan = _plan(spec, every, locked, after, decided)
    _refuse(file, list(object_problems(spec, plan)))
    return plan, remembered(after, plan.mesh)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What came out for every name of cluster.yaml (`given`, `wishes`, `planned`), and for the names that are not there."""

    given: Mapping[str, Allocated]
    wishes: Mapping[str, Machine]
    planned: Mapping[str, Planned]
    retained: Mapping[str, Machine]
    reused: frozenset[str]
    prefetched: tuple[PlacedImage, ...]
    hosts: tuple[Host, ...]

    @property
    def machines(self) -> dict[str, Machine]:
        """All that will exist: declared, then retained."""
        return {name: planned.machine for name, planned in self.planned.items()} | dict(self.retained)


def _refuse(file: str, problems: Sequence[Problem]) -> None:
    if problems:
        raise InputErrors(file, tuple(sorted(problems, key=lambda problem: problem.line or 0)))


def _decide(spec: Spec, every: Sequence[Declared], locked: Lock, accept: Collection[str], anew: Collection[str]) -> _Decided:
    around = surroundings(spec, locked.images, _unconfined(spec, every, locked, accept))
    given, reused = allocate(locked, tuple(around.nodes.values()), every)
    wishes = {declared.name: describe(around, declared, given[declared.name]) for declared in every}
    spare = prefetched(spec, around.nodes, around.pins)
    planned = {declared.name: _planned(spec, wishes[declared.name], declared, locked, accept) for declared in every}
    planned |= {name: replace(planned[name], machine=made_anew(planned[name].machine)) for name in anew if name in planned}
    return _Decided(
        given=given,
        wishes=wishes,
        planned=planned,
        retained=_retained(spec, wishes, locked),
        reused=reused,
        prefetched=spare,
        hosts=hosts_of(spec),
    )


def _unconfined(spec: Spec, every: Sequence[Declared], locked: Lock, accept: Collection[str]) -> frozenset[str]:
    """Machines that exist without RKE2's SELinux policy. One that is accepted with another system is as a new one."""
    systems = {declared.name: spec.image_of(declared.pool).system for declared in every if declared.name in accept}
    records = {name: one.record for name, one in locked.active().items() if not one.record.selinux}
    return frozenset(name for name, record in records.items() if systems.get(name, record.image.system) == record.image.system)


def _planned(spec: Spec, wish: Machine, declared: Declared, locked: Lock, accept: Collection[str]) -> Planned:
    """A machine that exists keeps what no edit may change; a new or returning one is as wished, an accepted one in all that waited."""
    before = locked.machines.get(declared.name)
    if before is None or before.retired:
        return Planned(wish, (), ())
    planned = keep(wish, before.record, declared, spec.image_of(declared.pool))
    return Planned(accepted(wish, planned), (), ()) if declared.name in accept else planned


def _retained(spec: Spec, declared: Collection[str], locked: Lock) -> dict[str, Machine]:
    """Machines that exist although cluster.yaml lacks them, by role and place: exactly as last planned (invariant 2)."""
    gone = {name: machine for name, machine in locked.active().items() if name not in declared and name not in spec.remove}
    ordered = sorted(gone.items(), key=lambda item: (ROLES.index(item[1].record.role), item[1].place))
    return {name: machine.record for name, machine in ordered}


def _problems(spec: Spec, every: Sequence[Declared], locked: Lock, decided: _Decided, accept: Collection[str]) -> list[Problem]:
    numbers = {name: given.numbers for name, given in decided.given.items()}
    gone = [
        (name, machine.record) for name, machine in locked.machines.items() if name not in decided.planned and name not in decided.reused
    ]
    claimed = [*gone, *decided.machines.items(), *decided.wishes.items()]
    return [
        *after_allocation(spec, every, decided.machines, locked.active()),
        *hardware_problems(spec, every, decided.wishes),
        *reservation_problems(spec, (*decided.wishes.values(), *decided.hosts)),
        *host_problems(spec, locked, decided.hosts, decided.machines),
        *mesh_problems(spec, locked, decided.retained),
        *ha_problems(spec, every, decided.machines),
        *addon_problems(spec, decided.machines),
        *network_problems(spec, every, decided.wishes, decided.machines, numbers),
        *clash_problems(spec, every, locked, claimed),
        *file_problems(spec, every, decided.wishes),
        *snippet_problems(spec, every, {name: planned.machine for name, planned in decided.planned.items()}),
        *image_problems(spec, every, {name: planned.machine for name, planned in decided.planned.items()}, locked, accept),
    ]


def _lock(spec: Spec, locked: Lock, every: Sequence[Declared], decided: _Decided) -> Lock:
    """What is known afterwards: the declared as planned, the retained as they were, the removed as retired."""
    machines = {name: machine for name, machine in locked.machines.items() if name not in decided.reused}
    for name in spec.remove:
        if name in machines:
            machines[name] = replace(machines[name], retired=True)
    for name, planned in decided.planned.items():
        numbers = decided.given[name].numbers
        machines[name] = LockedMachine(pool=numbers.pool, ordinal=numbers.ordinal, place=numbers.place, record=planned.machine)
    vrid = spec.network.vrid or locked.vrid or (identity.vrrp_id(spec.cluster) if spec.network.vip else None)
    founder = _founder(locked, every, decided)
    return replace(
        locked,
        founder=founder,
        vrid=vrid,
        machines=machines,
        distribution_version=allocated(spec, locked),
        former_release=former(spec, locked),
        mesh=given(spec, locked),
        sites=sites_of(spec, locked),
    )


def _founder(locked: Lock, every: Sequence[Declared], decided: _Decided) -> str:
    """The lock's, as long as it exists; else the first server that exists; a new one only where none does."""
    if locked.founder in decided.planned or locked.founder in decided.retained:
        return locked.founder
    declared = [one.name for one in every if one.role == "server"]
    retained = [machine.name for machine in decided.retained.values() if machine.role == "server"]
    return [*(name for name in declared if name in locked.active()), *retained, *declared][0]


def _plan(spec: Spec, every: Sequence[Declared], locked: Lock, after: Lock, decided: _Decided) -> Plan:
    machines = tuple(decided.machines.values())
    balancing = load_balancing(spec, machines, after.vrid)
    founder = next(machine for machine in machines if machine.name == after.founder)
    reboots = kured(spec, decided.machines)
    roles = {**{one.name: one.role for one in machines}, **{host.name: host.role for host in decided.hosts}}
    plan = Plan(
        cluster=spec.cluster,
        proxmox=_proxmox(spec),
        distribution=Distribution(**spec.distribution.model_dump(exclude={"channel"})),
        machines=machines,
        founder=founder.name,
        hosts=decided.hosts,
        mesh=mesh_of(spec, locked, after, roles),
        ssh=ssh_of(spec, machines),
        load_balancing=balancing,
        external=external(spec),
        kured=reboots,
        state=state_of(spec.cluster, spec.state.backend, spec.state.settings),
        retained=tuple(decided.retained),
        removed=spec.remove,
        changes=tuple(change for planned in decided.planned.values() for change in planned.changes),
        replacements=tuple(change for planned in decided.planned.values() for change in planned.replacements),
        warnings=(
            *warnings(spec, every, locked, decided.machines, decided.retained),
            *kured_warnings(reboots, decided.machines),
        ),
        proxy=proxy_of(spec.proxy),
        registries=registries_of(spec.registries),
        api_server=api_server_of(spec),
        reservation=reservation_of(spec.kubelet),
        journal_mib=spec.journal.max_use,
        storage_clients=spec.storage_clients,
        network=chart_of(spec),
        s3=s3_of(spec.snapshots),
        prefetched=decided.prefetched,
    )
    return with_addons(spec, plan)


def _proxmox(spec: Spec) -> Proxmox:
    estate = spec.proxmox
    return Proxmox(
        endpoint=estate.endpoint,
        nodes=pve_nodes(spec),
        ssh_user=estate.ssh.user,
        ssh_private_key=estate.ssh.private_key,
        insecure=estate.insecure,
        socks5=estate.ssh.socks5,
        shared=estate.datastores.shared,
        cluster=spec.cluster,
    )
