"""`runner machine start`, `stop`, `reset`, `console`: one machine by Proxmox' API, its pods moved away first where they can be.

Proxmox switches, a server is asked by Ansible for what Kubernetes has to say, and does it (`stardock.playbooks.aside`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from stardock.errors import ConditionError, RefusedError
from stardock.estate import switch
from stardock.estate.connection import Estate
from stardock.estate.console import console as follow
from stardock.estate.machines import EstateMachine, machines_on
from stardock.estate.power import Power, power_of, powers_of, standstill
from stardock.estate.watch import patience
from stardock.model.machine import Machine
from stardock.model.standing import Standing
from stardock.plan import switching
from stardock.playbooks.aside import Aside
from stardock.playbooks.workplace import Workplace, alone, passing
from stardock.step import Say, Step
from stardock.step import run as run_steps
from stardock.terraform.words import check_names
from stardock.verbs.discover import patient
from stardock.workspace.workspace import Workspace, open_workspace


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
    """One machine as it is found, and who can be asked to do something with it."""

    where: Workspace
    options: Options
    estate: Estate
    machine: Machine
    vm: EstateMachine
    power: Power
    aside: Aside
    say: Say
    standing: Standing = field(default_factory=Standing)

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
        """Where it is the only server, nobody but itself can be asked."""
        others = [one for one in self.where.plan.of_role("server") if one.name != self.machine.name]
        self.aside.uncordon(self.options.ready_timeout, alone=not others)

    def drained(self) -> tuple[Step, ...]:
        """The step that moves its pods, where they can be moved."""
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


def start(cluster_file: Path, name: str, options: Options, say: Say) -> None:
    """Switch it on and wait for it. Raises ConditionError for what does not come, each with what came before done."""
    with _job(cluster_file, name, options, say) as job:
        reason = standstill(job.vm, job.power) if job.power.running else None
        if reason is not None:
            raise ConditionError(f"{name} {reason.words}", cure=reason.cure)
        ha = ", by PVE's HA manager" if job.power.ha else ""
        power = Step("start", f"{_place(job.vm)}{ha}", lambda: switch.start(job.estate, job.vm))
        if job.power.running:
            say(f"  {name} runs already ({_place(job.vm)})")
        _do((*(() if job.power.running else (power,)), *job.wake()), job, "")


def stop(cluster_file: Path, name: str, options: Options, say: Say) -> None:
    """Drain it, have its guest shut down. Raises RefusedError for a server that etcd needs, ConditionError for what does not end."""
    with _job(cluster_file, name, options, say, asks=True) as job:
        if not job.power.running:
            say(f"  {name} is off ({_place(job.vm)}): nothing to do")
            return
        _refuse_standstill(job)
        for line in (*switching.goes_with(job.where.plan, job.machine, _running(job)), *_ha_words(job)):
            say(f"  {line}")
        _do((*job.drained(), _off(job)), job, f"Stop {name}?")
        if not options.dry_run:
            say(f"{name} is off. `runner machine start {name}` switches it on; so does `runner deploy`")


def reset(cluster_file: Path, name: str, options: Options, say: Say) -> None:
    """Press its reset button; drained only where it still answers itself. Raises RefusedError, ConditionError."""
    with _job(cluster_file, name, options, say, asks=True) as job:
        if not job.power.running:
            raise ConditionError(f"{name} is off ({_place(job.vm)}): there is nothing to reset", cure=f"runner machine start {name}")
        silent = switch.mute(job.estate, job.vm) if job.machine.agent.enabled else None
        if silent is None or job.standing.by:  # one that hangs votes for nothing, as far as anybody says
            _refuse_standstill(job)
        first = () if silent is not None else job.drained()
        if silent is not None:
            say(f"  {name} is not drained: its {silent.words.removeprefix('its ')}")
        what = f"{_place(job.vm)}, as its button would: what it has not written to disk is lost"
        button = Step("reset", what, lambda: switch.reset(job.estate, job.vm))
        _do((*first, button, *job.wake()), job, f"Reset {name}?")


def console(cluster_file: Path, name: str, seconds: float | None, tell: Callable[[str], None], say: Say) -> None:
    """Tell what it prints from now on. Raises ConditionError."""
    where, estate, vm = _found(cluster_file, name)
    power = power_of(estate, vm)
    if power is not None and not power.running:
        raise ConditionError(f"{name} is off ({_place(vm)}): it prints nothing", cure=f"runner machine start {name}")
    if not where.plan.machine(name).serial:
        raise ConditionError(f"{name} has no serial console (`serial: false`)", cure="look at its screen in Proxmox' web interface")
    say(f"{name}: what its serial console prints from now on; Ctrl-C ends this, and nothing is sent to it")
    follow(estate, vm, tell, seconds)


def _found(cluster_file: Path, name: str) -> tuple[Workspace, Estate, EstateMachine]:
    where = open_workspace(cluster_file)
    check_names("runner machine", (name,), [machine.name for machine in where.plan.machines])
    estate = patient(where.plan.proxmox)
    return where, estate, of_ours(where, machines_on(estate), where.plan.machine(name))


def of_ours(where: Workspace, present: Mapping[int, EstateMachine], machine: Machine) -> EstateMachine:
    """The machine's VM where it is now, by the machine's name (Proxmox has the host name).

    Raises ConditionError where there is none, RefusedError for somebody else's.
    """
    vm = present.get(machine.vm_id)
    if vm is None:
        message = f"Proxmox lists no VM {machine.vm_id} ({machine.name}) to this token"
        raise ConditionError(message, cure="runner deploy makes it; where it exists, `runner doctor` tells the privilege that is missing")
    if not vm.belongs_to(where.plan.cluster):
        message = (
            f"VM {vm.vm_id} on {vm.pve_node} is not {machine.name} of this cluster: it lacks the tags stardock and {where.plan.cluster}"
        )
        raise RefusedError(message, cure="runner drift tells what else differs; nothing was done")
    return replace(vm, name=machine.name)


@contextlib.contextmanager
def _job(cluster_file: Path, name: str, options: Options, say: Say, *, asks: bool = False) -> Iterator[Job]:
    """Find it, alone with the cluster. `asks`: Kubernetes, too, before anything is decided."""
    where, estate, vm = _found(cluster_file, name)
    machine = where.plan.machine(name)
    with alone(where.files, say, check=options.dry_run), passing() as place:
        power = power_of(estate, vm)
        if power is None:
            raise ConditionError(f"{vm.pve_node} does not say whether {name} runs", cure="is that PVE node on? pvecm status")
        aside = Aside(where, place, machine)
        standing = _asked(aside, where, say) if asks and power.running and machine.role != "loadbalancer" else Standing(why="it is off")
        yield Job(where=where, options=options, estate=estate, machine=machine, vm=vm, power=power, aside=aside, say=say, standing=standing)


def _asked(aside: Aside, where: Workspace, say: Say) -> Standing:
    if where.facts.founded is None:
        return Standing(why="no cluster is known to be founded (`runner discover` looks)")
    say("asking the servers what Kubernetes says")
    return aside.see()


def see(where: Workspace, place: Workplace) -> Standing:
    """What Kubernetes says of all machines."""
    return _asked(Aside(where, place), where, lambda _: None)


def _refuse_standstill(job: Job) -> None:
    if why := switching.standstill(job.where.plan, job.machine, job.standing):
        if not job.options.standstill:
            raise RefusedError(f"{why}: the cluster would stand still", cure="bring another server back first, or add --accept-standstill")
        job.say(f"  {why}: the cluster stands still until a server is back (--accept-standstill)")


def _running(job: Job) -> set[str]:
    """Names of the cluster's machines that run."""
    names = {machine.vm_id: machine.name for machine in job.where.plan.machines}
    ours = [vm for vm in machines_on(job.estate).values() if vm.vm_id in names and vm.belongs_to(job.where.plan.cluster)]
    return {names[vm_id] for vm_id, power in powers_of(job.estate, ours).items() if power.running}


