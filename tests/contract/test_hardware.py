"""All that a pool can say of its VMs, made by the real provider: what PVE is sent, a clean second plan, and edits in place."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.contract.engine import Change, Engine, engine
from tests.contract.estate import USUAL, Estate, estate
from tests.plans import document
from tests.synth.running import synthesize, write_cluster

pytestmark = [pytest.mark.contract, pytest.mark.one_life("hardware")]

Data = dict[str, Any]
VM = "proxmox_virtual_environment_vm"

DATA: list[Data] = [
    {"name": "longhorn", "size": "30GiB", "mount": "/var/lib/longhorn", "filesystem": "xfs"},
    {"name": "raw", "size": "10GiB", "datastore": "local-lvm", "backup": False, "replicate": False, "limits": {"iops_wr": 500}},
]
#: Everything that PVE takes from a token.
RICH: Data = {
    "cores": 4, "sockets": 2, "cpu": "host", "memory": "4GiB", "numa": True, "balloon": 0, "disk": "20GiB", "disk_datastore": "nvme",
    "firmware": "ovmf", "tpm": True,
    "data_disks": DATA,
    "disk_options": {"aio": "native", "cache": "directsync", "discard": False, "iothread": False, "ssd": False,
                     "limits": {"mbps_rd": 200, "mbps_rd_max": 400}},
    "usb": ["zigbee", {"mapping": "ups", "usb3": True}],
    "devices": ["gpu", {"mapping": "vgpu", "mdev": "nvidia-63"}],
    "pve_pool": "lab", "description": "GPU node\nof ${the} lab", "tags": ["gpu"], "startup": {"order": 7, "up_delay": 30, "down_delay": 60},
    "agent": {"timeout": "5m"}, "stop_on_destroy": False, "on_boot": False,
    "interfaces": [{"bridge": "vmbr0", "vlan": 10, "mtu": 9000, "firewall": True, "dhcp": True}, {"bridge": "vmbr0", "model": "e1000"},
                   {"bridge": "vmbr0", "vlan": 5, "trunks": "20;10;30-33"}],
}  # fmt: skip
#: The plainest, by the agent's own words.
PLAIN: Data = {"chipset": "i440fx", "serial": False, "balloon": "1GiB", "memory": "2GiB"}


def cluster(pve: Estate) -> Data:
    """One server of defaults, one plain agent, one with everything."""
    data = document("single")
    data["proxmox"] |= {"endpoint": pve.settings.endpoint, "nodes": []}
    for name, port in pve.ssh_ports.items():
        data["proxmox"]["nodes"].append({"name": name, "address": "127.0.0.1", "ssh_port": port})
    data["pools"] = [
        {"name": "servers", "role": "server", "machines": ["server1"]},
        {"name": "plain", "role": "agent", "machines": ["plain1"], "vm_id_start": 300, **PLAIN},
        {"name": "rich", "role": "agent", "machines": ["rich1"], "vm_id_start": 400, "nodes": ["pve1"], **copy.deepcopy(RICH)},
    ]
    return data


@dataclass
class Made:
    """A cluster as it was applied, edited step by step."""

    pve: Estate
    folder: Path
    data: Data
    last: tuple[Data, Engine] | None = field(default=None, repr=False)

    def engine(self, edit: Callable[[Data], None] = lambda _: None) -> Engine:
        """The engine over the JSON of the edited cluster.yaml; the last one's where nothing is edited."""
        edit(self.data)
        if self.last is None or self.last[0] != self.data:
            self.last = copy.deepcopy(self.data), self._synthesized()
        return self.last[1]

    def _synthesized(self) -> Engine:
        shutil.rmtree(self.folder / "cdktf.out", ignore_errors=True)
        made = engine(self.pve, synthesize(write_cluster(self.folder, self.data)).path.parent)
        made.init()
        return made

    def config(self, name: str) -> Data:
        """How PVE keeps a machine."""
        found = next(vm for vm in self.pve.listed() if vm["name"] == name)
        return dict(self.pve.get(f"/nodes/{found['node']}/qemu/{found['vmid']}/config"))


def machines(changes: list[Change]) -> dict[str, tuple[str, ...]]:
    """What would happen to machines."""
    return {change.address.removeprefix(f"{VM}."): change.actions for change in changes if change.address.startswith(f"{VM}.")}


