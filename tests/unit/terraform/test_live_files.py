"""What lies in the stack's folder beside the JSON and would count in an apply."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stardock.errors import ConditionError
from stardock.terraform.environment import refuse_elsewhere
from stardock.terraform.live_files import refuse_live_files

pytestmark = pytest.mark.unit

LIVE = (
    *(
        "extra.tf",
        "extra.tf.json",
        "cdk_override.tf",
        "override.tf.json",
        "cdk.tofu.json",
        "cdk.tofu",
        "x_override.tofu.json",
        "a b;c'$(d).tf",
    ),
    *("terraform.tfvars", "terraform.tfvars.json", "x.auto.tfvars", ".auto.tfvars", "x.auto.tfvars.json", "-rf.auto.tfvars"),
    *("terraform.d/plugins/x", ".terraform/plugin_path", "terraform.tfstate"),
)
QUIET = (
    *(
        "cdk.tf.json",
        ".terraform.lock.hcl",
        ".terraform/terraform.tfstate",
        ".terraform/providers/x.tf",
        "stardock.tfplan",
        "errored.tfstate",
    ),
    *("x.tfvars", "terraform.tfvars.unused", "extra.tf.unused", ".hidden.tf", "x.tf~", "#x.tf#", "x.tftest.hcl", "folder.tf/x"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stack's folder as synth, engines and runs leave it, and what engines pass over."""
    for name in QUIET:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    refuse_live_files(tmp_path)
    return tmp_path


@pytest.mark.proves("hostile 18")
@pytest.mark.parametrize("name", LIVE)
def test_a_file_that_an_engine_would_read_is_refused_and_the_cure_puts_it_aside(folder: Path, name: str) -> None:
    for _ in range(2):  # the name to put it aside is taken the second time
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("precious")
        with pytest.raises(ConditionError) as caught:
            refuse_live_files(folder)
        assert f"it would read {name.partition('/')[0] if 'terraform.d' in name else name} there" in caught.value.message
        for command in (caught.value.cure or "").splitlines()[1:]:
            subprocess.run(["sh", "-euc", command], check=True)
        refuse_live_files(folder)
    assert sum(path.is_file() and path.read_text() == "precious" for path in folder.rglob("*")) == 2


@pytest.mark.proves("hostile 18")
def test_a_selected_workspace_is_refused_and_the_cure_goes_back_to_the_default(folder: Path) -> None:
    selected = folder / ".terraform/environment"
    for harmless in ("default", "default\n", ""):
        selected.write_text(harmless)
        refuse_live_files(folder)
    selected.write_text("prod\n")
    with pytest.raises(ConditionError, match="the workspace prod is selected there, which has a state of its own") as caught:
        refuse_live_files(folder)
    assert f"rm -- {selected}" in (caught.value.cure or "")


def test_a_folder_that_is_not_there_yet_holds_nothing(tmp_path: Path) -> None:
    refuse_live_files(tmp_path / "none")


@pytest.mark.proves("hostile 18")
def test_an_environment_that_leads_the_engine_of_cdktf_elsewhere_is_refused_and_named() -> None:
    refuse_elsewhere({"TF_WORKSPACE": "", "TF_VAR_x": "1", "TF_CLI_CONFIG_FILE": "x", "TF_LOG": "debug", "TF_BUILD": "True"})
    with pytest.raises(ConditionError, match="TF_CLI_ARGS_apply and TF_DATA_DIR and TF_WORKSPACE in the environment") as caught:
        refuse_elsewhere({"TF_WORKSPACE": "a", "TF_DATA_DIR": "b", "TF_CLI_ARGS_apply": "-destroy"})
    assert caught.value.cure == "unset TF_CLI_ARGS_apply TF_DATA_DIR TF_WORKSPACE"
