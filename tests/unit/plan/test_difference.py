"""`runner plan` as a diff: against the state beside the file, else the lock; each edit a line, and the last line counts."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stardock.cli.main import runner
from stardock.model.machine import Interface, Machine, Route, SecretFile, User, UserFile, Window
from stardock.model.parts import Agent, DataDisk, Device, DiskOptions, Ha, PackageProxy, Startup, Usb
from stardock.plan.views.aspects import guards, hardware, setup
from stardock.workspace.lock import save_lock
from tests.plans import PUBLIC_KEY, document, plan_of
from tests.states import state_of, state_text

pytestmark = pytest.mark.unit

Edit = Callable[[dict[str, Any]], object]
AGENTS, SERVERS = 2, 1


@pytest.fixture(params=["state", "lock"])
def existing(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The quick start as a deploy left it; the state is here, or with a colleague."""
    plan, lock = plan_of(document())
    save_lock(tmp_path / "cluster.lock", lock)
    if request.param == "state":
        (tmp_path / "cluster.tfstate").write_text(state_text(state_of(plan)))
    return write(tmp_path, document())


def write(folder: Path, data: dict[str, Any]) -> Path:
    file = folder / "cluster.yaml"
    file.write_text(json.dumps(data))
    return file


def edited(file: Path, edit: Edit, *options: str) -> Result:
    """What `runner plan` says after an edit; it writes nothing."""
    data = copy.deepcopy(document())
    edit(data)
    write(file.parent, data)
    before = {path.name: path.read_bytes() for path in file.parent.iterdir()}
    result = CliRunner().invoke(runner, ["plan", *options], env={"STARDOCK_FILE": str(file)})
    assert {path.name: path.read_bytes() for path in file.parent.iterdir()} == before
    return result


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line.strip() for line in result.output.splitlines()]


def nothing(_data: dict[str, Any]) -> None:
    """No edit."""


def agents(**values: Any) -> Edit:
    return lambda data: data["pools"][AGENTS].update(values)


def agent_nic(**values: Any) -> Edit:
    return lambda data: data["network"]["agent"][0].update(values)


POWER = "(at the VM's next power cycle: drain it first)"
RUNS = "(while it runs)"
BOOTSTRAP = "(by the next bootstrap)"

EDITS: dict[str, tuple[Edit, str]] = {
    "cores": (agents(cores=4), f"cores 2 -> 4 {POWER}"),
    "memory": (agents(memory="8GiB"), f"memory 4GiB -> 8GiB {POWER}"),
    "memory in MiB": (agents(memory="5000MiB"), f"memory 4GiB -> 5000MiB {POWER}"),
    "sockets": (agents(sockets=2), f"sockets 1 -> 2 {POWER}"),
    "CPU type": (agents(cpu="host"), f"cpu x86-64-v2-AES -> host {POWER}"),
    "balloon": (agents(balloon="2GiB"), f"balloon none -> 2GiB {POWER}"),
    "devices": (agents(devices=["gpu"]), f"devices none -> gpu pcie {POWER}"),
    "a disk's cache": (agents(disk_options={"cache": "writeback"}), f"disk_options.cache none -> writeback {POWER}"),
    "a disk's limit": (agents(disk_options={"limits": {"mbps_rd": 200}}), f"disk_options.mbps_rd none -> 200 {RUNS}"),
    "a disk's backup": (agents(disk_options={"backup": False}), f"disk_options.backup none -> false {RUNS}"),
    "USB devices": (agents(usb=["zigbee", {"mapping": "ups", "usb3": True}]), f"usb none -> zigbee, ups usb3 {POWER}"),
    "agent": (agents(agent={"timeout": "5m"}), f"agent timeout 2m -> timeout 5m {POWER}"),
    "serial console": (agents(serial=False), f"serial true -> false {POWER}"),
    "a larger disk": (agents(disk="60GiB"), f"disk 40GiB -> 60GiB {RUNS}"),
    "a data disk": (agents(data_disks=[{"name": "osd", "size": "1TiB"}]), f"data_disks.osd none -> 1024GiB on local-lvm {RUNS}"),
    "another bridge": (agent_nic(bridge="vmbr1"), f"ens18.bridge vmbr0 -> vmbr1 {RUNS}"),
    "VLAN": (agent_nic(vlan=7), f"ens18.vlan none -> 7 {RUNS}"),
    "trunks": (agent_nic(trunks="7;9"), f"ens18.trunks none -> 7, 9 {RUNS}"),
    "trunks of many": (agent_nic(trunks="7;10-4094"), f"ens18.trunks none -> 7, 10-4094 {RUNS}"),
    "firewall": (agent_nic(firewall=True), f"ens18.firewall false -> true {RUNS}"),
    "tags": (agents(tags=["blue"]), f"tags none -> blue {RUNS}"),
    "description": (
        agents(description="two\nlines"),
        f"description agent of the cluster quickstart, made by Stardock -> two lines {RUNS}",
    ),
    "startup": (agents(startup={"order": 9}), f"startup order 3 -> order 9 {RUNS}"),
    "on_boot": (agents(on_boot=False), f"on_boot true -> false {RUNS}"),
    "labels": (agents(labels={"zone": "a"}), f"labels none -> zone=a {BOOTSTRAP}"),
    "taints": (agents(taints=["a=b:NoSchedule"]), f"taints none -> a=b:NoSchedule {BOOTSTRAP}"),
    "DNS": (agent_nic(dns=["192.168.1.1", "192.168.1.2"]), f"ens18.dns none -> 192.168.1.2 {BOOTSTRAP}"),
    "packages": (lambda data: data.update(cloud_init={"packages": ["htop"]}), f"packages none -> htop {BOOTSTRAP}"),
    "protect": (lambda data: data.update(protect=True), f"protect false -> true {RUNS}"),
}


