"""The wheel in a fresh environment, outside of any checkout: it plans, synthesizes, deploys and bootstraps. The lab is the checkout's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.cluster import Cluster, Result, example_as
from tests.lab.wheel import install_wheel

pytestmark = [pytest.mark.lab, pytest.mark.one_life("single"), pytest.mark.timeout(900)]

#: Where a machine that never saw the checkout's environment finds programs; pipx puts `runner` alone on PATH.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin` of a virtual environment into which pip put the wheel and what it depends on."""
    return install_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster("wheel", example_as("wheel", tmp_path_factory.mktemp("cluster"), "single"))
    cluster.up()
    try:
        yield cluster
    finally:
        cluster.down()


def run(cluster: Cluster, installed: Path, *words: str) -> Result:
    """The wheel's `runner` in the lab's network, from the cluster's folder, without the checkout on any path."""
    unset = [word for name in ("VIRTUAL_ENV", "PYTHONPATH", "STARDOCK_FILE") for word in ("-u", name)]
    path = f"PATH={with_engine(cluster)}{os.pathsep}{PATH}"
    return cluster.inside("env", "-C", str(cluster.folder.resolve()), *unset, path, str(installed / "runner"), *words)


def with_engine(cluster: Cluster) -> Path:
    """A folder with the engine alone, which a user has on PATH."""
    folder = cluster.folder.resolve() / "bin"
    if not folder.exists():
        folder.mkdir()
        name, path = cluster.inside("sh", "-c", 'echo $TERRAFORM_BINARY_NAME; command -v "$TERRAFORM_BINARY_NAME"').stdout.split()
        (folder / Path(name).name).symlink_to(path)
    return folder


def test_the_wheel_brings_no_top_level_name_but_its_own(installed: Path) -> None:
    (packages,) = installed.parent.glob("lib/*/site-packages")
    assert (packages / "stardock/_shipped/main.py").is_file()
    assert [name for name in ("stacks", "pve", "imports", "main.py", "lab", "tests", "ansible.cfg") if (packages / name).exists()] == []


def test_the_lab_of_an_installed_stardock_is_said_to_be_in_the_checkout(installed: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([installed / "runner", "lab", "up"], cwd=installed, env=clean, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "run it in a checkout" in done.stderr


def test_the_wheel_plans_deploys_and_bootstraps_outside_of_any_checkout(cluster: Cluster, installed: Path) -> None:
    assert run(cluster, installed, "plan").stdout == cluster.command("plan", "-f", str(cluster.file)).stdout
    run(cluster, installed, "deploy", "--yes")
    assert (cluster.folder / "cdktf.out/stacks/wheel/cdk.tf.json").is_file()
    run(cluster, installed, "bootstrap")
    assert cluster.nodes()["server1"]["Ready"] == "True"
    assert cluster.voters() == ["server1"]
