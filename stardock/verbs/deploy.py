"""`runner deploy`: from cluster.yaml to machines whose addresses and host keys are known. Killed anywhere, the next run continues.

It goes the way of `cdktf deploy` (same JSON, same state) with what that lacks: own checks that fail within seconds, a gate between plan
and apply, and machines of ours taken back that a killed run made without writing them down.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stardock.errors import EngineError, RefusedError
from stardock.estate.connection import Estate
from stardock.estate.machines import machines_on
from stardock.plan.state import LOCAL
from stardock.playbooks.running import known
from stardock.playbooks.running import refuse as refuse_standing
from stardock.spec.hooks import Hooks
from stardock.step import Say, Step, run
from stardock.terraform.allowed import NOTHING, allowed_in
from stardock.terraform.changes import MACHINE, MachineChange, machine_changes, strange
from stardock.terraform.engine import Engine
from stardock.terraform.environment import not_passed
from stardock.terraform.gate import judge, judge_strange, refuse
from stardock.terraform.live_files import refuse_live_files
from stardock.terraform.lost import await_agents, find_lost, settled, strays
from stardock.terraform.saved_plan import SavedPlan
from stardock.terraform.state import mend, pull, refuse_left_behind
from stardock.terraform.synth import STACK_FILE, find_engine, stack_folder, synth
from stardock.terraform.variables import password_variables
from stardock.terraform.words import change_lines, check_names
from stardock.verbs import discover as discovery
from stardock.verbs.hooks import check_hooks, hook_steps
from stardock.verbs.images import refuse_unfit_files
from stardock.workspace.facts import save_facts
from stardock.workspace.run_lock import only_run
from stardock.workspace.state import Standing, standing_in
from stardock.workspace.workspace import Workspace, commit_lock, open_workspace, standing_here

#: Seconds for one answer while machines are looked for; the check before everything is stricter.
LISTING_SECONDS = 15.0

#: What PVE says of an image that the state does not know. The provider (0.111.1) then deletes it, does not wait for that task, and fails.
IN_THE_WAY = "refusing to override existing file"
DELETION_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for. `confirm` is asked with the question; None: there is nobody to ask, so the plan is shown and not applied.

    `losing` are machines that may lose what the gate would refuse; `seconds` bounds the wait for addresses and host keys.
    """

    replace: frozenset[str] = frozenset()
    losing: frozenset[str] = frozenset()
    confirm: Callable[[str], bool] | None = None
    seconds: float | None = None  # to wait for addresses and host keys; None: the systems' own


def deploy(cluster_file: Path, options: Options, say: Say) -> dict[str, float]:
    """Check, then hold the cluster's run lock and do the rest. Nothing is written before the checks pass. Gives seconds by step."""
    deployment = Deployment(open_workspace(cluster_file), options, say)
    seconds = run(deployment.checks(), say)
    with only_run(deployment.workspace.files.run_lock, say):
        shutil.rmtree(deployment.workspace.files.run, ignore_errors=True)  # a killed hook's
        # Again, now that nobody else can change lock and facts.
        deployment.workspace = open_workspace(cluster_file)
        return seconds | run(deployment.steps(), say)