#: Edits of what all machines have.
EVERYONE = ("packages", "protect")


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_that_changes_an_existing_machine_is_a_line_with_what_it_needs(existing: Path, name: str) -> None:
    edit, words = EDITS[name]
    said = lines(edited(existing, edit))
    (line,) = [line for line in said if line.startswith("~ ") and "agent1" in line]
    assert line.partition(": ")[2] == words
    changed = 6 if name in EVERYONE else 1
    assert said[-1] == f"Plan: 0 to create, {changed} to change, 0 to remove, 0 to replace. Lock: +0 names"


def test_no_edit_is_no_change(existing: Path) -> None:
    said = lines(edited(existing, nothing))
    assert [line for line in said if line.startswith(("~", "+", "- ", "-/+"))] == []
    assert said[-1] == "Plan: 0 to create, 0 to change, 0 to remove, 0 to replace. Lock: +0 names"


def test_it_says_what_it_compared_with(existing: Path) -> None:
    said = "\n".join(lines(edited(existing, nothing)))
    if (existing.parent / "cluster.tfstate").exists():
        assert "Compared with cluster.tfstate; what is inside of machines with cluster.lock:" in said
    else:
        assert "Compared with cluster.lock, as it was last planned (there is no cluster.tfstate):" in said


@pytest.mark.parametrize("content", ["", "{"])
def test_a_state_that_synth_left_empty_or_that_was_cut_short_is_compared_with_the_lock_instead(tmp_path: Path, content: str) -> None:
    save_lock(tmp_path / "cluster.lock", plan_of(document())[1])
    (tmp_path / "cluster.tfstate").write_text(content)
    said = "\n".join(lines(edited(write(tmp_path, document()), nothing)))
    why = "cannot be read" if content else "is empty"
    assert f"Compared with cluster.lock, as it was last planned (cluster.tfstate {why}):" in said
    assert "Plan: 0 to create" in said


def test_the_last_line_counts_what_is_created_changed_removed_and_gained(existing: Path) -> None:
    def edit(data: dict[str, Any]) -> None:
        data["pools"][AGENTS]["machines"] = ["agent2"]
        data["pools"][SERVERS]["memory"] = "8GiB"
        data["remove"] = ["agent1"]

    said = lines(edited(existing, edit))
    assert "+ agent2: agent" in said
    assert f"~ server1..server3 (3): memory 4GiB -> 8GiB {POWER}" in said
    assert "- agent1: listed under `remove:`" in said
    assert said[-1] == "Plan: 1 to create, 3 to change, 1 to remove, 0 to replace. Lock: +1 name, 1 removed"


