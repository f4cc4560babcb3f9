"""spec + lock -> plan + lock: the pure middle of Stardock. No file, no clock, no chance: the same inputs give the same bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stardock.errors import InputErrors
from stardock.model.lock import Lock, LockedMachine
from stardock.model.machine import ROLES, Machine
from stardock.model.plan import PlacedImage, Plan
from stardock.model.settings import Distribution, Proxmox, Ssh
from stardock.plan.allocation import identity
from stardock.plan.allocation.allocate import Allocated, allocate
from stardock.plan.allocation.declared import Declared, declared
from stardock.plan.allocation.memory import with_memory
from stardock.plan.balancing import load_balancing
from stardock.plan.distribution import allocated, distribution_problems, with_version
from stardock.plan.kured import kured, kured_warnings
from stardock.plan.machine.describe import describe, pve_nodes, surroundings
from stardock.plan.machine.images import prefetched
from stardock.plan.machine.kept import Kept, accepted, keep, made_anew
from stardock.plan.rules.allocated import after_allocation, before_allocation
from stardock.plan.rules.files import file_problems
from stardock.plan.rules.ha import ha_problems
from stardock.plan.rules.hardware import hardware_problems
from stardock.plan.rules.images import image_problems
from stardock.plan.rules.networks import clash_problems, network_problems
from stardock.plan.rules.snippets import snippet_problems
from stardock.plan.rules.warnings import warnings
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
    spec = with_version(with_memory(spec, lock.memory if lock else {}), lock)
    every = declared(spec)
    _refuse(file, [*before_allocation(spec, every, lock), *distribution_problems(spec)])
    held = lock or Lock(cluster=spec.cluster, founder="")
    decided = _decide(spec, every, held, accept, anew)
    _refuse(file, _problems(spec, every, held, decided, accept))
    after = _lock(spec, held, every, decided)
    return _plan(spec, every, held, after, decided), after


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What came out for every name of cluster.yaml (`given`, `wishes`, `kept`), and for the names that are not there."""

    given: Mapping[str, Allocated]
    wishes: Mapping[str, Machine]
    kept: Mapping[str, Kept]
    retained: Mapping[str, Machine]
    reused: frozenset[str]
    prefetched: tuple[PlacedImage, ...]

    @property
    def machines(self) -> dict[str, Machine]:
        """All that will stand: declared, then retained."""
        return {name: kept.machine for name, kept in self.kept.items()} | dict(self.retained)


def _refuse(file: str, problems: Sequence[Problem]) -> None:
    if problems:
        raise InputErrors(file, tuple(sorted(problems, key=lambda problem: problem.line or 0)))


def _decide(spec: Spec, every: Sequence[Declared], held: Lock, accept: Collection[str], anew: Collection[str]) -> _Decided:
    around = surroundings(spec, held.images, _unconfined(spec, every, held, accept))
    given, reused = allocate(held, tuple(around.nodes.values()), every)
    wishes = {declared.name: describe(around, declared, given[declared.name]) for declared in every}
    spare = prefetched(spec, around.nodes, around.pins)
    kept = {declared.name: _kept(spec, wishes[declared.name], declared, held, accept) for declared in every}
    kept |= {name: replace(kept[name], machine=made_anew(kept[name].machine)) for name in anew if name in kept}
    return _Decided(given=given, wishes=wishes, kept=kept, retained=_retained(spec, wishes, held), reused=reused, prefetched=spare)


def _unconfined(spec: Spec, every: Sequence[Declared], held: Lock, accept: Collection[str]) -> frozenset[str]:
    """Machines that stand without RKE2's SELinux policy. One that is accepted with another system is as a new one."""
    systems = {declared.name: spec.image_of(declared.pool).system for declared in every if declared.name in accept}
    records = {name: one.record for name, one in held.active().items() if not one.record.selinux}
    return frozenset(name for name, record in records.items() if systems.get(name, record.image.system) == record.image.system)


def _kept(spec: Spec, wish: Machine, declared: Declared, held: Lock, accept: Collection[str]) -> Kept:
    """A machine that exists is kept; a new or returning one is as wished, and an accepted one in all that was waiting."""
    before = held.machines.get(declared.name)
    if before is None or before.retired:
        return Kept(wish, (), ())
    kept = keep(wish, before.record, declared, spec.image_of(declared.pool))
    return Kept(accepted(wish, kept), (), ()) if declared.name in accept else kept


