"""The stack of a cluster, written as Terraform JSON. To import this starts Node: `stacks.node.prepare_node` first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cdktf import App

from stacks.cluster import ClusterStack
from stacks.state import keep_private, path_from_stack
from stardock.model.plan import Plan
from stardock.plan.state import LOCAL
from stardock.writing import close_to_others


def write_stack(plan: Plan, state: Path, outdir: Path, replace: frozenset[str], adopt: Mapping[str, str]) -> None:
    """Write stacks/<cluster>/cdk.tf.json in `outdir`, in folders closed to others; `state` is where a local state lies."""
    stack = outdir / "stacks" / plan.cluster
    for folder in (outdir, stack.parent, stack):
        close_to_others(folder)
    app = App(outdir=str(outdir.absolute()))  # Node, once started, has a working directory of its own
    if plan.state.backend == LOCAL:
        keep_private(state)
    path = path_from_stack(state, outdir, plan.cluster)
    ClusterStack(app, plan, state_path=path, replace=replace, adopt=adopt)
    app.synth()