@pytest.mark.parametrize(("edit", "code"), [(nothing, 0), (agents(cores=4), 2), (agents(labels={"a": "b"}), 2)])
def test_the_detailed_exit_code_is_0_without_changes_and_2_with(existing: Path, edit: Edit, code: int) -> None:
    if not (existing.parent / "cluster.tfstate").exists():
        code = 2
    assert edited(existing, edit, "--detailed-exitcode").exit_code == code
    assert edited(existing, edit, "--detailed-exitcode", "--format", "json").exit_code == code
    assert edited(existing, edit).exit_code == 0


def test_machines_that_no_state_tells_of_are_never_said_to_need_nothing(existing: Path) -> None:
    known = (existing.parent / "cluster.tfstate").exists()
    said = lines(edited(existing, nothing))
    assert ("nothing to do" in said) is known
    told = "nothing differs from the lock; whether the VMs exist is not known here: `runner drift` asks Proxmox"
    assert (told in said) is not known
    shown = json.loads(edited(existing, nothing, "--format", "json").stdout)["diff"]
    assert (shown["empty"], shown["settled"]) == (True, known)


def test_the_help_says_what_the_detailed_exit_code_does_not_see() -> None:
    said = " ".join(CliRunner().invoke(runner, ["plan", "--help"]).output.split())
    assert "The VIP, Kubernetes' options, haproxy and add-ons are not compared: runner bootstrap --check." in said
    assert "also where only the lock was compared with" in said


NOT_COMPARED: dict[str, Edit] = {
    "the VIP": lambda data: data["network"].update(vip="192.168.1.45"),
    "Kubernetes' options": lambda data: data.update(distribution={"options": {"profile": "cis"}}),
    "add-ons": lambda data: data.update(addons={"kured": {}}),
}


@pytest.mark.parametrize("name", NOT_COMPARED)
def test_what_is_not_compared_is_said_with_the_command_that_compares_it(existing: Path, name: str) -> None:
    said = lines(edited(existing, NOT_COMPARED[name]))
    (line,) = [line for line in said if line.startswith("not compared:")]
    assert name in line
    assert "`runner bootstrap --check`" in line
    assert said[-1].startswith("Plan: 0 to create, 0 to change")


def test_the_detailed_exit_code_of_an_error_is_that_of_the_error(existing: Path) -> None:
    assert edited(existing, lambda data: data.pop("pools"), "--detailed-exitcode").exit_code == 3


def test_an_edited_offset_says_that_it_is_for_new_machines(existing: Path) -> None:
    def edit(data: dict[str, Any]) -> None:
        data["network"]["agent"][0]["static"]["offset"] = 80

    said = lines(edited(existing, edit))
    assert "agent1 keeps 192.168.1.60; offset 80 of 192.168.1.0 is for new machines" in said


def test_an_edited_vm_id_start_says_that_it_is_for_new_machines(existing: Path) -> None:
    said = lines(edited(existing, agents(vm_id_start=900)))
    assert "agent1 keeps VM id 220; vm_id_start 900 is for new machines" in said


def test_what_only_a_replacement_brings_is_told_as_such_and_is_no_change(existing: Path) -> None:
    said = lines(edited(existing, agents(machines=[{"name": "agent1", "vm_id": 900}])))
    assert "Only a replacement brings" in said
    assert "nothing to do" not in said
    assert said[-1].startswith("Plan: 0 to create, 0 to change, 0 to remove, 0 to replace.")


def test_a_machine_that_was_accepted_with_another_vm_id_is_replaced(tmp_path: Path) -> None:
    before, lock = plan_of(document())
    data = document()
    data["pools"][AGENTS]["machines"] = [{"name": "agent1", "vm_id": 900}]
    save_lock(tmp_path / "cluster.lock", plan_of(data)[1])
    (tmp_path / "cluster.tfstate").write_text(state_text(state_of(before)))
    said = lines(edited(write(tmp_path, data), lambda one: one.update(data)))
    assert "-/+ agent1: VM id 220 -> 900; `runner deploy --replace NAME`" in said
    assert said[-1].startswith("Plan: 0 to create, 0 to change, 0 to remove, 1 to replace.")
    assert lock.machines["agent1"].record.vm_id != lock.machines["server1"].record.vm_id


