"""`runner lock memory`, the real command: placement respects what Proxmox says that a PVE node has, once the lock has kept it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from stardock.cli.main import runner
from stardock.estate.capacity import memory_by_node
from stardock.estate.role import commands
from stardock.estate.token import default_user
from stardock.workspace.workspace import commit_lock, open_workspace
from tests.contract import pveum
from tests.contract.estate import Estate, estate
from tests.plans import document

pytestmark = pytest.mark.contract


@pytest.fixture
def pve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    """pve1 has 4 GiB, pve2 16 GiB, pve3 does not answer."""
    (tmp_path / "pve").mkdir()
    with estate(tmp_path / "pve") as made:
        made.lab("node", name="pve1", memory_gib=4)
        made.lab("node", name="pve2", memory_gib=16)
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


@pytest.mark.proves("feature lock")
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
    pve.lab("node", name="pve1", memory_gib=64)
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
    assert f"`runner lock memory -f {file}` reads it anew" in run(file, "plan", code=3).stderr


def test_a_frozen_lock_takes_no_memory_and_may_be_asked_about(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARDOCK_LOCK", "frozen")
    assert "the lock is frozen" in run(file, "lock", "memory", code=5).stderr
    assert "pve1: 4GiB" in run(file, "lock", "memory", "--dry-run").stdout


def test_all_else_in_the_lock_stays_also_what_was_written_while_proxmox_was_asked(
    file: Path, pve: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(estate: Any) -> dict[str, int]:
        commit_lock(open_workspace(file))
        return memory_by_node(estate)

    monkeypatch.setattr("stardock.verbs.lock.memory_by_node", meanwhile)
    run(file, "lock", "memory")
    after = json.loads(file.with_suffix(".lock").read_text())
    assert sorted(after["machines"]) == ["agent1", "lb1", "lb2", "server1", "server2", "server3"]
    assert after["memory"] == {"pve1": 4096, "pve2": 16384}


def test_a_token_that_may_not_audit_hosts_is_told_and_nothing_is_written(file: Path, pve: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pve1", "pve2", "pve3"):
        pve.lab("node", name=name)
    plan = open_workspace(file).plan
    with_audit = commands(plan, default_user(plan.cluster))
    monkeypatch.setenv("PROXMOX_VE_API_TOKEN", pveum.run(with_audit, pve.granted))
    assert "pve3: 512GiB" in run(file, "lock", "memory").stdout, "the role that `runner proxmox-role` prints is enough"
    file.with_suffix(".lock").unlink()
    for name in ("pve1", "pve2", "pve3"):
        pve.granted("PUT", "/access/acl", _without_audit(pve, f"/nodes/{name}"))
    said = run(file, "lock", "memory", code=4)
    assert "Proxmox tells the memory of none of pve1, pve2, pve3" in said.stderr
    assert not file.with_suffix(".lock").exists()


def _without_audit(pve: Estate, path: str) -> dict[str, str]:
    """The entry of the list of accesses that is on this path, to be deleted."""
    (entry, *_) = [one for one in pve.get("/access/acl") if one["path"] == path]
    kind = {"user": "users", "token": "tokens"}[entry["type"]]
    return {"path": path, "roles": entry["roleid"], kind: entry["ugid"], "delete": "1"}