@dataclass(slots=True)
class Deployment:
    """One run."""

    workspace: Workspace
    options: Options
    say: Say
    engine: Engine | None = None
    passwords: dict[str, str] = field(default_factory=dict, repr=False)  # TF_VAR_* -> hash
    plain: tuple[Path, bytes] | None = None  # the JSON without what is for this run only

    def checks(self) -> tuple[Step, ...]:
        """List what is found out before anything is written."""
        endpoint = self.workspace.plan.proxmox.endpoint or "PROXMOX_VE_ENDPOINT"
        what = f"the engine, the API token, that {endpoint} answers, is trusted and accepts it, password hashes, local images"
        return (Step("check", what, self.check),)

    def steps(self) -> tuple[Step, ...]:
        """List what changes things, in order; the user's own commands around them, unless nobody is there who says yes."""
        hooks = self.workspace.spec.hooks if self.options.confirm else Hooks()
        return (
            *hook_steps(lambda: self.workspace, "before_deploy", hooks, self.say),
            Step("synth", "save the lock, write the Terraform JSON, install the provider", self.synth),
            Step(
                "apply",
                "plan; take in VMs that a killed run left; refuse to delete or replace what you did not name; apply",
                self.apply,
            ),
            Step("discover", f"read addresses and SSH host keys, waiting up to {self._seconds():g} s", self.discover),
            *hook_steps(lambda: self.workspace, "after_deploy", hooks, self.say),
        )

    def check(self) -> None:
        """Check names, engine, token, endpoint, password hashes and local images. Raises RefusedError or ConditionError."""
        machines = [machine.name for machine in self.workspace.plan.machines]
        check_names("--replace", self.options.replace, machines)
        check_names("--accept-loss", self.options.losing, machines)
        refuse_standing(self.workspace, known(self.workspace))
        check_hooks(self.workspace.spec.hooks, ("before_deploy", "after_deploy"))
        refuse_live_files(stack_folder(self.workspace.files, self.workspace.plan.cluster))
        engine = find_engine(os.environ)
        if ignored := not_passed(os.environ):
            self.say(f"  not passed to the engine, for they would lead it elsewhere: {', '.join(ignored)}")
        self.say(f"  Proxmox {Estate.from_environment(self.workspace.plan.proxmox).check()}, {engine}")
        self._take_passwords()
        refuse_unfit_files(self.workspace.plan, self._new(), self.workspace.files.spec.resolve().parent)

    def _new(self) -> set[str]:
        """The machines that this run is to make, as far as the lock tells."""
        held = self.workspace.lock_before.active() if self.workspace.lock_before else {}
        return {machine.name for machine in self.workspace.plan.machines if machine.name not in held} | set(self.options.replace)

    def synth(self) -> None:
        """Save the lock, write the JSON, install the provider. Raises RefusedError when the lock is frozen, EngineError."""
        commit_lock(self.workspace, None if self.workspace.knows_machines else self._stand())
        if self.workspace.plan.state.backend == LOCAL:
            mend(self.workspace.files.state, self.say)
        self._begin_facts()
        self.engine = self._synthesized({})
        refuse_left_behind(self.workspace.files, self.workspace.plan.state, self.engine)
        self.engine.init()
        self.engine.push_unsaved()

    def _begin_facts(self) -> None:
        """Where nothing stands, nothing is to be observed, and the file says so: from then on a missing one means that facts were lost."""
        files = self.workspace.files
        if not files.facts.exists() and not self._stand():
            self.workspace = replace(self.workspace, facts=replace(self.workspace.facts, unknown=()))
            save_facts(files.facts, self.workspace.facts)

    def _stand(self) -> Standing:
        """What stands, as the state says; through the engine where it cannot be read from here."""
        seen = standing_here(self.workspace)
        if seen is not None:
            return seen
        if self.engine is not None:
            return standing_in(self.engine.pull())
        where = self.workspace
        return standing_in(pull(find_engine(os.environ), where.plan.state, where.files, os.environ))

    def _synthesized(self, adopt: dict[str, str]) -> Engine:
        """Write the JSON for this run's named replacements and the given adoptions; gives the engine in the stack's folder."""
        return self._engine(self._synthesize(self.options.replace, adopt))

    def _synthesize(self, replace: frozenset[str], adopt: dict[str, str]) -> Path:
        named = {"STARDOCK_REPLACE": ",".join(sorted(replace)), "STARDOCK_ADOPT": json.dumps(adopt, sort_keys=True)}
        folder = synth(self.workspace.files, self.workspace.plan.cluster, {**os.environ, **named})
        if not replace and not adopt:
            self.plain = folder / STACK_FILE, (folder / STACK_FILE).read_bytes()
        return folder

    def _engine(self, folder: Path) -> Engine:
        self._take_passwords()
        return Engine(find_engine(os.environ), folder, {**os.environ, **self.passwords}, self.say)

    def _take_passwords(self) -> None:
        """Resolve what is not known yet: each source is asked once a run, since a command may ask a person."""
        directory = self.workspace.files.spec.resolve().parent
        known = {**os.environ, **self.passwords}
        self.passwords |= password_variables(self.workspace.spec, self.workspace.plan, directory, known)

    def apply(self) -> None:
        """Plan and apply; a second time when images of a killed run were in the way. Raises RefusedError, EngineError.

        What was for this run only, replacements and imports, is taken out of the JSON again: bare `tofu apply` finds no other.
        """
        try:
            self._apply()
        finally:
            if self.plain:
                path, content = self.plain
                path.write_bytes(content)
            else:
                self._synthesize(frozenset(), {})

    def _apply(self) -> None:
        try:
            self._converge()
        except EngineError as error:
            if IN_THE_WAY not in error.message:
                raise
            self.say("  images that a killed run left are deleted by now; once more")
            time.sleep(DELETION_SECONDS)
            self._converge()
        self._report_strays()

    def _converge(self) -> None:
        """Plan and apply; once more with imports when machines to create exist already."""
        engine = self.engine or self._synthesized({})
        self._finish_interrupted(engine.trust_interrupted())
        adopt = self._attempt(engine)
        if not adopt:
            return
        await_agents(self._patient_estate(), adopt.values(), self.say, self._seconds())
        self._forget_founding(adopt)
        if self._attempt(self._synthesized(adopt), adopt):
            raise EngineError(f"the engine does not import {', '.join(sorted(adopt))}")

    def _forget_founding(self, adopted: Iterable[str]) -> None:
        """Whatever is taken back may be founded already, whoever made it: until it has said so, nobody knows."""
        servers = {machine.name for machine in self.workspace.plan.of_role("server")} & set(adopted)
        facts = self.workspace.facts
        self.workspace = replace(self.workspace, facts=replace(facts, unknown=tuple(sorted({*facts.unknown, *servers}))))
        save_facts(self.workspace.files.facts, self.workspace.facts)

    def _finish_interrupted(self, names: Sequence[str]) -> None:
        """Wait until PVE has made what an interrupted run ordered, so that it can be brought up to date."""
        if names:
            self.say(f"  finishing what an interrupted run began: {', '.join(names)}")
            unfinished = [machine for machine in self.workspace.plan.machines if machine.name in names]
            settled(self._patient_estate(), unfinished, self.say)

    def _attempt(self, engine: Engine, adopt: Mapping[str, str] = NOTHING) -> dict[str, str]:
        """Plan and apply, with these imports (name -> `PVE node/VM id`). Applies nothing, and gives what to import, when a machine to
        create exists already.
        """
        with engine.saved_plan([f"{MACHINE}.{name}" for name in sorted(self.options.replace)]) as plan:
            changes = machine_changes(plan.json)
            odd = judge_strange(strange(plan.json), engine.name, str(engine.directory))
            refuse((*odd, *judge(changes, allowed_in(self.workspace, self.options.replace, self.options.losing, adopt))))
            plan.raise_errors(engine.name)
            lost = self._lost(changes)
            if not lost:
                self._carry_out(engine, plan, changes)
        return lost

    def _lost(self, changes: Iterable[MachineChange]) -> dict[str, str]:
        created = {change.name for change in changes if change.action == "create"}
        wanted = [machine for machine in self.workspace.plan.machines if machine.name in created]
        if not wanted:
            return {}
        lost = find_lost(self._patient_estate(), self.workspace.plan.cluster, wanted, self.say)
        if lost:
            imported = [machine.name for machine in wanted if machine.name in lost and machine.cicustom is not None]
            for what, names in (
                ("taken back, made by a run that was killed", [name for name in lost if name not in imported]),
                ("taken over as imported", imported),
            ):
                if names:
                    self.say(f"  {what}: {', '.join(names)}")
        return lost

    def _patient_estate(self) -> Estate:
        return Estate.from_environment(self.workspace.plan.proxmox, seconds=LISTING_SECONDS)

    def _carry_out(self, engine: Engine, plan: SavedPlan, changes: Sequence[MachineChange]) -> None:
        if plan.empty:
            self.say("  nothing to change")
            return
        removed = {name: locked.record for name, locked in self.workspace.lock.machines.items() if name in self.workspace.plan.removed}
        for line in change_lines(self.workspace.plan.machines, removed, changes, plan):
            self.say(f"  {line}")
        self._confirm()
        self._record_replaced()
        engine.apply(plan)

    def _confirm(self) -> None:
        """Raise RefusedError unless a person says yes."""
        if self.options.confirm is None:
            cure = "if it is what you want: the same command with --yes"
            raise RefusedError("this was not applied: there is no terminal to ask at, and no --yes", cure=cure)
        if not self.options.confirm("Apply this?"):
            raise RefusedError("not confirmed; nothing was changed on Proxmox")

    def _record_replaced(self) -> None:
        """A machine that is made anew has its seed where new ones have it. Raises RefusedError when the lock is frozen."""
        if self.options.replace:
            commit_lock(open_workspace(self.workspace.files.spec, anew=self.options.replace))

    def _report_strays(self) -> None:
        found = strays(self.workspace.plan.cluster, machines_on(self._patient_estate()), self.workspace.plan.machines)
        for vm in found:
            self.say(f"  warning: VM {vm.vm_id} ({vm.name}) on {vm.pve_node} carries our tags and stands in no file: nobody looks after it")

    def _seconds(self) -> float:
        return discovery.patience(self.workspace.plan) if self.options.seconds is None else self.options.seconds

    def discover(self) -> None:
        """Read the facts. Raises ConditionError for machines that do not answer in time."""
        estate = Estate.from_environment(self.workspace.plan.proxmox, seconds=discovery.ANSWER_SECONDS)
        discovery.discover(self.workspace, estate, self.say, self.options.seconds, self._stand)
