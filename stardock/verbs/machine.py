"""`runner machine start`, `stop`, `reset`, `console`: one machine by Proxmox' API, its pods moved away first where they can be.

Proxmox switches, a server is asked by Ansible for what Kubernetes has to say, and does it (`stardock.playbooks.aside`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from stardock.errors import ConditionError, RefusedError
from stardock.estate import switch
from stardock.estate.console import console as follow
from stardock.estate.machines import EstateMachine, machines_on
from stardock.estate.power import power_of, powers_of, standstill
from stardock.plan import switching
from stardock.step import Say, Step
from stardock.step import run as run_steps
from stardock.verbs.job import Job, Options, found, job_of, place_of, refuse, switched


def start(cluster_file: Path, name: str, options: Options, say: Say) -> None:
    """Switch it on and wait for it. Raises ConditionError for what does not come, each with what came before done."""
    with job_of(cluster_file, name, options, say) as job:
        reason = standstill(job.vm, job.power) if job.power.running else None
        if reason is not None:
            raise ConditionError(f"{name} {reason.words}", cure=reason.cure)
        if job.power.running and not job.goes_off:
            say(f"  {name} runs already ({place_of(job.vm)})")
        _do((*_on(job), *job.wake()), job, "")


def _on(job: Job) -> tuple[Step, ...]:
    """What switches it on: nothing where it runs, and first the end of what is switching it off."""
    ha = ", by PVE's HA manager" if job.power.ha else ""
    power = Step("start", f"{place_of(job.vm)}{ha}", lambda: _start(job))
    if not job.power.running:
        return (power,)
    if not job.goes_off:
        return ()
    said = f"until Proxmox, which is switching it off, has done so, at most {switch.END_SECONDS:g} s"
    return (Step("end", said, lambda: switch.await_end(job.estate, job.vm, job.goes_off)), power)


def _start(job: Job) -> None:
    power = power_of(job.estate, job.vm)
    if power is not None and power.running:
        job.say(f"  {job.machine.name} runs on")
    else:
        switch.start(job.estate, job.vm)


def stop(cluster_file: Path, name: str, options: Options, say: Say) -> None:
    """Drain it, have its guest shut down. Raises RefusedError for a server that etcd needs, ConditionError for what does not end."""
    with job_of(cluster_file, name, options, say, asks=True) as job:
        if not job.power.running:
            say(f"  {name} is off ({place_of(job.vm)}): nothing to do")
            return
        refuse(job, "shutdown")
        for line in (*switching.goes_with(job.where.plan, job.machine, _running(job)), *_ha_words(job)):
            say(f"  {line}")
        first = job.drain()
        power = Step("stop", _off_words(job), lambda: switched(job, "shutdown", _off, drained=bool(first)))
        _do((*first, power), job, f"Stop {name}?")
        if not options.dry_run:
            say(f"{name} is off. `runner machine start {name}` switches it on; so does `runner deploy`")


def reset(cluster_file: Path, name: str, options: Options, say: Say) -> None:
    """Press its reset button; drained where its Node is Ready: one that hangs has none. Raises RefusedError, ConditionError."""
    with job_of(cluster_file, name, options, say, asks=True) as job:
        if not job.power.running:
            raise _off_already(job.vm)
        refuse(job, "reset")
        first = job.drain()
        what = f"{place_of(job.vm)}, as its button would: what it has not written to disk is lost"
        button = Step("reset", what, lambda: switched(job, "reset", _press, drained=bool(first)))
        _do((*first, button, *job.wake()), job, f"Reset {name}?")


def _press(now: Job) -> None:
    if not now.power.running:
        raise _off_already(now.vm)
    switch.reset(now.estate, now.vm)


def _off_already(vm: EstateMachine) -> ConditionError:
    return ConditionError(f"{vm.name} is off ({place_of(vm)}): there is nothing to reset", cure=f"runner machine start {vm.name}")


def console(cluster_file: Path, name: str, seconds: float | None, tell: Callable[[str], None], say: Say) -> None:
    """Tell what it prints from now on. Raises ConditionError."""
    where, estate, vm = found(cluster_file, name)
    power = power_of(estate, vm)
    if power is not None and not power.running:
        raise ConditionError(f"{name} is off ({place_of(vm)}): it prints nothing", cure=f"runner machine start {name}")
    if not where.plan.machine(name).serial:
        raise ConditionError(f"{name} has no serial console (`serial: false`)", cure="look at its screen in Proxmox' web interface")
    say(f"{name}: what its serial console prints from now on; Ctrl-C ends this, and nothing is sent to it")
    follow(estate, vm, tell, seconds)


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


def _cuts(job: Job) -> bool:
    """Whether the guest is not asked: it was given no time, or its processors stand still."""
    return job.options.force and (job.power.state in switch.PAUSED or not job.options.timeout)


def _off_words(job: Job) -> str:
    if _cuts(job):
        return f"cut the power of {place_of(job.vm)}"
    then = "; then its power is cut" if job.options.force else ""
    return f"ask the guest of {place_of(job.vm)} to shut down, at most {job.options.timeout} s{then}"


def _off(now: Job) -> None:
    if not now.power.running:  # somebody else did it meanwhile
        return
    if _cuts(now):
        switch.cut(now.estate, now.vm, now.power)
    else:
        switch.shutdown(now.estate, now.vm, now.options.timeout, force=now.options.force)


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
    try:
        run_steps(steps, job.say)
    except (KeyboardInterrupt, SystemExit):
        if any(step.name == "drain" for step in steps):
            job.say(f"  the Node of {job.machine.name} may stay cordoned: `runner machine start {job.machine.name}` has it take pods again")
        raise
