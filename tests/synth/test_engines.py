"""What the engines say of the JSON and of the state file that is made for them; the real provider, without any Proxmox."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from lab.patience import patient
from stacks.state import keep_private
from stardock.terraform.engine import Engine
from tests.engines import EACH
from tests.plans import document
from tests.synth.running import ROOT, run_main, synthesize, synthesize_by_command, write_cluster

pytestmark = pytest.mark.synth


def engine_run(engine: str, folder: Path, *arguments: str) -> str:
    """Run an engine over the provider mirror; its output."""
    quiet = {"TF_CLI_CONFIG_FILE": str(ROOT / "build/mirror/terraform.rc"), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    command = [engine, *arguments, "-no-color"]
    done = subprocess.run(command, cwd=folder, env=os.environ | quiet, capture_output=True, text=True, check=False, timeout=patient(120))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.proves("feature terraform")
@EACH
def test_the_real_provider_validates_the_json(engine: str, tmp_path: Path) -> None:
    data = document()
    data["cloud_init"] = {"users": [{"name": "ops", "password_hash": {"env": "OPS_HASH"}}]}
    data["proxmox"]["ssh"] = {"private_key": "pve_key"}
    (tmp_path / "pve_key").write_text("read by the engine, not by us")
    folder = synthesize_by_command(write_cluster(tmp_path, data), STARDOCK_ADOPT='{"lb1": "pve1/200"}').path.parent
    engine_run(engine, folder, "init")
    assert json.loads(engine_run(engine, folder, "validate", "-json"))["diagnostics"] == []


@EACH
def test_state_and_backup_stay_private_under_the_engine(engine: str, tmp_path: Path) -> None:
    state = tmp_path / "cluster.tfstate"
    keep_private(state)
    (tmp_path / "stack").mkdir()
    for value in (1, 2):
        stack = {"terraform": {"backend": {"local": {"path": "../cluster.tfstate"}}}, "output": {"number": {"value": value}}}
        (tmp_path / "stack/cdk.tf.json").write_text(json.dumps(stack))
        engine_run(engine, tmp_path / "stack", "init")
        engine_run(engine, tmp_path / "stack", "apply", "-auto-approve")
    assert json.loads(state.read_text())["outputs"]["number"]["value"] == 2
    assert [path.stat().st_mode & 0o777 for path in (state, state.with_name("cluster.tfstate.backup"))] == [0o600, 0o600]


def test_a_state_that_others_may_read_is_closed(tmp_path: Path) -> None:
    state = tmp_path / "cluster.tfstate"
    state.write_text("{}")
    state.chmod(0o644)
    keep_private(state)
    assert (state.stat().st_mode & 0o777, state.read_text()) == (0o600, "{}")


@EACH
def test_after_another_release_of_the_provider_init_takes_the_one_that_the_json_pins(engine: str, tmp_path: Path) -> None:
    folder = synthesize(write_cluster(tmp_path, document("single"))).path.parent
    driven = Engine(engine, folder, os.environ | {"TF_CLI_CONFIG_FILE": str(ROOT / "build/mirror/terraform.rc")})
    driven.init()
    lock = folder / ".terraform.lock.hcl"
    now = lock.read_text()
    lock.write_text(now.replace('"0.111.1"', '"0.110.0"').replace("0.111.1", "0.110.0"))
    driven.init()
    assert 'version     = "0.111.1"' in lock.read_text()


@pytest.mark.proves("hostile 15", "hostile 20")
@pytest.mark.parametrize("part", ["", "stacks", "stacks/single", "stacks/single/cdk.tf.json", "manifest.json"])
def test_an_output_folder_that_is_a_symbolic_link_is_refused_and_what_it_names_stays(tmp_path: Path, part: str) -> None:
    cluster = write_cluster(tmp_path / "here", document("single"))
    target, link = tmp_path / "target", tmp_path / "out" / part
    target.write_text("precious") if part.endswith(".json") else target.mkdir()
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    done = run_main(cluster, CDKTF_OUTDIR=str(tmp_path / "out"))
    assert done.returncode == 4, done.stderr
    assert "is a symbolic link, and Stardock writes through none" in done.stderr
    assert target.read_text() == "precious" if target.is_file() else not list(target.iterdir())


@pytest.mark.proves("hostile 18")
@pytest.mark.parametrize(("name", "value"), [("TF_WORKSPACE", "prod"), ("TF_DATA_DIR", "elsewhere"), ("TF_CLI_ARGS_apply", "-destroy")])
def test_synth_is_refused_where_the_environment_would_lead_cdktfs_engine_elsewhere(tmp_path: Path, name: str, value: str) -> None:
    done = run_main(write_cluster(tmp_path, document("single")), checkout=ROOT, **{name: value})
    assert done.returncode == 4, done.stderr
    assert f"error: {name} in the environment would lead the engine that applies this away from the cluster's state" in done.stderr
    assert f"unset {name}" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.yaml"]


@EACH
@pytest.mark.proves("hostile 18")
@pytest.mark.parametrize("name", ["cdk_override.tf", "cdk.tofu.json", "terraform.tfvars", ".terraform/environment"])
def test_synth_is_refused_where_the_stacks_folder_holds_what_an_engine_would_read(tmp_path: Path, engine: str, name: str) -> None:
    """The engine does read it, unless it is terraform and the file is tofu's."""
    cluster = write_cluster(tmp_path, document("single"))
    folder = synthesize(cluster).path.parent
    before = (folder / "cdk.tf.json").read_bytes()
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text({"terraform.tfvars": "x = {", ".terraform/environment": "prod"}.get(name, "nonsense"))
    quiet = {"TF_CLI_CONFIG_FILE": str(ROOT / "build/mirror/terraform.rc"), "CHECKPOINT_DISABLE": "1"}
    verb = (
        ["workspace", "show"]
        if name == ".terraform/environment"
        else ["plan"]
        if name == "terraform.tfvars"
        else ["init", "-backend=false"]
    )
    asked = subprocess.run([engine, *verb], cwd=folder, env=os.environ | quiet, capture_output=True, text=True, check=False)
    passed_over = name.endswith(".tofu.json") and Path(engine).name == "terraform"
    assert (asked.returncode != 0 or asked.stdout == "prod\n") != passed_over, asked.stdout
    done = run_main(cluster)
    assert done.returncode == 4, done.stderr
    assert "an engine would not do what cluster.yaml says" in done.stderr
    assert (folder / "cdk.tf.json").read_bytes() == before