def test_without_state_and_lock_everything_is_to_create(tmp_path: Path) -> None:
    said = lines(edited(write(tmp_path, document()), nothing))
    assert "Compared with nothing (there is no cluster.tfstate, and cluster.lock holds no machine): all is to create." in said
    assert said[-1] == "Plan: 6 to create, 0 to change, 0 to remove, 0 to replace. Lock: +6 names, +first server, +VRRP id"


def test_a_state_that_lacks_a_machine_says_create_and_a_tainted_one_replace(tmp_path: Path) -> None:
    plan, lock = plan_of(document())
    state = state_of(plan)
    state["resources"] = [one for one in state["resources"] if one["name"] != "agent1"]
    state["resources"][0]["instances"][0]["status"] = "tainted"
    save_lock(tmp_path / "cluster.lock", lock)
    (tmp_path / "cluster.tfstate").write_text(state_text(state))
    said = lines(edited(write(tmp_path, document()), nothing))
    assert "+ agent1: agent" in said
    assert "-/+ lb1: its creation failed half-way; `runner deploy --replace NAME`" in said


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ('{"encrypted_data": "x", "encryption_version": "v0"}', "cluster.tfstate is encrypted"),
        ('{"version": 4, "resour', "cluster.tfstate cannot be read"),
    ],
)
def test_a_state_that_cannot_be_read_is_said_and_the_lock_taken(tmp_path: Path, text: str, note: str) -> None:
    save_lock(tmp_path / "cluster.lock", plan_of(document())[1])
    (tmp_path / "cluster.tfstate").write_text(text)
    said = lines(edited(write(tmp_path, document()), agents(cores=4)))
    assert f"Compared with cluster.lock, as it was last planned ({note}):" in said
    assert f"~ agent1: cores 2 -> 4 {POWER}" in said


def test_a_state_elsewhere_is_not_asked(tmp_path: Path) -> None:
    save_lock(tmp_path / "cluster.lock", plan_of(document())[1])
    said = lines(edited(write(tmp_path, document()), lambda data: data.update(state={"backend": "s3", "bucket": "b", "region": "r"})))
    assert "Compared with cluster.lock, as it was last planned (the state in s3 was not asked):" in said


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [None], [{}], [7]])
def test_a_state_of_another_shape_is_not_known_and_breaks_nothing(tmp_path: Path, value: Any) -> None:
    plan, lock = plan_of(document())
    save_lock(tmp_path / "cluster.lock", lock)
    for key in ("cpu", "memory", "disk", "network_device", "startup", "agent", "tags", "hostpci", "serial_device"):
        state = state_of(plan)
        for one in state["resources"]:
            one["instances"][0]["attributes"][key] = value
        (tmp_path / "cluster.tfstate").write_text(state_text(state))
        assert lines(edited(write(tmp_path, document()), nothing))[-1].startswith("Plan: ")


def test_control_characters_of_a_state_reach_no_terminal(tmp_path: Path) -> None:
    plan, lock = plan_of(document())
    save_lock(tmp_path / "cluster.lock", lock)
    state = state_of(plan)
    state["resources"][0]["instances"][0]["attributes"]["description"] = "\x1b[2J\x07evil"
    (tmp_path / "cluster.tfstate").write_text(state_text(state))
    assert "\x1b" not in edited(write(tmp_path, document()), nothing).output


def test_a_server_of_a_founded_cluster_under_remove_is_said_to_be_refused(existing: Path) -> None:
    facts = {
        "cluster": "quickstart",
        "machines": {"server3": {"addresses": {}, "host_keys": ["ssh-ed25519 " + PUBLIC_KEY.split()[1]]}},
        "founded": {"ca_sha256": "0" * 64, "servers": {}, "versions": {}, "settings": {}},
    }
    (existing.parent / "cluster.facts.json").write_text(json.dumps(facts))

    def edit(data: dict[str, Any]) -> None:
        data["pools"][SERVERS]["machines"] = ["server1", "server2"]
        data["remove"] = ["server3"]

    said = "\n".join(lines(edited(existing, edit)))
    assert "- server3: listed under `remove:`; a server of a founded cluster: `runner deploy` refuses it and names the steps" in said


