"""`runner deploy`: from cluster.yaml to machines whose addresses and host keys are known. Killed anywhere, the next run continues.

It goes the way of `cdktf deploy` (same JSON, same state) with what that lacks: own checks that fail within seconds, a gate between plan
and apply, and machines of ours taken back that a killed run made without writing them down.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from stardock.estate.connection import Estate
from stardock.playbooks.running import known, refuse
from stardock.spec.hooks import Hooks
from stardock.step import Say, Step
from stardock.step import run as run_steps
from stardock.terraform.converge import converge
from stardock.terraform.environment import not_passed
from stardock.terraform.live_files import refuse_live_files
from stardock.terraform.prepare import prepare
from stardock.terraform.run import Options, Run
from stardock.terraform.synth import find_engine, stack_folder
from stardock.terraform.words import check_names
from stardock.verbs.discover import discover, patient
from stardock.verbs.hooks import check_hooks, hook_steps
from stardock.workspace.image_files import refuse_unfit_files
from stardock.workspace.run_lock import only_run
from stardock.workspace.workspace import open_workspace


def deploy(cluster_file: Path, options: Options, say: Say) -> dict[str, float]:
    """Check, then hold the cluster's run lock and do the rest. Nothing is written before the checks pass. Gives seconds by step."""
    run = Run(open_workspace(cluster_file), options, say)
    seconds = run_steps(checks(run), say)
    with only_run(run.workspace.files.run_lock, say):
        shutil.rmtree(run.workspace.files.run, ignore_errors=True)  # a killed hook's
        run.workspace = open_workspace(cluster_file)  # again, now that nobody else can change lock and facts
        return seconds | run_steps(steps(run), say)


def checks(run: Run) -> tuple[Step, ...]:
    """List what is found out before anything is written."""
    endpoint = run.workspace.plan.proxmox.endpoint or "PROXMOX_VE_ENDPOINT"
    what = f"the engine, the API token, that {endpoint} answers, is trusted and accepts it, password hashes, local images"
    return (Step("check", what, lambda: check(run)),)


def steps(run: Run) -> tuple[Step, ...]:
    """List what changes things, in order; the user's own commands around them, unless nobody is there who says yes."""
    hooks = run.workspace.spec.hooks if run.options.confirm else Hooks()
    apply = "plan; take in VMs that a killed run left; refuse to delete or replace what you did not name; apply"
    return (
        *hook_steps(lambda: run.workspace, "before_deploy", hooks, run.say),
        Step("synth", "save the lock, write the Terraform JSON, install the provider", lambda: prepare(run)),
        Step("apply", apply, lambda: converge(run)),
        Step("discover", f"read addresses and SSH host keys, waiting up to {run.seconds():g} s", lambda: read_facts(run)),
        *hook_steps(lambda: run.workspace, "after_deploy", hooks, run.say),
    )


def check(run: Run) -> None:
    """Check names, engine, token, endpoint, password hashes and local images. Raises RefusedError or ConditionError."""
    where, plan = run.workspace, run.workspace.plan
    machines = [machine.name for machine in plan.machines]
    check_names("--replace", run.options.replace, machines)
    check_names("--accept-loss", run.options.losing, machines)
    refuse(where, known(where))
    check_hooks(where.spec.hooks, ("before_deploy", "after_deploy"))
    refuse_live_files(stack_folder(where.files, plan.cluster))
    engine = find_engine(os.environ)
    if ignored := not_passed(os.environ):
        run.say(f"  not passed to the engine, for they would lead it elsewhere: {', '.join(ignored)}")
    run.say(f"  Proxmox {Estate.from_environment(plan.proxmox).check()}, {engine}")
    run.take_passwords()
    refuse_unfit_files(plan, run.new(), where.files.spec.resolve().parent)


def read_facts(run: Run) -> None:
    """Read the facts. Raises ConditionError for machines that do not answer in time."""
    discover(run.workspace, patient(run.workspace.plan.proxmox), run.say, run.seconds(), run.existing)