def _ha_words(job: Job) -> Iterator[str]:
    """PVE::HA::Resources::PVEVM, `shutdown`: forceStop, whoever asks."""
    if job.power.ha and not job.options.force:
        seconds = job.options.timeout
        yield f"PVE's HA manager stops it: a guest that has not shut down after {seconds} s loses its power, also without --force"


def _off(job: Job) -> Step:
    options, place = job.options, _place(job.vm)
    frozen = job.power.state == "paused"
    if options.force and (frozen or not options.timeout):
        return Step("stop", f"cut the power of {place}", lambda: switch.cut(job.estate, job.vm, job.power))
    then = "; then its power is cut" if options.force else ""
    what = f"ask the guest of {place} to shut down, at most {options.timeout} s{then}"
    return Step("stop", what, lambda: switch.shutdown(job.estate, job.vm, options.timeout, force=options.force))


def _do(steps: tuple[Step, ...], job: Job, question: str) -> None:
    """Show what would be done; or ask where there is a question, and do it."""
    options = job.options
    if options.dry_run or (question and options.confirm is None):
        for number, step in enumerate(steps, 1):
            job.say(f"{number}. {step.name:<6} {step.what}")
    if options.dry_run:
        return
    if question and options.confirm is None:
        raise RefusedError("nothing was done: there is no terminal to ask at, and no --yes", cure="add --yes")
    if question and options.confirm:
        for step in steps:
            job.say(f"  {step.name}: {step.what}")
        if not options.confirm(question):
            raise RefusedError("you said no: nothing was done")
    run_steps(steps, job.say)


def _place(vm: EstateMachine) -> str:
    return f"VM {vm.vm_id} on {vm.pve_node}"
