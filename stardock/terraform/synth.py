"""The Terraform JSON, written by main.py as cdktf does, and the engine that takes it.

The synthesized stack of `DIR/X.yaml` goes to `DIR/cdktf.out/stacks/CLUSTER`; that of `cdktf synth`, which runs in the checkout, to the
checkout's `cdktf.out/stacks/CLUSTER`. A local state is always `DIR/X.tfstate`: main.py writes the relative way there into the JSON, so that
`cdktf deploy`, bare `tofu apply` and `runner deploy` share it, wherever each keeps its JSON.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from stardock.errors import ConditionError, EngineError
from stardock.model.cluster_files import ClusterFiles
from stardock.shipped import ROOT
from stardock.terraform.environment import passed
from stardock.writing import refuse_link

#: What cdktf calls the JSON in a stack's folder.
STACK_FILE = "cdk.tf.json"

_GET_ENGINE = "install OpenTofu (https://opentofu.org/docs/intro/install/) or Terraform, or name one: export TERRAFORM_BINARY_NAME=tofu"


def find_engine(environ: Mapping[str, str]) -> str:
    """Find the engine's program: TERRAFORM_BINARY_NAME (which cdktf reads too), else tofu, else terraform. Raises ConditionError."""
    named = environ.get("TERRAFORM_BINARY_NAME")
    for candidate in [named] if named else ["tofu", "terraform"]:
        if found := shutil.which(candidate, path=environ.get("PATH")):
            return found
    missing = f"{named} is not" if named else "neither tofu nor terraform is"
    raise ConditionError(f"{missing} on PATH", cure=_GET_ENGINE)


def synth(files: ClusterFiles, cluster: str, environ: Mapping[str, str]) -> Path:
    """Write the Terraform JSON by running main.py, as cdktf does; gives the stack's folder.

    `environ` may hold STARDOCK_REPLACE and STARDOCK_ADOPT. Raises EngineError with main.py's own words.
    """
    output = stack_folder(files, cluster).parents[1]
    refuse_link(output)
    ours = {"STARDOCK_FILE": str(files.spec.resolve()), "CDKTF_OUTDIR": str(output)}
    done = subprocess.run(
        [sys.executable, "-O", str(ROOT / "main.py")],
        cwd=ROOT,
        env={**passed(environ), **ours},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EngineError("the Terraform JSON could not be written (main.py):\n" + "\n".join(done.stderr.strip().splitlines()[-20:]))
    return stack_folder(files, cluster)


def stack_folder(files: ClusterFiles, cluster: str) -> Path:
    """Where `synth` writes a cluster's JSON, and the engine works."""
    return files.spec.resolve().parent / "cdktf.out/stacks" / cluster
