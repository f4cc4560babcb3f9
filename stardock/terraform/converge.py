"""Plan, gate, apply, until the machines are as cluster.yaml says; machines of ours that a killed run made are taken back."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stardock.errors import EngineError, RefusedError
from stardock.estate.machines import machines_on
from stardock.model.facts import without_host_keys
from stardock.terraform.allowed import NOTHING, allowed_in
from stardock.terraform.changes import MACHINE, MachineChange, machine_changes, strange
from stardock.terraform.engine import Engine
from stardock.terraform.gate import judge, judge_strange, refuse
from stardock.terraform.lost import await_agents, find_lost, settled, strays
from stardock.terraform.run import Run
from stardock.terraform.saved_plan import SavedPlan
from stardock.terraform.words import change_lines
from stardock.workspace.facts import save_facts
from stardock.workspace.workspace import commit_lock, open_workspace

#: What PVE says of an image that the state does not know. The provider (0.111.1) then deletes it, does not wait for that task, and fails.
IN_THE_WAY = "refusing to override existing file"
DELETION_SECONDS = 3.0
#: What is said of an empty plan; `runner prove` hears it.
NOTHING_TO_CHANGE = "nothing to change"


def converge(run: Run) -> None:
    """Plan and apply; a second time when images of a killed run were in the way. Raises RefusedError, EngineError."""
    try:
        _converge_twice(run)
    finally:
        run.leave_plain()


def _converge_twice(run: Run) -> None:
    try:
        _converge(run)
    except EngineError as error:
        if IN_THE_WAY not in error.message:
            raise
        run.say("  images that a killed run left are deleted by now; once more")
        time.sleep(DELETION_SECONDS)
        _converge(run)
    _report_strays(run)


def _converge(run: Run) -> None:
    """Plan and apply; once more with imports when machines to create exist already."""
    engine = run.engine or run.synthesized({})
    _finish_interrupted(run, engine.trust_interrupted())
    adopt = _attempt(run, engine)
    if not adopt:
        return
    await_agents(run.estate(), adopt.values(), run.say, run.seconds())
    _forget_founding(run, adopt)
    if _attempt(run, run.synthesized(adopt), adopt):
        raise EngineError(f"the engine does not import {', '.join(sorted(adopt))}")


def _forget_founding(run: Run, adopted: Iterable[str]) -> None:
    """Whatever is taken back may be founded already, whoever made it: until it has said so, nobody knows."""
    servers = {machine.name for machine in run.workspace.plan.of_role("server")} & set(adopted)
    facts = run.workspace.facts
    run.workspace = replace(run.workspace, facts=replace(facts, unknown=tuple(sorted({*facts.unknown, *servers}))))
    save_facts(run.workspace.files.facts, run.workspace.facts)


def _finish_interrupted(run: Run, names: Sequence[str]) -> None:
    """Wait until PVE has made what an interrupted run ordered, so that it can be brought up to date."""
    if names:
        run.say(f"  finishing what an interrupted run began: {', '.join(names)}")
        unfinished = [machine for machine in run.workspace.plan.machines if machine.name in names]
        settled(run.estate(), unfinished, run.say)


def _attempt(run: Run, engine: Engine, adopt: Mapping[str, str] = NOTHING) -> dict[str, str]:
    """Plan and apply, with these imports (name -> `PVE node/VM id`). Applies nothing, and gives what to import, when a machine to
    create exists already.
    """
    with engine.saved_plan([f"{MACHINE}.{name}" for name in sorted(run.options.replace)]) as plan:
        changes = machine_changes(plan.json)
        odd = judge_strange(strange(plan.json), engine.name, str(engine.directory))
        refuse((*odd, *judge(changes, allowed_in(run.workspace, run.options.replace, run.options.losing, adopt))))
        plan.raise_errors(engine.name)
        lost = _lost(run, changes)
        if not lost:
            _carry_out(run, engine, plan, changes)
    return lost


def _lost(run: Run, changes: Iterable[MachineChange]) -> dict[str, str]:
    created = {change.name for change in changes if change.action == "create"}
    wanted = [machine for machine in run.workspace.plan.machines if machine.name in created]
    if not wanted:
        return {}
    lost = find_lost(run.estate(), run.workspace.plan.cluster, wanted, run.say)
    if lost:
        imported = [machine.name for machine in wanted if machine.name in lost and machine.cicustom is not None]
        for what, names in (
            ("taken back, made by a run that was killed", [name for name in lost if name not in imported]),
            ("taken over as imported", imported),
        ):
            if names:
                run.say(f"  {what}: {', '.join(names)}")
    return lost


def _carry_out(run: Run, engine: Engine, plan: SavedPlan, changes: Sequence[MachineChange]) -> None:
    if plan.empty:
        run.say(f"  {NOTHING_TO_CHANGE}")
        return
    removed = {name: locked.record for name, locked in run.workspace.lock.machines.items() if name in run.workspace.plan.removed}
    for line in change_lines(run.workspace.plan.machines, removed, changes, plan):
        run.say(f"  {line}")
    _confirm(run)
    _record_replaced(run)
    engine.apply(plan)
    _forget_host_keys(run, [change.name for change in changes if change.action in {"create", "replace"}])


def _forget_host_keys(run: Run, made: Iterable[str]) -> None:
    """A new VM has new SSH host keys: those of the one before would make it an impostor, where no guest agent tells its own.

    After the apply, not before it: a server that answered once is a member until it is gone, and the gate goes by that.
    """
    run.workspace = replace(run.workspace, facts=without_host_keys(run.workspace.facts, made))
    save_facts(run.workspace.files.facts, run.workspace.facts)


def _confirm(run: Run) -> None:
    """Raise RefusedError unless a person says yes."""
    if run.options.confirm is None:
        cure = "if it is what you want: the same command with --yes"
        raise RefusedError("this was not applied: there is no terminal to ask at, and no --yes", cure=cure)
    if not run.options.confirm("Apply this?"):
        raise RefusedError("not confirmed; nothing was changed on Proxmox")


def _record_replaced(run: Run) -> None:
    """A machine that is made anew has its seed where new ones have it. Raises RefusedError when the lock is frozen."""
    if run.options.replace:
        commit_lock(open_workspace(run.workspace.files.spec, anew=run.options.replace))


def _report_strays(run: Run) -> None:
    found = strays(run.workspace.plan.cluster, machines_on(run.estate()), run.workspace.plan.machines)
    for vm in found:
        run.say(f"  warning: VM {vm.vm_id} ({vm.name}) on {vm.pve_node} carries our tags and is in no cluster.yaml; unmanaged")
