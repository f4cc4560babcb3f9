"""cluster.yaml to Terraform JSON: what `cdktf synth`, `cdktf deploy` and `runner deploy` run. Needs neither network nor secrets.

STARDOCK_FILE names the cluster file (default: ./cluster.yaml), CDKTF_OUTDIR the output folder (default: ./cdktf.out). `runner deploy`
sets two more: STARDOCK_REPLACE (names, comma between) and STARDOCK_ADOPT (JSON: name -> "PVE node/VM id").
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

# `pve` lives in constructs/pve: a package named `constructs` would hide the library that cdktf imports.
sys.path.insert(1, str(Path(__file__).with_name("constructs")))

from stacks.node import prepare_node
from stardock.cli.main import message_lines
from stardock.cli.told import printable
from stardock.errors import ConditionError, StardockError, of_system
from stardock.terraform.environment import refuse_elsewhere
from stardock.terraform.live_files import refuse_live_files
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import Workspace, commit_lock, open_workspace, unseen
from stardock.writing import keep_others_from_writing, refuse_link

OUTDIR = "cdktf.out"


def synthesize(workspace: Workspace, outdir: Path) -> None:
    """Write stacks/<cluster>/cdk.tf.json in `outdir`; `ConditionError` without the generated bindings."""
    if not Path(__file__).with_name("imports").is_dir():
        raise ConditionError("the provider's bindings are not there", cure="run `make setup` (it runs `cdktf get`)")
    stack = outdir / "stacks" / workspace.plan.cluster
    for part in (outdir, outdir / "manifest.json", stack.parent, stack, stack / "cdk.tf.json"):
        refuse_link(part)
    refuse_live_files(stack)
    prepare_node()
    from stacks.app import write_stack  # noqa: PLC0415 -- starts Node: not for a file that is refused

    adopt = json.loads(os.environ.get("STARDOCK_ADOPT") or "{}")
    write_stack(workspace.plan, workspace.files.state, outdir, _replaced(), adopt)


def _replaced() -> frozenset[str]:
    return frozenset(filter(None, os.environ.get("STARDOCK_REPLACE", "").split(",")))


def main() -> int:
    """Read, allocate, save the lock, then synthesize; the exit code."""
    replaced = _replaced()
    keep_others_from_writing()
    try:
        refuse_elsewhere(os.environ)
        workspace = open_workspace(find_cluster_file(None))
        sys.stderr.writelines(printable(f"warning: {line}\n") for line in unseen(workspace))
        commit_lock(workspace)
        if replaced:
            workspace = open_workspace(workspace.files.spec, anew=replaced)
        synthesize(workspace, Path(os.environ.get("CDKTF_OUTDIR") or OUTDIR))
    except (StardockError, OSError) as error:
        told = of_system(error) if isinstance(error, OSError) else error
        if told is None:
            raise
        sys.stderr.write(printable("\n".join(message_lines(told)) + "\n"))
        return told.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