def keys(text: str) -> Data:
    """A property string."""
    return {key: value for key, _, value in (part.partition("=") for part in text.split(","))}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The cluster, applied once."""
    with estate(tmp_path_factory.mktemp("pve"), ssh=True, storages=USUAL | {"nvme": "zfspool"}) as pve:
        for pool in ("lab", "other"):
            assert pve.ask("POST", "/pools", poolid=pool).status == 200
        for name, path in (("gpu", "0000:01:00.0"), ("vgpu", "0000:02:00.0")):
            assert pve.ask("POST", "/cluster/mapping/pci", id_=name, map_=f"node=pve1,path={path},id=10de:2204").status == 200
        for name, usb in (("zigbee", "10c4:ea60"), ("ups", "051d:0002")):
            assert pve.ask("POST", "/cluster/mapping/usb", id_=name, map_=f"node=pve1,id={usb}").status == 200
        pve.lab("reset")
        cluster_made = Made(pve, tmp_path_factory.mktemp("cluster"), cluster(pve))
        cluster_made.engine().apply()
        yield cluster_made


@pytest.mark.proves("feature datastores", "feature hardware")
@pytest.mark.only_looks
def test_everything_is_sent_as_pve_knows_it_and_nothing_was_refused(made: Made) -> None:
    config = made.config("rich1")
    told = {key: config[key] for key in ("bios", "machine", "cores", "sockets", "numa", "memory", "balloon", "onboot", "startup", "agent")}
    assert told == {
        "bios": "ovmf",
        "machine": "q35",
        "cores": 2,
        "sockets": 2,
        "numa": 1,
        "memory": "4096",
        "balloon": 0,
        "onboot": 0,
        "startup": "order=7,up=30,down=60",
        "agent": "enabled=1,fstrim_cloned_disks=0,type=virtio",
    }
    assert (config["cpu"], config["description"], config["tags"]) == (
        "host",
        "GPU node\nof ${the} lab",
        "agent;gpu;single;stardock",
    )
    assert (keys(config["efidisk0"])["efitype"], keys(config["tpmstate0"])["version"]) == ("4m", "v2.0")
    assert {"mapping": "gpu", "pcie": "1", "rombar": "1"}.items() <= keys(config["hostpci0"]).items()
    assert {"mapping": "vgpu", "mdev": "nvidia-63"}.items() <= keys(config["hostpci1"]).items()
    assert {"tag": "10", "mtu": "9000", "firewall": "1"}.items() <= keys(config["net0"]).items()
    assert ("e1000" in keys(config["net1"]), keys(config["net1"])["firewall"]) == (True, "0")
    assert (config["serial0"], made.pve.get("/pools", poolid="lab")[0]["members"][0]["name"]) == ("socket", "rich1")
    refused = {key: count for key, count in made.pve.lab("status")["requests"].items() if not key.endswith(" 200")}
    assert refused == {}


@pytest.mark.proves("feature hardware")
@pytest.mark.only_looks
def test_flags_of_disks_are_sent_as_pve_knows_them(made: Made) -> None:
    config = made.config("rich1")
    first = {"aio": "native", "backup": "1", "cache": "directsync", "discard": "ignore", "iothread": "0", "mbps_rd": "200"}
    assert (first | {"mbps_rd_max": "400", "replicate": "1", "ssd": "0"}).items() <= keys(config["scsi0"]).items()
    assert {"backup": "0", "replicate": "0", "iops_wr": "500", "cache": "none"}.items() <= keys(config["virtio2"]).items()
    usual = {"aio": "io_uring", "backup": "1", "cache": "none", "discard": "on", "iothread": "1", "replicate": "1", "ssd": "1"}
    assert usual.items() <= keys(made.config("server1")["scsi0"]).items()


@pytest.mark.proves("case 12-usb-mapping")
@pytest.mark.only_looks
def test_usb_devices_are_sent_by_mapping_in_their_order(made: Made) -> None:
    config = made.config("rich1")
    assert [keys(config[f"usb{n}"]) for n in range(2)] == [{"mapping": "zigbee", "usb3": "0"}, {"mapping": "ups", "usb3": "1"}]


@pytest.mark.proves("case 11-vlan-trunk")
@pytest.mark.only_looks
def test_trunks_reach_proxmox_one_by_one_beside_the_native_vlan(made: Made) -> None:
    assert {"tag": "5", "trunks": "10;20;30;31;32;33"}.items() <= keys(made.config("rich1")["net2"]).items()


@pytest.mark.proves("case 06-storage-per-pool")
@pytest.mark.only_looks
def test_all_drives_of_a_pool_lie_on_its_datastore_but_those_that_name_another(made: Made) -> None:
    config = made.config("rich1")
    lies = {key: str(config[key]).partition(":")[0] for key in ("scsi0", "scsi1", "efidisk0", "tpmstate0", "virtio1", "virtio2")}
    assert lies == dict.fromkeys(("scsi0", "scsi1", "efidisk0", "tpmstate0", "virtio1"), "nvme") | {"virtio2": "local-lvm"}
    assert str(made.config("server1")["scsi0"]).startswith("local-lvm:")


@pytest.mark.proves("feature data disks")
@pytest.mark.only_looks
def test_data_disks_are_virtio_disks_with_their_names_as_serials(made: Made) -> None:
    config = made.config("rich1")
    disks = {name: keys(config[name]) for name in ("virtio1", "virtio2")}
    assert {name: (disk["serial"], disk["size"]) for name, disk in disks.items()} == {
        "virtio1": ("longhorn", "30G"),
        "virtio2": ("raw", "10G"),
    }
    assert config["boot"] == "order=scsi0;net0", "no machine boots from its data"


@pytest.mark.proves("feature hardware")
@pytest.mark.only_looks
def test_the_plainest_vm_has_a_balloon_an_i440fx_and_no_console(made: Made) -> None:
    config = made.config("plain1")
    assert (config.get("machine"), config["balloon"], config["memory"], "serial0" in config) == (None, 1024, "2048", False)
    server = made.config("server1")
    assert (server["balloon"], server["machine"], server["serial0"], server["bios"]) == (0, "q35", "socket", "seabios")
    assert not {"efidisk0", "tpmstate0", "hostpci0", "virtio1"} & server.keys()


@pytest.mark.only_looks
def test_the_second_plan_is_clean(made: Made) -> None:
    assert made.engine().plan() == []


@pytest.mark.proves("feature hardware")
def test_what_a_running_vm_takes_is_changed_in_place_and_at_once(made: Made) -> None:
    def edit(data: Data) -> None:
        rich = data["pools"][2]
        rich["data_disks"][0]["size"] = "40GiB"
        rich["data_disks"][1] = {"name": "raw", "size": "10GiB", "datastore": "local-lvm", "limits": {"mbps_wr": 50}}
        rich["disk_options"]["limits"] = {"mbps_rd": 300}
        rich["data_disks"].insert(0, {"name": "new", "size": "5GiB", "mount": "/srv/new"})
        rich |= {"pve_pool": "other", "description": "moved", "tags": ["x"], "startup": {"order": 8}, "on_boot": True}
        rich["interfaces"][0] |= {"firewall": False, "mtu": 1500, "vlan": 11}
        rich["interfaces"][2] |= {"trunks": 40}

    edited = made.engine(edit)
    assert machines(edited.plan()) == {"rich1": ("update",)}
    said = edited.apply()
    assert "a reboot is required" not in said, "all of it is live"
    config = made.config("rich1")
    sizes = {name: (keys(config[name])["serial"], keys(config[name])["size"]) for name in ("virtio1", "virtio2", "virtio3")}
    assert sizes == {"virtio1": ("longhorn", "40G"), "virtio2": ("raw", "10G"), "virtio3": ("new", "5G")}
    assert (config["description"], config["startup"], config["onboot"]) == ("moved", "order=8", 1)
    assert {"tag": "11", "mtu": "1500", "firewall": "0"}.items() <= keys(config["net0"]).items()
    assert keys(config["net2"])["trunks"] == "40"
    limits = {name: {key: value for key, value in keys(config[name]).items() if "ps_" in key} for name in ("scsi0", "virtio2")}
    assert limits == {"scsi0": {"mbps_rd": "300"}, "virtio2": {"mbps_wr": "50"}}
    assert (keys(config["virtio2"])["backup"], keys(config["virtio2"])["replicate"]) == ("1", "1")
    members = {pool: [one["name"] for one in made.pve.get("/pools", poolid=pool)[0]["members"]] for pool in ("lab", "other")}
    assert members == {"lab": [], "other": ["rich1"]}
    assert edited.plan() == []


@pytest.mark.proves("feature hardware")
def test_what_needs_a_power_cycle_is_changed_in_place_and_waits_for_it(made: Made) -> None:
    def edit(data: Data) -> None:
        data["pools"][2] |= {
            "cores": 2,
            "sockets": 1,
            "numa": False,
            "memory": "6GiB",
            "cpu": "x86-64-v3",
            "serial": False,
            "devices": ["gpu"],
            "usb": ["ups"],
            "disk_options": {"cache": "writeback"},
        }
        data["pools"][1] |= {"balloon": 0, "agent": {"enabled": True, "timeout": "1m"}}

    edited = made.engine(edit)
    assert machines(edited.plan()) == {"rich1": ("update",), "plain1": ("update",)}
    made.pve.lab("reset")
    edited.apply()
    power = [one["path"] for one in made.pve.lab("requests") if one["method"] == "POST" and "/status/" in one["path"]]
    assert power == [], "no apply switches a machine off"
    config = made.config("rich1")
    assert (config["cores"], config["sockets"], config["numa"], config["memory"], config["cpu"]) == (2, 1, 0, "6144", "x86-64-v3")
    assert not {"serial0", "hostpci1", "usb1"} & config.keys()
    flags = {"aio": "io_uring", "cache": "writeback", "discard": "on", "iothread": "1", "ssd": "1"}
    assert flags.items() <= keys(config["scsi0"]).items()
    assert "mbps_rd" not in keys(config["scsi0"])
    assert keys(config["usb0"]) == {"mapping": "ups", "usb3": "0"}
    assert edited.plan() == []


@pytest.mark.proves("case 11-vlan-trunk")
def test_a_range_that_was_written_by_hand_ends_every_plan_in_the_provider(made: Made) -> None:
    nic = made.config("rich1")["net2"]
    made.pve.lab("config", vm_id=400, set={"net2": nic.replace("trunks=40", "trunks=40-42")})
    assert "failed to parse trunk" in made.engine().run("plan", "-input=false", fails=True)
    made.pve.lab("config", vm_id=400, set={"net2": nic})
    assert made.engine().plan() == []


def test_what_only_a_new_vm_can_have_plans_nothing(made: Made) -> None:
    before = copy.deepcopy(made.data)

    def edit(data: Data) -> None:
        rich = data["pools"][2]
        rich |= {"firmware": "seabios", "chipset": "i440fx", "tpm": False, "disk": "10GiB", "disk_datastore": "local-lvm"}
        rich["data_disks"] = [DATA[0] | {"size": "1GiB", "datastore": "local", "filesystem": "ext4"}]
        del rich["pve_pool"]

    assert made.engine(edit).plan() == []
    made.data = before


def password(pve: Estate, environment: dict[str, str]) -> dict[str, str]:
    """The environment with root@pam's password in place of the token."""
    pve.lab("password", user="root@pam", password="of-a-test")
    kept = {name: value for name, value in environment.items() if name != "PROXMOX_VE_API_TOKEN"}
    return kept | {"PROXMOX_VE_USERNAME": "root@pam", "PROXMOX_VE_PASSWORD": "of-a-test"}


def test_huge_pages_are_refused_to_a_token_in_pves_own_words_and_taken_from_root_with_a_password(made: Made) -> None:
    edited = made.engine(lambda data: data["pools"][1].update(balloon=0, numa=True, hugepages="2MiB"))
    assert "only root can set 'hugepages' config" in edited.apply(fails=True)
    replace(edited, environment=password(made.pve, edited.environment)).apply()
    assert (made.config("plain1")["hugepages"], made.config("plain1")["numa"]) == ("2", 1)
    assert edited.plan() == [], "the token sees nothing left to do"


@pytest.mark.proves("feature hardware")
def test_destroy_asks_the_guest_first_where_it_shall(made: Made) -> None:
    made.pve.lab("reset")
    made.engine().run("destroy", "-auto-approve")
    asked = {one["path"].split("/")[4]: one["path"].rsplit("/", 1)[1] for one in made.pve.lab("requests") if "/status/s" in one["path"]}
    assert asked == {"210": "stop", "300": "stop", "400": "shutdown"}
    assert made.pve.get("/cluster/resources", type_="vm") == []
