"""The quick start's own stacks, deployed with the real cdktf and tofu; then edits, each planned against that: no machine is touched."""

from __future__ import annotations

import copy
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.patience import patient
from tests.contract.engine import MIRROR, ROOT, Change, Engine, engine
from tests.contract.estate import Estate, estate, provider_environment
from tests.engines import chosen_engine
from tests.plans import document
from tests.synth.running import synthesize, write_cluster

pytestmark = [pytest.mark.contract, pytest.mark.one_life("stacks")]

Data = dict[str, Any]
VM = "proxmox_virtual_environment_vm"
FILE = "proxmox_virtual_environment_file"
MACHINES = {"lb1", "lb2", "server1", "server2", "server3", "agent1"}


def local(pve: Estate) -> Data:
    """The quick start with this PVE's endpoint and nodes, as the lab rewrites it."""
    data = document()
    data["proxmox"]["endpoint"] = pve.settings.endpoint
    for node in data["proxmox"]["nodes"]:
        node |= {"address": "127.0.0.1", "ssh_port": pve.ssh_ports[node["name"]]}
    return data


@dataclass
class Deployed:
    """The quick start as `cdktf deploy` left it: its folder, and what it was made from."""

    pve: Estate
    folder: Path
    data: Data

    def edited(self, folder: Path, edit: Callable[[Data], None]) -> Engine:
        """A copy of cluster.yaml, lock and state, edited and synthesized; the engine there, with the provider that is installed already."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("cdktf.out"))
        data = copy.deepcopy(self.data)
        edit(data)
        stack = synthesize(write_cluster(folder, data)).path.parent
        installed = self.folder / "cdktf.out/stacks/quickstart"
        shutil.copytree(installed / ".terraform", stack / ".terraform", symlinks=True)
        shutil.copyfile(installed / ".terraform.lock.hcl", stack / ".terraform.lock.hcl")
        return engine(self.pve, stack)


@pytest.fixture(scope="module")
def pve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """An emulated PVE with sshds."""
    with estate(tmp_path_factory.mktemp("pve"), ssh=True) as made:
        yield made


@pytest.fixture(scope="module")
def deployed(pve: Estate, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """The quick start, brought up by `cdktf deploy` as README says."""
    folder = tmp_path_factory.mktemp("quickstart")
    data = local(pve)
    cdktf(pve, write_cluster(folder, data), "deploy", "--auto-approve", "--skip-provider-lock")
    return Deployed(pve, folder, data)


def cdktf(pve: Estate, cluster_file: Path, verb: str, *options: str) -> str:
    """One cdktf command in the checkout, with the JSON beside the cluster file; its output."""
    output = str(cluster_file.parent / "cdktf.out")
    ours = {
        "STARDOCK_FILE": str(cluster_file),
        "STARDOCK_LOCK": "write",
        "TERRAFORM_BINARY_NAME": chosen_engine().name,
        "TF_CLI_CONFIG_FILE": str(MIRROR),
    }
    path = os.pathsep.join([str(chosen_engine().parent), str(ROOT / "node_modules/.bin"), os.environ["PATH"]])
    done = subprocess.run(
        ["cdktf", verb, *options, "--output", output, "quickstart"],
        cwd=ROOT, env=provider_environment(pve) | ours | {"PATH": path}, capture_output=True, text=True, check=False, timeout=patient(120),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def stack(deployed: Deployed) -> Engine:
    """tofu in the folder that cdktf synthesized."""
    return engine(deployed.pve, deployed.folder / "cdktf.out/stacks/quickstart")


def of_machines(changes: list[Change]) -> dict[str, tuple[str, ...]]:
    """What would happen to machines, by name."""
    return {change.address.removeprefix(f"{VM}."): change.actions for change in changes if change.address.startswith(f"{VM}.")}


@pytest.mark.proves("feature Terraform half")
@pytest.mark.only_looks
def test_cdktf_deploy_makes_the_machines_and_every_request_was_accepted(deployed: Deployed) -> None:
    vms = deployed.pve.listed()
    assert {vm["name"] for vm in vms} == MACHINES
    assert {vm["status"] for vm in vms} == {"running"}
    assert {tuple(vm["tags"].split(";"))[-1] for vm in vms} == {"stardock"}
    refused = {key: count for key, count in deployed.pve.lab("status")["requests"].items() if not key.endswith(" 200")}
    assert refused == {}


@pytest.mark.proves("hostile 18")
@pytest.mark.only_looks
def test_cdktf_deploy_does_not_follow_a_workspace_of_the_environment(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = provider_environment(deployed.pve)
    monkeypatch.setattr(f"{__name__}.provider_environment", lambda _pve: usual | {"TF_WORKSPACE": "prod"})
    with pytest.raises(AssertionError, match="TF_WORKSPACE in the environment would lead the engine that applies this away"):
        cdktf(deployed.pve, deployed.folder / "cluster.yaml", "deploy", "--auto-approve", "--skip-provider-lock")
    assert not [*deployed.folder.rglob("terraform.tfstate.d")]


@pytest.mark.only_looks
def test_each_machine_gets_its_three_snippets_as_its_seed(deployed: Deployed) -> None:
    config = deployed.pve.get("/nodes/pve1/qemu/200/config")
    assert config["cicustom"] == ",".join(f"{kind}=local:snippets/quickstart.lb1.{kind}.yaml" for kind in ("meta", "network", "user"))
    assert deployed.pve.hypervisor.guests[200].seed.meta.startswith(b"instance-id: quickstart-lb1")  # type: ignore[attr-defined]


@pytest.mark.proves("feature Terraform half")
@pytest.mark.only_looks
def test_bare_tofu_in_the_stacks_folder_plans_nothing(deployed: Deployed) -> None:
    assert stack(deployed).plan() == []


@pytest.mark.proves("feature state beside the file")
@pytest.mark.only_looks
def test_state_and_its_backup_stay_0600(deployed: Deployed) -> None:
    stack(deployed).apply()
    states = list(deployed.folder.glob("cluster.tfstate*"))
    assert states
    assert {stat.S_IMODE(path.stat().st_mode) for path in states} == {0o600}


def add_key(data: Data) -> None:
    data["ssh"]["keys"].append("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3RzLW9mLXN0YXJkb2NrLWFub3RoZXIta2V5LWFhYWE another")


def add_package(data: Data) -> None:
    data["cloud_init"] = {"packages": ["htop"]}


def change_dns(data: Data) -> None:
    for role in ("loadbalancer", "server", "agent"):
        data["network"][role][0]["dns"] = ["192.168.1.2"]


def change_routes(data: Data) -> None:
    """Also what is held back: IPv6 on machines that exist."""
    for role in ("loadbalancer", "server", "agent"):
        data["network"][role][0] |= {"routes": [{"to": "10.9.0.0/16", "via": "192.168.1.2"}], "metric": 500, "ipv6": {"slaac": True}}


def pin_image(data: Data) -> None:
    data["image"] |= {"url": "https://images.example/debian-13-20261101.qcow2", "checksum": "sha512:" + "a" * 128}


def add_pve_node_first(data: Data) -> None:
    data["proxmox"]["nodes"].insert(0, {"name": "pve0", "address": "127.0.0.1"})


def reverse_pve_nodes(data: Data) -> None:
    data["proxmox"]["nodes"].reverse()


def reverse_pools(data: Data) -> None:
    data["pools"].reverse()


def take_pool_out(data: Data) -> None:
    del data["pools"][2]


def take_name_out(data: Data) -> None:
    data["pools"][1]["machines"].remove("server2")


def all_at_once(data: Data) -> None:
    for edit in (add_key, add_package, change_dns, pin_image, reverse_pve_nodes, reverse_pools):
        edit(data)


@pytest.mark.parametrize("edit", [add_key, add_package, change_dns, change_routes, all_at_once], ids=lambda edit: edit.__name__)
def test_an_edit_of_what_first_boot_says_touches_no_machine(deployed: Deployed, tmp_path: Path, edit: Callable[[Data], None]) -> None:
    changes = deployed.edited(tmp_path / "copy", edit).plan()
    assert changes
    assert of_machines(changes) == {}


@pytest.mark.parametrize(
    "edit",
    [pin_image, add_pve_node_first, reverse_pve_nodes, reverse_pools, take_pool_out, take_name_out],
    ids=lambda edit: edit.__name__,
)
def test_an_edit_of_image_places_and_order_plans_nothing_for_what_is_there(
    deployed: Deployed, tmp_path: Path, edit: Callable[[Data], None]
) -> None:
    assert deployed.edited(tmp_path / "copy", edit).plan() == []


def test_an_inserted_name_is_made_and_nothing_else_changes(deployed: Deployed, tmp_path: Path) -> None:
    def insert(data: Data) -> None:
        pin_image(data)
        data["pools"][1]["machines"].insert(1, "server-new")
        data["proxmox"]["nodes"].insert(0, {"name": "pve0", "address": "127.0.0.1"})

    changes = deployed.edited(tmp_path / "copy", insert).plan()
    assert of_machines(changes) == {"server-new": ("create",)}
    assert {change.actions for change in changes} == {("create",)}, "its image, its snippets"
    assert sum(change.address.startswith("proxmox_download_file.") for change in changes) == 1


@pytest.mark.proves("feature Terraform half")
def test_a_name_under_remove_goes_and_only_that(deployed: Deployed, tmp_path: Path) -> None:
    def remove(data: Data) -> None:
        take_name_out(data)
        data["remove"] = ["server2"]

    changes = deployed.edited(tmp_path / "copy", remove).plan()
    assert of_machines(changes) == {"server2": ("delete",)}
    assert {change.address for change in changes} == {f"{VM}.server2", *(f"{FILE}.server2-{kind}" for kind in ("user", "network", "meta"))}


def test_a_larger_disk_and_more_memory_change_in_place(deployed: Deployed, tmp_path: Path) -> None:
    def grow(data: Data) -> None:
        data["pools"][2] |= {"disk": "60GiB", "memory": "8GiB"}

    changes = deployed.edited(tmp_path / "copy", grow).plan()
    assert [(change.address, change.actions) for change in changes] == [(f"{VM}.agent1", ("update",))]


def test_a_snippet_deleted_by_hand_comes_back_without_touching_its_machine(deployed: Deployed) -> None:
    pve = deployed.pve
    assert pve.do("DELETE", "/nodes/pve1/storage/local/content/local:snippets%2Fquickstart.lb1.user.yaml").status == "OK"
    config = pve.get("/nodes/pve1/qemu/200/config")
    made = stack(deployed)
    assert [(change.address, change.actions) for change in made.plan()] == [(f"{FILE}.lb1-user", ("create",))]
    pve.lab("reset")
    made.apply()
    assert (pve.directory / "pve/pve1/local/snippets/quickstart.lb1.user.yaml").is_file()
    assert pve.get("/nodes/pve1/qemu/200/config") == config
    assert [one["path"] for one in pve.lab("requests") if one["method"] != "GET" and "/qemu" in one["path"]] == []


def test_after_edits_a_power_cycle_is_no_new_instance(deployed: Deployed, tmp_path: Path) -> None:
    """Same meta, other user-data: cloud-init sees the instance that it knows."""
    pve = deployed.pve
    guests = pve.hypervisor.guests  # type: ignore[attr-defined]
    before = guests[200].seed
    deployed.edited(tmp_path / "copy", add_key).apply()
    assert pve.do("POST", "/nodes/pve1/qemu/200/status/reboot").status == "OK"
    assert guests[200].seed.meta == before.meta
    assert guests[200].seed.user != before.user
    assert guests[200].generation
    stack(deployed).apply()  # back to what the other tests know


def test_cdktf_destroy_leaves_no_machine(deployed: Deployed) -> None:
    cdktf(deployed.pve, deployed.folder / "cluster.yaml", "destroy", "--auto-approve", "--skip-provider-lock")
    assert deployed.pve.get("/cluster/resources", type_="vm") == []
