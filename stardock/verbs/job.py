"""One machine that is to be switched: found, looked at, and looked at again right before, for a prompt and a drain may take long.

What was refused is taken back: a Node that was cordoned for a power step of which nothing came takes pods again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from stardock.errors import ConditionError, RefusedError, StardockError
from stardock.estate import switch
from stardock.estate.answers import shown
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine, machines_on, named
from stardock.estate.power import Power, power_of, standstill
from stardock.estate.watch import patience
from stardock.model.machine import Machine
from stardock.model.standing import Standing
from stardock.plan import switching
from stardock.playbooks.aside import Aside
from stardock.playbooks.workplace import Workplace, alone, passing
from stardock.step import Say, Step
from stardock.terraform.words import check_names
from stardock.verbs.discover import patient
from stardock.workspace.workspace import Workspace, open_workspace

Verb = Literal["shutdown", "reset"]

_DIFFERS = "runner drift tells what else differs; nothing was done"
#: Seconds in which a Node that was never switched must tell that it is there; its kubelet does every 10 s.
BACK_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the person asked for; times in seconds. `force`: cut the power where the guest does not shut down.

    `confirm` asks a person; None: nobody is there to ask. `standstill`: though etcd needs the machine.
    """

    drain: bool = True
    drain_timeout: int = 300
    timeout: int = 180
    ready_timeout: int = 300
    force: bool = False
    standstill: bool = False
    dry_run: bool = False
    confirm: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One machine as it is found, and who can be asked to do something with it. `goes_off`: what is switching it off (`switch.ending`)."""

    where: Workspace
    options: Options
    estate: Estate
    machine: Machine
    vm: EstateMachine
    power: Power
    aside: Aside
    say: Say
    standing: Standing = field(default_factory=Standing)
    goes_off: str = ""

    @property
    def may_be_needed(self) -> bool:
        """Whether etcd may need it."""
        return self.machine.role == "server" and len(self.where.plan.members_of("server")) > 1

    @property
    def has_node(self) -> bool:
        """Whether Kubernetes may know it."""
        return self.machine.role != "loadbalancer" and self.where.facts.founded is not None

    def wake(self) -> tuple[Step, ...]:
        """What follows once it is switched on: each waits."""
        seconds, ready = patience(self.where.plan), self.options.ready_timeout
        said = f"until its guest agent answers, at most {seconds:g} s"
        agent = Step("wait", said, lambda: switch.await_agent(self.estate, self.vm, seconds))
        node = Step("node", f"until its Node is Ready, at most {ready} s; a cordon of ours is taken back", self.uncordon)
        return (*((agent,) if self.machine.agent.enabled else ()), *((node,) if self.has_node else ()))

    def uncordon(self) -> None:
        """Once it is back; of a cluster that was off, nobody may answer before."""
        self.aside.uncordon(self.options.ready_timeout)

    def drain(self) -> tuple[Step, ...]:
        """The step that moves its pods, where they can be moved; why not is said."""
        if self.machine.role == "loadbalancer":
            return ()
        if why := self.undrained():
            self.say(f"  {self.machine.name} is not drained: {why}")
            return ()
        seconds = self.options.drain_timeout
        what = f"cordon {self.machine.name} and move its pods, at most {seconds} s, within their disruption budgets"
        return (Step("drain", what, lambda: self.aside.drain(seconds)),)

    def undrained(self) -> str:
        """Why not; empty: it is."""
        if not self.options.drain:
            return "--no-drain"
        return switching.undrained(self.machine, self.standing)


def found(cluster_file: Path, name: str) -> tuple[Workspace, Estate, EstateMachine]:
    """The machine of that name. Raises RefusedError for a name that no machine has, and as `of_ours`."""
    where = open_workspace(cluster_file)
    refuse_hosts(where, (name,))
    check_names("runner machine", (name,), [machine.name for machine in where.plan.machines])
    estate = patient(where.plan.proxmox)
    return where, estate, of_ours(where, estate, where.plan.machine(name))


def refuse_hosts(where: Workspace, names: Collection[str]) -> None:
    """Raise RefusedError for hosts that exist already: Proxmox knows none of them."""
    for host in (host for host in where.plan.hosts if host.name in names):
        message = f"{host.name} is a host that exists already: Stardock never switches one on or off, and Proxmox does not know it"
        raise RefusedError(message, cure=f"enter it at {host.reached_at}; `kubectl drain {host.hostname}` moves its pods away first")


def of_ours(where: Workspace, estate: Estate, machine: Machine) -> EstateMachine:
    """The machine's VM where it is now, by the machine's name. Raises ConditionError where there is none, RefusedError for another one.

    Tags tell the cluster only; with the lock of another checkout, or of before a rebuild, the VM id is another machine's.
    """
    vm = machines_on(estate).get(machine.vm_id)
    if vm is None:
        message = f"Proxmox lists no VM {machine.vm_id} ({machine.name}) to this token"
        raise ConditionError(message, cure="runner deploy makes it; where it exists, `runner doctor` tells the privilege that is missing")
    if not vm.belongs_to(where.plan.cluster):
        message = (
            f"VM {vm.vm_id} on {vm.pve_node} is not {machine.name} of this cluster: it lacks the tags stardock and {where.plan.cluster}"
        )
        raise RefusedError(message, cure=_DIFFERS)
    name = named(estate, vm).name
    if name != machine.hostname:
        message = f"VM {vm.vm_id} on {vm.pve_node} is called {shown(name)} on Proxmox, and {machine.name} would be {machine.hostname}"
        raise RefusedError(message, cure=f"is this the lock of the cluster as it is? {_DIFFERS}")
    return replace(vm, name=machine.name)


@contextlib.contextmanager
def job_of(cluster_file: Path, name: str, options: Options, say: Say, *, asks: bool = False) -> Iterator[Job]:
    """Find it, alone with the cluster. `asks`: Kubernetes, too, before anything is decided."""
    where, estate, vm = found(cluster_file, name)
    machine = where.plan.machine(name)
    with alone(where.files, say, check=options.dry_run), passing() as place:
        power = _power(estate, vm)
        aside = Aside(where, place, machine)
        standing = _asked(aside, where, say) if asks and power.running and machine.role != "loadbalancer" else Standing(why="it is off")
        goes_off = switch.ending(estate, vm, power) if power.running and not asks else ""
        yield Job(
            where=where,
            options=options,
            estate=estate,
            machine=machine,
            vm=vm,
            power=power,
            aside=aside,
            say=say,
            standing=standing,
            goes_off=goes_off,
        )


def _asked(aside: Aside, where: Workspace, say: Say) -> Standing:
    if where.facts.founded is None:
        return Standing(why="no cluster is known to be founded (`runner discover` looks)")
    say("asking the servers what Kubernetes says")
    return aside.see()


def see(where: Workspace, place: Workplace) -> Standing:
    """What Kubernetes says of all machines."""
    return _asked(Aside(where, place), where, lambda _: None)


def _power(estate: Estate, vm: EstateMachine) -> Power:
    power = power_of(estate, vm)
    if power is None:
        raise ConditionError(f"{vm.pve_node} does not say whether {vm.name} runs", cure="is that PVE node on? pvecm status")
    return power


def refuse(job: Job, verb: Verb) -> None:
    """Raise what speaks against it, Proxmox first: what it would refuse, nobody drains for. RefusedError is of etcd."""
    if job.power.lock:
        raise switch.would_not(job.vm, verb, f"VM is locked ({job.power.lock})")
    stands = standstill(job.vm, job.power)
    if verb == "reset" and stands is not None:
        raise ConditionError(f"{job.vm.name} {stands.words}", cure=f"{stands.cure}, or `runner machine stop {job.vm.name} --force`")
    if verb == "shutdown" and job.power.state in switch.PAUSED and not job.options.force:
        raise switch.would_not(job.vm, verb, "VM is paused - cannot shutdown")
    if why := switching.standstill(job.where.plan, job.machine, job.standing):
        if not job.options.standstill:
            raise RefusedError(f"{why}: the cluster would stand still", cure="bring another server back first, or add --accept-standstill")
        job.say(f"  {why}: the cluster stands still until a server is back (--accept-standstill)")


def switched(job: Job, verb: Verb, act: Callable[[Job], None], *, drained: bool) -> None:
    """Do it to the machine as it is now. Where it is not done, a cordon of ours is taken back, and what is left of it is said."""
    try:
        now = _afresh(job, verb)
    except StardockError:
        _give_back(job, drained=drained)
        raise
    try:
        act(now)
    except switch.NothingDone:
        _give_back(job, drained=drained)
        raise
    except StardockError:
        if drained:
            job.say(f"  {_stays(job)}")
        raise


def _afresh(job: Job, verb: Verb) -> Job:
    """Where its VM is now, whether it runs and etcd needs it: hours may have passed, and another person may stop another server."""
    vm = of_ours(job.where, job.estate, job.machine)
    asks = job.may_be_needed and not job.options.standstill
    standing = _asked(job.aside, job.where, job.say) if asks else job.standing
    now = replace(job, vm=vm, power=_power(job.estate, vm), standing=standing)
    if now.power.running:
        refuse(now, verb)
    return now


def _give_back(job: Job, *, drained: bool) -> None:
    if not drained:
        return
    try:
        job.aside.uncordon(BACK_SECONDS)
    except StardockError as error:
        job.say(f"  {_stays(job)} ({error.message})")
    else:
        job.say(f"  the cordon of {job.machine.name} is taken back: it takes pods as before")


def _stays(job: Job) -> str:
    name = job.machine.name
    return f"the Node of {name} stays cordoned, its pods are moved: `runner machine start {name}` has it take pods again"


def place_of(vm: EstateMachine) -> str:
    """In words."""
    return f"VM {vm.vm_id} on {vm.pve_node}"
