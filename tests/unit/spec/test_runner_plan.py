"""Bad input on the real command line: exit code 3, `file:line: key: message` with its cure, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from stardock.cli.main import runner
from tests.unit.spec.conftest import example

pytestmark = pytest.mark.unit

SERVERS = "machines: [server1, server2, server3]"
#: case -> (cluster.yaml, a part of the line that is to blame, key path and message, cure)
CASES: dict[str, tuple[str, str, str, str]] = {
    "unknown key": (example("single", ("protect:", "protekt:")), "protekt:", "protekt: unknown key `protekt`", "did you mean `protect`?"),
    "two machines of one name": (
        example("quickstart", (SERVERS, "machines: [server1, server1]")),
        "[server1, server1]",
        "pools[1].machines[1]: two machines are named `server1`",
        "give one of them another name",
    ),
    "address outside of its subnet": (
        example("quickstart", ("[agent1]", "[{name: agent1, addresses: {ens18: 10.0.0.1}}]")),
        "ens18: 10.0.0.1",
        "pools[2].machines[0].addresses.ens18: 10.0.0.1 lies outside of 192.168.1.0/24",
        "write an address of 192.168.1.0/24",
    ),
    "zero servers": (
        example("quickstart", (SERVERS, "machines: []")),
        "pools:",
        "pools: zero servers",
        "add a pool: {name: servers, role: server",
    ),
    "slot 25": (
        example("quickstart", ("[17, 18]", "[25]")),
        "slots:",
        "maintenance.slots[0]: slot 25 is not an hour of the day: 0 to 23",
        "write for example [17, 18]",
    ),
    "offset 77": (
        example("quickstart", ("[0, 15", "[77, 15")),
        "offsets:",
        "maintenance.offsets[0]: offset 77 is not a minute of the hour: 0 to 59",
        "write for example [0, 15, 30, 45]",
    ),
    "duration banana": (
        example("quickstart", ("duration: 1h", "duration: banana")),
        "duration:",
        "maintenance.duration: `banana` is not a duration of hours and minutes",
        "write for example 1h, 90m or 1h30m",
    ),
    "unknown PVE node": (
        example("quickstart", (SERVERS, f"{SERVERS}\n    nodes: [pve7]")),
        "[pve7]",
        "pools[1].nodes[0]: unknown PVE node `pve7`",
        "write one of pve1, pve2, pve3, or add it to proxmox.nodes",
    ),
    "version without +rke2r": (
        example("quickstart", ("v1.36.5+rke2r1", "v1.36.5")),
        "version:",
        "distribution.version: version `v1.36.5` is not a release of RKE2",
        "write for example v1.36.5+rke2r1",
    ),
}


def refused(file: Path, text: str) -> str:
    """What `runner plan` says to stderr about a file that it refuses, without having written anything."""
    file.write_text(text)
    before = {path: path.read_bytes() for path in file.parent.iterdir()}
    result = CliRunner().invoke(runner, ["plan", "-f", str(file)])
    assert result.exit_code == 3
    assert result.stdout == ""
    assert {path: path.read_bytes() for path in file.parent.iterdir()} == before
    return result.stderr


@pytest.mark.parametrize("case", CASES)
def test_runner_plan_refuses_with_line_and_cure(file: Path, case: str) -> None:
    text, blamed, message, cure = CASES[case]
    line = next(number for number, content in enumerate(text.splitlines(), 1) if blamed in content)
    said = refused(file, text).splitlines()
    at = next((number for number, content in enumerate(said) if content.startswith(f"{file}:{line}: {message}")), None)
    assert at is not None, said
    assert cure in said[at + 1]


def test_runner_plan_refuses_an_empty_file(file: Path) -> None:
    assert refused(file, "") == (f"{file}:1: the file is empty\n  begin with examples/single/cluster.yaml\nerror: {file}: 1 problem\n")
