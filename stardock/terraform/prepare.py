"""Before the plan: the lock is saved, the Terraform JSON written, the provider installed."""

from __future__ import annotations

from dataclasses import replace

from stardock.plan.state import LOCAL
from stardock.terraform.run import Run
from stardock.terraform.state import mend, refuse_left_behind
from stardock.workspace.facts import save_facts
from stardock.workspace.workspace import commit_lock


def prepare(run: Run) -> None:
    """Save the lock, write the JSON, install the provider. Raises RefusedError when the lock is frozen, EngineError."""
    commit_lock(run.workspace, None if run.workspace.knows_machines else run.existing())
    if run.workspace.plan.state.backend == LOCAL:
        mend(run.workspace.files.state, run.say)
    _begin_facts(run)
    run.engine = run.synthesized({})
    refuse_left_behind(run.workspace.files, run.workspace.plan.state, run.engine)
    run.engine.init()
    run.engine.push_unsaved()


def _begin_facts(run: Run) -> None:
    """Where nothing exists, nothing is to be observed, and the file says so: from then on a missing one means that facts were lost."""
    files = run.workspace.files
    if not files.facts.exists() and not run.existing():
        run.workspace = replace(run.workspace, facts=replace(run.workspace.facts, unknown=()))
        save_facts(files.facts, run.workspace.facts)