def _retained(spec: Spec, declared: Collection[str], held: Lock) -> dict[str, Machine]:
    """Machines that stand although cluster.yaml lacks them, by role and place: exactly as last planned (invariant 2)."""
    gone = {name: machine for name, machine in held.active().items() if name not in declared and name not in spec.remove}
    ordered = sorted(gone.items(), key=lambda item: (ROLES.index(item[1].record.role), item[1].place))
    return {name: machine.record for name, machine in ordered}


def _problems(spec: Spec, every: Sequence[Declared], held: Lock, decided: _Decided, accept: Collection[str]) -> list[Problem]:
    numbers = {name: given.numbers for name, given in decided.given.items()}
    gone = [(name, machine.record) for name, machine in held.machines.items() if name not in decided.kept and name not in decided.reused]
    claimed = [*gone, *decided.machines.items(), *decided.wishes.items()]
    return [
        *after_allocation(spec, every, decided.machines, held.active()),
        *hardware_problems(spec, every, decided.wishes),
        *ha_problems(spec, every, decided.machines),
        *network_problems(spec, every, decided.wishes, decided.machines, numbers),
        *clash_problems(spec, every, held, claimed),
        *file_problems(spec, every, decided.wishes),
        *snippet_problems(spec, every, {name: kept.machine for name, kept in decided.kept.items()}),
        *image_problems(spec, every, {name: kept.machine for name, kept in decided.kept.items()}, held, accept),
    ]


def _lock(spec: Spec, held: Lock, every: Sequence[Declared], decided: _Decided) -> Lock:
    """What is known afterwards: the declared as planned, the retained as they were, the removed as retired."""
    machines = {name: machine for name, machine in held.machines.items() if name not in decided.reused}
    for name in spec.remove:
        if name in machines:
            machines[name] = replace(machines[name], retired=True)
    for name, kept in decided.kept.items():
        numbers = decided.given[name].numbers
        machines[name] = LockedMachine(pool=numbers.pool, ordinal=numbers.ordinal, place=numbers.place, record=kept.machine)
    vrid = spec.network.vrid or held.vrid or (identity.vrrp_id(spec.cluster) if spec.network.vip else None)
    founder = _founder(held, every, decided)
    return replace(held, founder=founder, vrid=vrid, machines=machines, distribution_version=allocated(spec, held))


def _founder(held: Lock, every: Sequence[Declared], decided: _Decided) -> str:
    """The lock's, as long as it stands; else the first server that exists; a new one only where none does."""
    if held.founder in decided.kept or held.founder in decided.retained:
        return held.founder
    declared = [one.name for one in every if one.role == "server"]
    retained = [machine.name for machine in decided.retained.values() if machine.role == "server"]
    return [*(name for name in declared if name in held.active()), *retained, *declared][0]


def _plan(spec: Spec, every: Sequence[Declared], held: Lock, after: Lock, decided: _Decided) -> Plan:
    machines = tuple(decided.machines.values())
    balancing = load_balancing(spec, machines, after.vrid)
    founder = next(machine for machine in machines if machine.name == after.founder)
    reboots = kured(spec, decided.machines)
    return Plan(
        cluster=spec.cluster,
        proxmox=_proxmox(spec),
        distribution=Distribution(**spec.distribution.model_dump()),
        machines=machines,
        founder=founder.name,
        join_address=balancing.vip if balancing else founder.address,
        ssh=Ssh(user=spec.ssh.user, port=spec.ssh.port, private_key=spec.ssh.private_key),
        load_balancing=balancing,
        kured=reboots,
        state=state_of(spec.cluster, spec.state.backend, spec.state.settings),
        retained=tuple(decided.retained),
        removed=spec.remove,
        changes=tuple(change for kept in decided.kept.values() for change in kept.changes),
        replacements=tuple(change for kept in decided.kept.values() for change in kept.replacements),
        warnings=(*warnings(spec, every, held, decided.machines, decided.retained), *kured_warnings(reboots, decided.machines)),
        tls_san=_tls_san(machines, balancing.vip if balancing else None),
        prefetched=decided.prefetched,
    )


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


def _tls_san(machines: Sequence[Machine], vip: str | None) -> tuple[str, ...]:
    """Every name under which the API is asked for: the VIP, then each server's address and host name."""
    servers = [name for machine in machines if machine.role == "server" for name in (machine.address, machine.hostname)]
    return tuple(dict.fromkeys(name for name in (vip, *servers) if name))
