"""A deploy in an environment that leads elsewhere, or lets everybody write, with the real engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.patience import patient
from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.deploy.test_deploy import MACHINES

pytestmark = pytest.mark.contract


@contextmanager
def open_umask() -> Iterator[None]:
    """Whatever is made may be written by all, unless whoever makes it says otherwise."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def _writable(folder: Path) -> list[str]:
    """What others than the owner may write."""
    every = (path for path in (folder / "cdktf.out", *folder.rglob("*")) if path.parent != folder or path.name.startswith("cluster."))
    return [str(path) for path in every if not path.is_symlink() and path.stat().st_mode & 0o022 and path.suffix != ".yaml"]


@pytest.mark.proves("hostile 18")
def test_a_workspace_of_the_users_moves_no_state_and_is_told(deployed: EmulatedEstate) -> None:
    code, output = deployed.run("deploy", "--timeout", "20", TF_WORKSPACE="other", TF_DATA_DIR="elsewhere", TF_CLI_ARGS_apply="-destroy")
    assert code == 0, output
    assert "not passed to the engine, for they would lead it elsewhere: TF_CLI_ARGS_apply, TF_DATA_DIR, TF_WORKSPACE" in output
    assert "nothing to change" in output
    assert not list(deployed.folder.rglob("terraform.tfstate.d"))
    assert set(deployed.vms()) == MACHINES


@pytest.mark.proves("hostile 19")
def test_with_umask_000_nobody_else_may_write_what_a_deploy_makes_or_finds_of_an_earlier_one(deployed: EmulatedEstate) -> None:
    for path in (deployed.folder / "cdktf.out", deployed.stack, deployed.stack / "cdk.tf.json"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    deployed.data["pools"][2]["cores"] = 4
    deployed.write()
    with open_umask():
        process = deployed.start_unasked("deploy", "--timeout", "20")
        output, _ = process.communicate(timeout=patient(60))
        assert process.returncode == 5, output  # before an apply
        assert _writable(deployed.folder) == []
        deployed.deploy()
        assert deployed.run("bundle")[0] == 0
    assert _writable(deployed.folder) == []


@pytest.mark.proves("hostile 18")
def test_a_deploy_is_refused_before_anything_while_the_stacks_folder_holds_what_the_engine_would_read(deployed: EmulatedEstate) -> None:
    override = deployed.stack / "x_override.tf.json"
    override.write_text('{"resource": {"proxmox_virtual_environment_vm": {"agent1": {"name": "mine"}}}}')
    asked = len(deployed.pve.lab("requests"))
    code, output = deployed.run("deploy", "--timeout", "20")
    assert code == 4, output
    assert "it would read x_override.tf.json there" in output
    assert f"mv -n -- {override} {override}.unused" in output
    assert len(deployed.pve.lab("requests")) == asked
    override.unlink()
    assert "nothing to change" in deployed.deploy()
