"""`runner import starbase`: what the running cluster has is what the lock holds; what is wrong or differs is told with its line."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from stardock.cli.main import runner
from stardock.model.lock import Lock
from stardock.workspace.lock import load_lock
from stardock.workspace.workspace import open_workspace
from tests.starbase import CUSTOM, GIVEN, TFVARS, checkout, mac_of

pytestmark = pytest.mark.unit


@dataclass
class Imported:
    """A folder in which imports are made."""

    folder: Path

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the command in the folder; what it said."""
        done = CliRunner().invoke(runner, ["import", "starbase", "old", *arguments], catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.output

    def plan(self) -> str:
        """What `runner plan` says; it must succeed."""
        done = CliRunner().invoke(runner, ["plan"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    @property
    def text(self) -> str:
        return (self.folder / "cluster.yaml").read_text()

    @property
    def lock(self) -> Lock:
        found = load_lock(self.folder / "cluster.lock")
        assert found is not None
        return found

    def given(self) -> dict[str, tuple[int, str, str | None]]:
        """Full name -> VM id, PVE node, address."""
        records = [machine.record for machine in self.lock.machines.values()]
        return {record.hostname: (record.vm_id, record.pve_node, record.address) for record in records}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Imported:
    """A folder beside a starbase checkout, no token, no key files."""
    for name in ("PROXMOX_VE_API_TOKEN", "STARDOCK_FILE", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    checkout(tmp_path / "old")
    return Imported(tmp_path)


def state(nodes: dict[str, str] | None = None) -> str:
    """starbase's Terraform state: its VMs, some of them on other PVE nodes than they were placed."""
    vms = [
        {
            "index_key": name,
            "attributes": {
                "name": name,
                "vm_id": vm_id,
                "node_name": (nodes or {}).get(name, node),
                "network_device": [{"mac_address": mac_of(vm_id)}],
            },
        }
        for name, (vm_id, node, _) in GIVEN.items()
    ]
    resources = [{"type": "proxmox_virtual_environment_vm", "name": "controlplane_vm", "instances": vms}, {"type": "random_shuffle"}]
    return json.dumps({"version": 4, "resources": resources})


@pytest.mark.proves("feature import from starbase")
def test_ids_names_pve_nodes_and_addresses_are_those_of_the_running_cluster_whose_order_is_alphabetical(place: Imported) -> None:
    place.run()
    assert place.given() == GIVEN
    assert place.lock.vrid == 51
    assert place.lock.founder == "ktest0"
    said = place.plan()
    assert "ktest10" in said
    assert "Only a replacement brings" not in said
    assert "New in cluster.lock" not in said


def test_the_file_is_commented_and_the_same_inputs_give_the_same_bytes(place: Imported) -> None:
    place.run()
    first = place.text, (place.folder / "cluster.lock").read_bytes()
    assert "{name: ktest10, hostname: ktest10.lan} # VM 212 on pve3, 192.168.1.52" in place.text
    assert place.text.startswith("# Made by `runner import starbase`")
    place.run("--overwrite")
    assert (place.text, (place.folder / "cluster.lock").read_bytes()) == first


def test_packages_mirror_and_strategy_come_along_and_what_stardock_brings_itself_does_not(place: Imported) -> None:
    wanted = TFVARS.replace('"htop"]', '"htop", "vim"]').replace("change_repo = false", "change_repo = true")
    checkout(place.folder / "old", tfvars=wanted)
    place.run()
    data = YAML(typ="safe").load(place.text)
    assert data["cloud_init"] == {"packages": ["vim"], "mirrors": {"microos": "https://mirror.example/opensuse"}}
    assert [pool.get("cloud_init") for pool in data["pools"]] == [None, {"packages": ["open-iscsi"]}, {"packages": ["open-iscsi"]}]
    assert data["maintenance"] == {"slots": [17, 18], "offsets": [0, 15, 30, 45], "duration": "1h", "strategy": "best-effort"}


@pytest.mark.proves("reality B11")
@pytest.mark.parametrize("wanted", ["true", "false"])
def test_the_importer_brings_what_the_origins_clusters_need_under_selinux(place: Imported, wanted: str) -> None:
    """The origin installed the policy as one package more; here it comes with `selinux: true`, with its module, labels and booleans."""
    checkout(place.folder / "old", custom=CUSTOM.replace("selinux: true", f"selinux: {wanted}"))
    place.run()
    assert f"selinux: {wanted}" in place.text
    assert "rke2-selinux" not in place.text
    place.plan()
    records = [machine.record for machine in place.lock.machines.values()]
    kubernetes = [record for record in records if record.role != "loadbalancer"]
    assert {record.selinux for record in kubernetes} == {wanted == "true"}
    assert {"rke2-selinux" in record.packages for record in kubernetes} == {wanted == "true"}
    assert all("open-iscsi" in record.packages for record in kubernetes)


THREE_STORES = (
    TFVARS.replace('disk_datastore  = "local-lvm"', 'disk_datastore = "nvme"', 1)
    .replace('disk_datastore  = "local-lvm"', 'disk_datastore = "hdd-pool"', 1)
    .replace('disk_datastore  = "local-lvm"', 'disk_datastore = "local-zfs"', 1)
)


@pytest.mark.proves("case 07-starbase-three-stores")
def test_each_role_brings_its_datastore_so_that_no_wish_is_open_and_new_machines_go_where_their_role_is(place: Imported) -> None:
    checkout(place.folder / "old", tfvars=THREE_STORES)
    assert "new ones go to" not in place.run()
    workspace = open_workspace(place.folder / "cluster.yaml")
    assert [*workspace.plan.changes, *workspace.plan.replacements] == []
    assert {one.role: one.disk_datastore for one in workspace.plan.machines} == {
        "server": "nvme", "agent": "hdd-pool", "loadbalancer": "local-zfs",
    }  # fmt: skip
    data = YAML().load(place.text)
    agents = next(pool for pool in data["pools"] if pool["role"] == "agent")
    agents["machines"].append("kworker1")
    with (place.folder / "cluster.yaml").open("w") as file:
        YAML().dump(data, file)
    assert open_workspace(place.folder / "cluster.yaml").plan.machine("kworker1").disk_datastore == "hdd-pool"


@pytest.mark.proves("case 07-starbase-three-stores")
def test_a_proxy_and_the_mirrors_are_not_taken_over_and_the_files_to_write_are_named(place: Imported) -> None:
    proxy = 'rke2_proxy: {enable_proxy: true, http_proxy: "http://192.0.2.9:3128", no_proxy: "192.0.2.0/24"}\n'
    checkout(place.folder / "old", custom=CUSTOM + proxy)
    left = place.run().partition("left for you:")[2]
    assert re.search(
        r"custom.yml:8: the mirrors of the embedded registry \(docker.io\) are not taken over: write \S+/registries.yaml", left
    )
    assert re.search(r"custom.yml:12: the proxy is not taken over: write /etc/default/rke2-server and /etc/default/rke2-agent under", left)


def test_no_secret_of_the_origin_is_written_or_said(place: Imported) -> None:
    said = place.run()
    written = "".join(path.read_text() for path in place.folder.glob("cluster.*"))
    assert "planted" not in said + written


def test_the_state_knows_macs_and_where_a_vm_was_moved(place: Imported) -> None:
    (place.folder / "old/infra/terraform.tfstate").write_text(state({"kworker0.lan": "pve9"}))
    said = place.run()
    assert {record.interfaces[0].mac for record in (one.record for one in place.lock.machines.values())} == {
        mac_of(vm_id) for vm_id, *_ in GIVEN.values()
    }
    assert "kworker0.lan is VM 220 on pve9" in said
    assert "nodes: [pve1, pve2, pve3, pve9]" in place.text
    assert place.given()["kworker0.lan"] == (220, "pve9", "192.168.1.60")
    place.plan()


def test_without_state_and_proxmox_the_macs_are_left_to_the_user(place: Imported) -> None:
    assert "the MACs of the VMs are not known" in place.run()
    (place.folder / "old/infra/terraform.tfstate").write_text(state())
    edited = place.text.replace("cpu: x86-64-v2-AES", "cpu: host")
    (place.folder / "cluster.yaml").write_text(edited)
    place.run("--lock-only", "--overwrite")
    assert place.text == edited
    assert place.lock.machines["ktest0"].record.interfaces[0].mac == mac_of(210)


def test_a_machine_that_does_not_stand_is_left_to_be_made(place: Imported) -> None:
    known = json.loads(state())
    known["resources"][0]["instances"].pop()  # kworker0
    (place.folder / "old/infra/terraform.tfstate").write_text(json.dumps(known))
    assert "kworker0.lan does not exist" in place.run()
    assert place.lock.machines["kworker0"].record.cicustom is None
    assert place.lock.machines["ktest0"].record.cicustom is not None


@pytest.mark.proves("reality A1")
@pytest.mark.parametrize(("said", "kept"), [("sata0", "sata0"), ("", "ide2"), (None, "ide2")])
def test_an_imported_machine_keeps_its_cloud_init_drive_whatever_slot_it_is_on(place: Imported, said: str | None, kept: str) -> None:
    known = json.loads(state())
    for instance in known["resources"][0]["instances"]:
        instance["attributes"]["initialization"] = [] if said is None else [{"interface": said}]
    (place.folder / "old/infra/terraform.tfstate").write_text(json.dumps(known))
    place.run()
    assert {machine.record.seed_interface for machine in place.lock.machines.values()} == {kept}
    place.plan()


def test_a_machine_that_does_not_stand_gets_its_drive_where_new_ones_have_it(place: Imported) -> None:
    known = json.loads(state())
    known["resources"][0]["instances"].pop()  # kworker0
    (place.folder / "old/infra/terraform.tfstate").write_text(json.dumps(known))
    place.run()
    assert place.lock.machines["kworker0"].record.seed_interface == "scsi1"


def test_nothing_is_overwritten_without_being_told_and_a_dry_run_writes_nothing(place: Imported) -> None:
    assert "nothing was written" in place.run("--dry-run")
    assert not (place.folder / "cluster.yaml").exists()
    place.run()
    (place.folder / "cluster.yaml").write_text("mine")
    assert "--overwrite" in place.run(code=5)
    assert place.text == "mine"
    (place.folder / "cluster.tfstate").write_text("{}")
    assert "has machines here already" in place.run("--overwrite", code=5)


#: What stands in the origin's example as it is shipped, written into our own file: (old, new), what is said of it.
FAULTS = {
    "the endpoint is empty": (('"ENDPOINT"', '""'), "the endpoint is empty"),
    "the key of the PVE nodes is empty": (('"PRIVATE_KEY"', '""'), "the path of the key is empty"),
    "the account is empty": (('username = "root"', 'username = ""'), "the account on PVE nodes is empty"),
    "a server has the gateway's address": (("offset = 50", "offset = 1"), "the gateway 192.168.1.1 is the address"),
    "a server has the name server's address": (("offset = 50", "offset = 1"), "the name server 192.168.1.1 is the address"),
    "an MTU on e1000": (('bridge = "vmbr0", model = "virtio", vlan_id', 'bridge = "vmbr0", model = "e1000", vlan_id'), "MTU 1400 on e1000"),
    "an MTU below that of IPv6": (("mtu = 1400", "mtu = 1000"), "MTU 1000 is less than IPv6 needs"),
    "an empty password": (('"$6$planted$notarealhash"', '""'), "an empty password hash"),
    "host bits of the base": (("mtu = 1400", "mtu = 1400"), "Terraform counts from 192.168.1.0, not from 192.168.1.77"),
    "Static with a capital": (('type = "static", base_ip = "192.168.1.77"', 'type = "Static", base_ip = "192.168.1.77"'), "DHCP is taken"),
    "static without an address": (('base_ip = "192.168.1.77", ', ""), "DHCP is taken"),
    "slot 25": (("[17, 18]", "[17, 18, 25]"), "reboot_slots"),
    "a window that is none": (('"1h"', '"banana"'), "`banana` is no span"),
    "a strategy that there is not": (('lb_nodes = "best-effort"', 'lb_nodes = "whenever"'), "`whenever` is no strategy"),
    "an empty name server": (("dns_servers    = []", 'dns_servers = [""]'), "an empty name server"),
    "key and value of a PVE node differ": (('pve2 = "pve2"', 'pve2b = "pve2"'), "`pve2b` and `pve2` differ"),
    "a role that there is not": (("  worker  ", "  bastion = {}\n  worker  "), "vms.bastion: there is no such variable"),
    "overlapping ids": (("= 220", "= 212"), "two VMs get the id 212"),
    "a configuration without a NIC": (
        ('network_configs = [{ interface = "ens18", type = "static", base_ip = "192.168.1.77"',
         'network_configs = [{interface = "ens19"}, { interface = "ens18", type = "static", base_ip = "192.168.1.77"'),
        "`ens19` is configured, and no worker has that NIC",
    ),
    "a value of another kind": (("disk_size       = 50", 'disk_size = "much"'), "disk_size: input should be a valid integer"),
    "an expression": (('"local"\n', 'lower("LOCAL")\n'), "this is no plain value"),
    "text that is no HCL": (("available_nodes = {", "broken = [1 2]\navailable_nodes = {"), "left out: lines"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_wrong_in_the_origins_files_is_told_with_its_line_and_the_import_goes_on(
    place: Imported, edit: tuple[str, str], message: str
) -> None:
    assert edit[0] in TFVARS
    checkout(place.folder / "old", tfvars=TFVARS.replace(*edit))
    done = CliRunner().invoke(runner, ["import", "starbase", "old"], catch_exceptions=False)
    told = [line for line in done.output.splitlines() if message in line]
    assert told, done.output
    assert told[0].strip().startswith("old/infra/terraform.tfvars:"), told
    line = int(told[0].split(":")[1])
    assert 0 < line <= len(TFVARS.splitlines()) + 2
    assert (place.folder / "cluster.yaml").exists()
    expected = 3 if message == "two VMs get the id 212" else 0
    assert done.exit_code == expected, done.output


def test_what_only_a_person_knows_is_refused_by_the_plan_with_its_line_and_the_lock_comes_later(place: Imported) -> None:
    checkout(place.folder / "old", custom=CUSTOM.replace("192.168.1.40", ""))
    said = place.run(code=3)
    assert "no VIP is known" in said
    assert not (place.folder / "cluster.lock").exists()
    (place.folder / "cluster.yaml").write_text(place.text.replace("network:\n", "network:\n  vip: 192.168.1.40\n"))
    place.run("--lock-only")
    assert place.given() == GIVEN
    place.plan()


def test_a_worker_less_cluster_and_one_without_custom_yml(place: Imported) -> None:
    bare = TFVARS.replace('{ nodes = { "worker0" : "kworker0.lan" } }', "null").replace(
        '{ nodes = { lb1 = "kload1.lan", lb0 = "kload0.lan" } }', "{ nodes = {} }"
    )
    (place.folder / "old/bootstrap/vars/custom.yml").unlink()
    checkout(place.folder / "old", tfvars=bare, custom=None)
    place.run()
    assert set(place.given()) == {name for name in GIVEN if name.startswith("ktest")}


def test_two_names_that_begin_alike_are_told_apart(place: Imported) -> None:
    checkout(place.folder / "old", tfvars=TFVARS.replace("ktest1.lan", "ktest0.other"))
    place.run()
    assert {"ktest0-lan", "ktest0-other"} <= set(place.lock.machines)


def test_a_folder_without_starbases_files_says_so(place: Imported) -> None:
    (place.folder / "old/infra/terraform.tfvars").unlink()
    assert "there is no terraform.tfvars" in place.run(code=3)


#: What a slip of the hand puts in the place of a value.
SLIPS = ('""', "null", "-1", "0", "true", '"x"', "[]", "{}", "99999999999", '"192.168.1.999"', '[1, "b"]', "{ a = 1 }", "1.5", '"ä"')


@pytest.mark.parametrize("seed", range(10))
def test_values_of_any_kind_in_any_place_are_told_or_refused_and_never_a_traceback(place: Imported, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- no secret
    text = TFVARS
    for _ in range(3):
        at = chance.choice(list(re.finditer(r'(?<== )("[^"\n]*"|\d+|true|false)', text)))
        text = text[: at.start()] + chance.choice(SLIPS) + text[at.end() :]
    checkout(place.folder / "old", tfvars=text)
    done = CliRunner().invoke(runner, ["import", "starbase", "old", "--dry-run"])
    assert done.exit_code in {0, 3}, done.output
    assert "fault of Stardock's" not in done.output


def test_haproxys_algorithm_is_taken_over_and_ports_of_its_own_are_told_with_the_key(place: Imported) -> None:
    custom = next(path for path in place.folder.glob("old/**/custom.yml"))
    custom.write_text(custom.read_text() + "\nhaproxy: {api_port: 7443, balance_algorithm: leastconn}\n")
    said = place.run()
    assert YAML(typ="safe").load(place.text)["api"] == {"haproxy": {"balance": "leastconn"}}
    assert "`api.port` is a further one" in " ".join(said.split())
