"""`runner proxmox-role`: commands for a shell, grants for a program, and no secret in either."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from stardock.cli.main import runner
from tests.plans import document

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


def test_another_user_may_have_it(file: Path) -> None:
    assert "pveum acl modify /vms --users terraform@pve --roles stardock-quickstart-machines --propagate 1" in told(
        file, "--user", "terraform@pve"
    )


def test_as_json_it_lists_grants_by_path(file: Path) -> None:
    document = json.loads(told(file, "--format", "json"))
    assert (document["user"], document["token"]) == ("stardock-quickstart@pve", "stardock")
    estate = next(grant for grant in document["grants"] if grant["kind"] == "estate")
    assert (estate["paths"], estate["propagate"]) == (["/"], False)
