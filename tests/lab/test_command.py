"""`runner lab`, as a person types it, without machines in it: a copy is made, commands run inside, nothing is left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.patience import patient

pytestmark = [pytest.mark.lab, pytest.mark.one_life("command"), pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]


def runner(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STARDOCK_FILE")}
    command = [str(Path(sys.executable).parent / "runner"), "lab", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=patient(200), check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A user's folder with the smallest cluster file, whose lab is up."""
    folder = tmp_path_factory.mktemp("user")
    shutil.copy(ROOT / "examples/single/cluster.yaml", folder)
    done = runner(folder, "up")
    try:
        assert done.returncode == 0, done.stderr
        assert "+  endpoint: https://127.0.0.1:8006" in done.stdout
        yield folder
    finally:
        runner(folder, "down")


@pytest.mark.only_looks
def test_the_users_folder_gains_build_and_nothing_else(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["build", "cluster.yaml"]
    assert (folder / "cluster.yaml").read_bytes() == (ROOT / "examples/single/cluster.yaml").read_bytes()


@pytest.mark.only_looks
def test_lab_run_exits_with_the_commands_code(folder: Path) -> None:
    assert runner(folder, "run", "--", "sh", "-c", "exit 7").returncode == 7


@pytest.mark.proves("feature lab")
@pytest.mark.only_looks
def test_lab_run_sets_what_engines_and_our_commands_need(folder: Path) -> None:
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    found = json.loads(runner(folder, "run", "--", sys.executable, "-c", program).stdout)
    assert found["STARDOCK_FILE"] == str(folder / "build/lab/single/cluster.yaml")
    assert sorted(path.name for path in Path(found["STARDOCK_ARTIFACTS"]).iterdir()) == ["rke2.linux-amd64.tar.gz", "sha256sum-amd64.txt"]
    assert found["PROXMOX_VE_SSH_PRIVATE_KEY"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert Path(found["SSL_CERT_FILE"]).is_file()
    assert Path(found["TF_CLI_CONFIG_FILE"]).is_file(), "the provider that this checkout built, from whatever folder"
    assert found["PROXMOX_VE_API_TOKEN"] in (folder / "build/lab/single/lab/env").read_text()
    assert (folder / "build/lab/single/lab/env").stat().st_mode & 0o777 == 0o600


@pytest.mark.only_looks
def test_commands_in_the_lab_see_its_network_and_only_that(folder: Path) -> None:
    links = json.loads(runner(folder, "run", "--", "ip", "-json", "link").stdout)
    assert sorted(link["ifname"] for link in links) == ["lo", "vmbr0"]


def test_status_tells_the_endpoint_and_a_second_up_changes_nothing(folder: Path) -> None:
    assert "https://127.0.0.1:8006" in runner(folder, "status").stdout
    copy = folder / "build/lab/single/cluster.yaml"
    copy.write_text(copy.read_text() + "# rehearsed\n")
    again = runner(folder, "up")
    assert again.returncode == 0
    assert "runs already" in again.stdout
    assert "# rehearsed" in copy.read_text()


@pytest.mark.only_looks
def test_a_machine_that_the_lab_lacks_is_named_in_the_error(folder: Path) -> None:
    killed = runner(folder, "kill", "nosuch")
    assert killed.returncode == 4
    assert "nosuch" in killed.stderr


@pytest.mark.only_looks
def test_a_lab_that_is_down_says_so(tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples/single/cluster.yaml", tmp_path)
    for words in (["status"], ["run", "--", "true"], ["kill", "server1"]):
        done = runner(tmp_path, *words)
        assert done.returncode == 4
        assert "runner lab up" in done.stderr
    assert runner(tmp_path, "down").returncode == 0


@pytest.mark.proves("feature lab")
def test_down_delete_leaves_no_file_of_the_labs(folder: Path) -> None:
    assert runner(folder, "down", "--delete").returncode == 0
    assert not (folder / "build/lab/single/lab").exists()
