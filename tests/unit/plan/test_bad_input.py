"""What planning refuses, on the real command line: exit code, message with line and cure, nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stardock.cli.main import runner
from stardock.spec import load_spec
from stardock.workspace.lock import save_lock
from stardock.workspace.workspace import open_workspace
from tests.plans import PUBLIC_KEY, ROOT
from tests.unit.plan.faults_of_first_boot import FIRST_BOOT
from tests.unit.plan.faults_of_hardware import HARDWARE
from tests.unit.plan.faults_of_network import NETWORK

pytestmark = pytest.mark.unit

TEXT = (ROOT / "examples/quickstart/cluster.yaml").read_text(encoding="utf-8").replace("id_ed25519.pub", f'"{PUBLIC_KEY}"')


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cluster.yaml"
    path.write_text(TEXT)
    return path


def plan(file: Path, *arguments: str) -> Result:
    """Run `runner plan`; whatever happens, it writes nothing."""
    before = contents(file.parent)
    result = CliRunner().invoke(runner, ["plan", "-f", str(file), *arguments])
    assert contents(file.parent) == before
    return result


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def line_of(text: str, what: str) -> int:
    """The line of the last occurrence."""
    return text[: text.rindex(what)].count("\n") + 1


#: (what the file says, what it says instead)
Edit = tuple[str, str]


#: (what the file says, what it says instead, where the fault is told, the message, the cure)
FAULTS = {
    **HARDWARE,
    **NETWORK,
    **FIRST_BOOT,
    "equal addresses": (
        "offset: 60",
        "offset: 50",
        "static: {base: 192.168.1.0, offset: 50",
        "the same address 192.168.1.50",
        "another address",
    ),
    "VIP inside a static range": (
        "vip: 192.168.1.40",
        "vip: 192.168.1.51",
        "vip:",
        "192.168.1.51 lies inside of the static range of servers",
        "outside",
    ),
    "gateway equal to a machine": (
        "offset: 41, prefix: 24, gateway: 192.168.1.1",
        "offset: 1, prefix: 24, gateway: 192.168.1.1",
        "static: {base: 192.168.1.0, offset: 1,",
        "lb1's address 192.168.1.1 is the gateway",
        "another `offset`",
    ),
    "PVE node equal to a machine": (
        "offset: 41",
        "offset: 10",
        "static: {base: 192.168.1.0, offset: 10,",
        "is the PVE node pve1",
        "another `offset`",
    ),
    "range that leaves its subnet": (
        "offset: 60",
        "offset: 300",
        "static: {base: 192.168.1.0, offset: 300",
        "agent1: 192.168.2.44 lies outside of 192.168.1.0/24",
        "192.168.1.1 to 192.168.1.254",
    ),
    "broadcast address": (
        "offset: 60",
        "offset: 255",
        "static: {base: 192.168.1.0, offset: 255",
        "agent1: 192.168.1.255 is the broadcast address of 192.168.1.0/24",
        "192.168.1.1 to 192.168.1.254",
    ),
    "VM id ranges that meet": (
        "vm_id_start: 220",
        "vm_id_start: 212",
        "vm_id_start: 212",
        "the VM ids of pool agents (212 to 212) meet those of pool servers (210 to 212)",
        "start agents at 213 or later",
    ),
    "load balancers that reboot together": (
        "slots: [17, 18]\n  offsets: [0, 15, 30, 45]",
        "slots: [17]\n  offsets: [15]",
        "slots:",
        "the load balancers lb1 and lb2 would both reboot at 17:15",
        "add a slot or an offset",
    ),
    "VM id past PVE's last": (
        "vm_id_start: 210",
        "vm_id_start: 999999999",
        "machines: [server1",
        "would get VM id 1000000000",
        "vm_id_start",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_bad_input_is_refused_with_line_and_cure(file: Path, fault: tuple[str, str, str, str, str]) -> None:
    old, new, where, message, cure = fault
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    file.write_text(text)
    result = plan(file)
    assert result.exit_code == 3, result.output
    assert message in result.stderr
    assert cure in result.stderr
    assert f"{file}:{line_of(text, where)}: " in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_missing_file_is_refused_and_says_how_to_name_one(tmp_path: Path) -> None:
    result = plan(tmp_path / "nowhere.yaml")
    assert result.exit_code == 3
    assert "STARDOCK_FILE" in result.stderr


def test_all_faults_are_told_at_once(file: Path) -> None:
    file.write_text(
        TEXT.replace("offset: 60", "offset: 255").replace("192.168.1.40", "192.168.1.50").replace("slots: [17, 18]", "slots: [17]")
    )
    result = plan(file)
    assert "broadcast" in result.stderr
    assert "VIP" in result.stderr
    assert "2 problems" in result.stderr


def test_an_even_number_of_servers_is_a_warning_on_stderr(file: Path) -> None:
    file.write_text(TEXT.replace(", server3]", "]"))
    result = plan(file)
    assert result.exit_code == 0
    assert "warning: 2 servers: an even number" in result.stderr
    assert "server2" in result.stdout


@pytest.fixture
def locked(file: Path) -> Path:
    where = open_workspace(file)
    save_lock(where.files.lock, where.lock)
    return where.files.lock


@pytest.mark.parametrize(
    ("edit", "message", "cure"),
    [
        (('"founder"', "founder"), "this is not JSON", "git checkout"),
        (('"version": 4', '"version": 99'), "the lock has version 99", "newer Stardock"),
        (('"vm_id": 211', '"vm_id": 210'), "server2 and server1 have the same VM id 210", "git checkout"),
    ],
    ids=["damaged", "newer", "edited into a clash"],
)
def test_a_lock_that_is_wrong_is_refused_at_its_line(file: Path, locked: Path, edit: Edit, message: str, cure: str) -> None:
    text = locked.read_text().replace(*edit, 1)
    locked.write_text(text)
    result = plan(file)
    assert result.exit_code == 3
    assert message in result.stderr
    assert cure in result.stderr
    assert f"{locked}:{line_of(text, edit[1])}: " in result.stderr


def test_the_lock_of_another_cluster_is_refused_at_the_clusters_name(file: Path, locked: Path) -> None:
    file.write_text(TEXT.replace("cluster: quickstart", "cluster: other"))
    result = plan(file)
    assert result.exit_code == 3
    assert f"{file}:{line_of(TEXT, 'cluster: quickstart')}: cluster: " in result.stderr
    assert "the lock beside this file belongs to the cluster quickstart, not other" in result.stderr
    assert "file name of its own" in result.stderr


def test_a_name_cannot_change_its_role(file: Path, locked: Path) -> None:
    file.write_text(TEXT.replace("server2, server3]", "server2]").replace("[agent1]", "[agent1, server3]"))
    result = plan(file)
    assert result.exit_code == 3
    assert "server3 was planned as server and cannot become agent" in result.stderr
    assert f"runner lock forget -f {file} server3" in result.stderr


def test_a_pve_node_with_machines_cannot_leave(file: Path, locked: Path) -> None:
    file.write_text(TEXT.replace("    - {name: pve3, address: 192.168.1.12}\n", ""))
    result = plan(file)
    assert result.exit_code == 3
    assert "server3 is on the PVE node pve3, which is not here" in result.stderr
    assert "migrate server3" in result.stderr


def test_a_value_that_a_removed_machine_keeps_is_refused_and_says_forget(file: Path, locked: Path) -> None:
    gone = TEXT.replace("server2, server3]", "server2, server5, {name: server4, vm_id: 212}]") + "\nremove: [server3]\n"
    file.write_text(gone)
    result = plan(file)
    assert result.exit_code == 3
    assert "server4 and server3 have the same VM id 212" in result.stderr
    assert f"runner lock forget -f {file} server3" in result.stderr


def test_plan_shows_machines_gains_removals_and_what_waits(file: Path, locked: Path) -> None:
    text = TEXT.replace("[server1, server2, server3]", "[{name: server1, vm_id: 300}, server2, server9, server10]")
    file.write_text(text + "\nremove: [server3]\n")
    result = plan(file)
    assert result.exit_code == 0, result.output
    words = result.stdout.split()
    assert [word for word in words if word.startswith("192.168.1.")][:3] == ["192.168.1.40", "192.168.1.41", "192.168.1.42"]
    assert "which the next deploy writes: server9, server10" in result.stdout
    assert "  - server3: listed under `remove:`" in result.stdout
    assert next(row.split() for row in result.stdout.splitlines() if "300" in row) == ["server1", "vm_id", "210", "300"]
    assert f"runner lock accept -f {file} NAME" in result.stdout


def test_json_goes_to_stdout_alone(file: Path) -> None:
    file.write_text(TEXT.replace(", server3]", "]"))
    result = plan(file, "--format", "json")
    document = json.loads(result.stdout)
    assert [machine["name"] for machine in document["machines"]] == ["lb1", "lb2", "server1", "server2", "agent1"]
    (address,) = document["machines"][0]["addresses"]
    assert (address["interface"], address["address"], address["gateway"]) == ("ens18", "192.168.1.41", "192.168.1.1")
    assert document["changes"] == []
    assert "warning" in result.stderr


def test_the_example_is_valid_through_the_loader(file: Path) -> None:
    assert load_spec(file).ssh.keys == (PUBLIC_KEY,)