def test_another_release_is_a_line_for_each_machine_that_runs_the_old_one(existing: Path) -> None:
    facts = {
        "cluster": "quickstart",
        "machines": {},
        "founded": {
            "ca_sha256": "0" * 64,
            "servers": {},
            "versions": {"server1": "v1.35.1+rke2r1", "server2": "v1.36.5+rke2r1"},
            "settings": {},
        },
    }
    (existing.parent / "cluster.facts.json").write_text(json.dumps(facts))
    assert f"~ server1: version v1.35.1+rke2r1 -> v1.36.5+rke2r1 {BOOTSTRAP}" in lines(edited(existing, nothing))


def test_json_holds_what_the_diff_shows(existing: Path) -> None:
    result = edited(existing, agents(cores=4), "--format", "json")
    shown = json.loads(result.stdout)
    assert shown["format"] == 1
    assert shown["diff"]["compared_with"] == ("state" if (existing.parent / "cluster.tfstate").exists() else "lock")
    assert shown["diff"]["change"] == [{"machine": "agent1", "field": "cores", "old": "2", "new": "4", "effect": "power_cycle"}]
    assert shown["diff"]["empty"] is False


#: What no run changes of a machine that exists: the lock keeps it (`stardock.plan.machine.kept`), or it is the name for the rest.
KEPT = {"name", "role", "pool", "pve_node", "vm_id", "interfaces", "image", "snippet_datastore", "disk_interface", "seed_interface"}
KEPT |= {"cicustom", "commands", "boot_commands", "cni", "kubernetes"}


#: The same of a NIC; its zone is for privileges, and no VM has it.
KEPT_OF_A_NIC = {"address", "prefix", "gateway", "ipv6", "zone"}


@pytest.mark.parametrize("field", sorted({field.name for field in fields(Machine)} - KEPT))
def test_every_field_of_a_machine_that_a_run_can_change_is_compared(field: str) -> None:
    machine = replace(plan_of(document())[0].machine("lb1"), data_disks=(DataDisk(name="a", size_gib=1, datastore="x", slot=1),))
    told = compared_fields(machine) != compared_fields(replace(machine, **{field: another(getattr(machine, field), field)}))
    assert told, f"`runner plan` tells no edit of {field}: add it to stardock/plan/views/aspects.py, or to KEPT where no run changes it"


@pytest.mark.parametrize("field", sorted({field.name for field in fields(Interface)} - KEPT_OF_A_NIC))
def test_every_field_of_a_nic_that_a_run_can_change_is_compared(field: str) -> None:
    machine = plan_of(document())[0].machine("lb1")
    (nic,) = machine.interfaces
    other = replace(nic, **{field: another(getattr(nic, field), field)})
    assert compared_fields(machine) != compared_fields(replace(machine, interfaces=(other,)))


def compared_fields(machine: Machine) -> dict[str, tuple[str, ...]]:
    return {**hardware("quickstart", machine), **setup(machine), **guards(machine)}


def another(value: Any, field: str) -> Any:
    """Some other value of the same type."""
    special: dict[str, Any] = {
        "users": (User(name="other"),),
        "window": Window(start="03:00", duration_minutes=1),
        "data_disks": (DataDisk(name="a", size_gib=2, datastore="x", slot=1),),
        "disk_options": DiskOptions(cache="writeback"),
        "devices": (Device(mapping="gpu"),),
        "usb": (Usb(mapping="zigbee"),),
        "startup": Startup(order=99),
        "agent": Agent(enabled=False),
        "ha": Ha(max_restart=7),
        "files": (UserFile(path="/x", content="y"),),
        "secret_files": (SecretFile(path="/x", source="env:X"),),
        "proxy": PackageProxy(http="http://x:1", https="http://x:1"),
        "routes": (Route(to="10.9.0.0/16", via="192.168.1.9"),),
        "labels": {"a": "b"},
        "options": {"debug": True},
        "mtu": 1400,
        "vlan": 7,
        "trunks": ("7-8",),
        "metric": 5,
    }
    if field in special:
        return special[field]
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return (*value, "other")
    return value + 1 if isinstance(value, int) else "other"
