"""`runner lock memory`, the real command: placement respects what Proxmox says that a PVE node has, once the lock has kept it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from stardock.cli.main import runner
from tests.contract.estate import Estate, estate
from tests.plans import document

pytestmark = pytest.mark.contract


@pytest.fixture
def pve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    """pve1 has 4 GiB, pve2 16 GiB, pve3 does not answer."""
    (tmp_path / "pve").mkdir()
    with estate(tmp_path / "pve") as made:
        made.lab("node", name="pve1", memory=4)
        made.lab("node", name="pve2", memory=16)
        made.lab("node", name="pve3", offline=True)
        monkeypatch.setenv("SSL_CERT_FILE", f"{made.directory}/ca.pem")
        monkeypatch.setenv("PROXMOX_VE_API_TOKEN", made.token)
        monkeypatch.setenv("STARDOCK_LOCK", "write")
        yield made


@pytest.fixture
def file(pve: Estate, tmp_path: Path) -> Path:
    """The quick start: 18 GiB of machines in all, a load balancer and a server each on pve1."""
    data = document()
    data["proxmox"] |= {"endpoint": pve.settings.endpoint}
    file = tmp_path / "cluster.yaml"
    with file.open("w") as stream:
        YAML().dump(data, stream)
    return file


def run(file: Path, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(runner, [*words, "-f", str(file)])
    assert result.exit_code == code, result.output
    return result


def nodes(file: Path) -> dict[str, str]:
    planned = json.loads(run(file, "plan", "--format", "json").stdout)["machines"]
    return {machine["name"]: machine["pve_node"] for machine in planned}


def test_memory_capacity_is_respected_when_read(file: Path) -> None:
    assert nodes(file)["lb1"] == nodes(file)["server1"] == "pve1"
    said = run(file, "lock", "memory", "--dry-run")
    assert "nothing was written" in said.stdout
    assert not file.with_suffix(".lock").exists()
    said = run(file, "lock", "memory")
    assert said.stdout.splitlines()[:2] == ["pve1: 4GiB", "pve2: 16GiB"]
    assert "pve3: Proxmox does not say" in said.stderr
    assert json.loads(file.with_suffix(".lock").read_text())["memory"] == {"pve1": 4096, "pve2": 16384}
    assert nodes(file)["lb1"] == "pve1"
    assert nodes(file)["server1"] != "pve1", "1 GiB of 4 is taken there"


def test_a_second_run_changes_nothing_and_more_memory_is_told(pve: Estate, file: Path) -> None:
    run(file, "lock", "memory")
    before = file.with_suffix(".lock").read_bytes()
    assert "the lock holds that already" in run(file, "lock", "memory").stdout
    assert file.with_suffix(".lock").read_bytes() == before
    pve.lab("node", name="pve1", memory=64)
    pve.lab("node", name="pve2", offline=True)
    said = run(file, "lock", "memory").stdout
    assert "pve1: 64GiB (was 4GiB)\npve2: 16GiB\n" in said, "what was read of one that is silent now is kept"


def test_cluster_yaml_goes_before_what_was_read_and_too_little_says_how_to_read_anew(file: Path) -> None:
    run(file, "lock", "memory")
    data = YAML().load(file)
    data["proxmox"]["nodes"] = [{"name": "pve1", "memory": "32GiB"}, {"name": "pve2"}]
    YAML().dump(data, file)
    assert nodes(file)["server1"] == "pve1"
    assert "pve1: as cluster.yaml says" in run(file, "lock", "memory").stdout
    del data["proxmox"]["nodes"][0]["memory"]
    YAML().dump(data, file)
    run(file, "lock", "memory")
    assert "or read it anew with `runner lock memory`" in run(file, "plan", code=3).stderr


def test_a_frozen_lock_takes_no_memory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARDOCK_LOCK", "frozen")
    assert "the lock is frozen" in run(file, "lock", "memory", code=5).stderr
