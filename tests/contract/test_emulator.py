"""How the emulated PVE behaves over time: seeds, power, agents, tasks, restarts, storages of nodes."""

from __future__ import annotations

import hashlib
import stat
import threading
import time
from pathlib import Path

import pytest

from lab.machines.hypervisor import Guest, GuestError, Seed
from lab.pve import PowerFlags
from tests.contract.estate import Estate, estate

pytestmark = pytest.mark.contract

MAC = "BC:24:11:00:00:01"


def flags(pve: Estate) -> PowerFlags:
    """The hypervisor of these labs."""
    assert isinstance(pve.hypervisor, PowerFlags)
    return pve.hypervisor


def make(pve: Estate, vm_id: int = 100, cicustom: str | None = None) -> str:
    """A VM with an image's disk, a NIC, an agent and a cloud-init drive; its path."""
    image = {"content": "import", "filename": "root.qcow2", "url": "https://images.example/root.qcow2"}
    if not pve.get("/nodes/pve1/storage/local/content", content="import"):
        assert pve.do("POST", "/nodes/pve1/storage/local/download-url", **image).status == "OK"
    custom = {"cicustom": cicustom} if cicustom else {}
    task = pve.do(
        "POST", "/nodes/pve1/qemu", vmid=vm_id, name=f"vm{vm_id}", cores=2, memory=2048, agent="enabled=1", ide2="local-lvm:cloudinit",
        scsi0="local-lvm:0,import-from=local:import/root.qcow2", boot="order=scsi0", net0=f"virtio={MAC},bridge=vmbr0,tag=10", **custom,
    )  # fmt: skip
    assert task.status == "OK"
    return f"/nodes/pve1/qemu/{vm_id}"


def started(pve: Estate, vm: str) -> Guest:
    """Starts a VM; what the hypervisor was given."""
    assert pve.do("POST", f"{vm}/status/start").status == "OK"
    return flags(pve).guests[int(vm.rpartition("/")[2])]


def seed_of(guest: Guest) -> Seed:
    """The seed of a guest that has one."""
    assert guest.seed is not None
    return guest.seed


def test_a_guest_is_what_the_configuration_says(pve: Estate) -> None:
    vm = make(pve)
    pve.do("PUT", f"{vm}/resize", disk="scsi0", size="20G")
    guest = started(pve, vm)
    nic = guest.nics[0]
    assert (guest.name, guest.cores, guest.memory_mib, guest.disk_bytes) == ("vm100", 2, 2048, 20 * 1024**3)
    assert (nic.index, nic.mac, nic.bridge, nic.vlan, nic.model) == (0, MAC, "vmbr0", 10, "virtio")
    assert guest.generation


def test_the_disks_generation_is_new_with_each_import_and_with_nothing_else(pve: Estate) -> None:
    vm = make(pve)
    first = started(pve, vm).generation
    pve.do("POST", f"{vm}/status/stop")
    pve.ask("PUT", f"{vm}/config", cores=4)
    assert started(pve, vm).generation == first
    pve.do("POST", f"{vm}/status/stop")
    assert pve.do("DELETE", vm).status == "OK"
    assert started(pve, make(pve)).generation != first


@pytest.mark.proves("reality A3")
def test_a_snippet_of_more_than_1_mib_fails_the_start_and_vendor_data_is_there_and_empty(pve: Estate) -> None:
    user = pve.snippet("pve1", "u.yaml", "#cloud-config\n".ljust(1024**2, "#"))
    vm = make(pve, cicustom=f"user={user}")
    assert seed_of(started(pve, vm)).vendor == b""
    pve.do("POST", f"{vm}/status/stop")
    pve.snippet("pve1", "u.yaml", "#cloud-config\n".ljust(1024**2 + 1, "#"))
    assert pve.do("POST", f"{vm}/status/start").status == "file '/var/lib/vz/snippets/u.yaml' too long - aborting"


def test_without_a_meta_snippet_the_instance_id_is_the_hash_of_user_and_network(pve: Estate) -> None:
    user, network = pve.snippet("pve1", "u.yaml", "#cloud-config\n"), pve.snippet("pve1", "n.yaml", "version: 2\n")
    seed = seed_of(started(pve, make(pve, cicustom=f"user={user},network={network}")))
    digest = hashlib.sha1(b"#cloud-config\nversion: 2\n", usedforsecurity=False).hexdigest()
    assert (seed.user, seed.network, seed.meta) == (b"#cloud-config\n", b"version: 2\n", f"instance-id: {digest}\n".encode())


def test_the_seed_is_rebuilt_at_each_start_and_not_at_a_reset(pve: Estate) -> None:
    user, meta = pve.snippet("pve1", "u.yaml", "one"), pve.snippet("pve1", "m.yaml", "instance-id: mine\n")
    vm = make(pve, cicustom=f"user={user},meta={meta}")
    started(pve, vm)
    pve.snippet("pve1", "u.yaml", "two")
    assert pve.do("POST", f"{vm}/status/reset").status == "OK"
    assert seed_of(flags(pve).guests[100]).user == b"one"
    assert pve.do("POST", f"{vm}/status/reboot").status == "OK"
    seed = seed_of(flags(pve).guests[100])
    assert (seed.user, seed.meta) == (b"two", b"instance-id: mine\n")


def test_without_snippets_the_seed_comes_from_the_configuration(pve: Estate) -> None:
    vm = make(pve)
    pve.ask(
        "PUT", f"{vm}/config", ciuser="ops", sshkeys="ssh-ed25519%20AAAA", ipconfig0="ip=10.0.0.5/24,gw=10.0.0.1", nameserver="10.0.0.1"
    )
    seed = seed_of(started(pve, vm))
    assert b"user: ops\n" in seed.user
    assert b"  - ssh-ed25519 AAAA\n" in seed.user
    assert f"mac_address: '{MAC.lower()}'".encode() in seed.network
    assert b"netmask: '255.255.255.0'" in seed.network


def test_the_agent_is_silent_until_the_guest_has_one(pve: Estate) -> None:
    vm = make(pve)
    path = f"{vm}/agent/network-get-interfaces"
    assert pve.ask("GET", path).reason == "VM 100 is not running"
    started(pve, vm)
    silent = pve.ask("GET", path)
    assert (silent.status, silent.reason) == (500, "QEMU guest agent is not running")
    pve.lab("agent", vm_id=100, interfaces=[{"name": "ens18", "mac": MAC, "addresses": [["192.168.1.50", 24]]}])
    (told,) = pve.get(path)["result"]
    assert (told["name"], told["hardware-address"]) == ("ens18", MAC.lower())
    assert told["ip-addresses"] == [{"ip-address": "192.168.1.50", "ip-address-type": "ipv4", "prefix": 24}]
    pve.lab("agent", vm_id=100, silent=True)
    assert pve.ask("GET", path).reason == "QEMU guest agent is not running"


def test_the_agent_reads_files(pve: Estate) -> None:
    vm = make(pve)
    started(pve, vm)
    pve.lab("agent", vm_id=100, interfaces=[], files={"/etc/ssh/ssh_host_ed25519_key.pub": "ssh-ed25519 AAAA host\n"})
    whole = pve.get(f"{vm}/agent/file-read", file="/etc/ssh/ssh_host_ed25519_key.pub")
    assert whole == {"content": "ssh-ed25519 AAAA host\n", "bytes-read": 22}
    assert pve.get(f"{vm}/agent/file-read", file="/etc/ssh/ssh_host_ed25519_key.pub", count=11) == {
        "content": "ssh-ed25519", "bytes-read": 11, "truncated": 1,
    }  # fmt: skip
    absent = pve.ask("GET", f"{vm}/agent/file-read", file="/absent")
    assert (absent.status, "No such file or directory" in absent.reason) == (500, True)


def test_a_guest_that_died_shows_stopped(pve: Estate) -> None:
    vm = make(pve)
    started(pve, vm)
    pve.lab("kill", vm_id=100)
    assert pve.get(f"{vm}/status/current")["status"] == "stopped"
    assert [one["status"] for one in pve.listed()] == ["stopped"]


class Stubborn(PowerFlags):
    """A guest that does not shut down in time, and one that does not start."""

    refuses_start = False

    def start(self, guest: Guest) -> None:
        if self.refuses_start:
            raise GuestError("no more memory")
        super().start(guest)

    def shutdown(self, vm_id: int, timeout: float) -> None:  # noqa: ARG002
        time.sleep(min(timeout, 1.0))
        raise GuestError(f"still up after {timeout} s")


def test_a_shutdown_waits_fails_and_forces(tmp_path: Path) -> None:
    with estate(tmp_path, hypervisor=Stubborn()) as pve:
        vm = make(pve)
        pve.do("POST", f"{vm}/status/start")
        assert pve.do("POST", f"{vm}/status/shutdown", timeout=0).status == "VM quit/powerdown failed - got timeout"
        assert pve.get(f"{vm}/status/current")["status"] == "running"
        assert pve.do("POST", f"{vm}/status/shutdown", timeout=0, forceStop=1).status == "OK"
        assert pve.get(f"{vm}/status/current")["status"] == "stopped"


def test_a_start_that_fails_ends_the_task_with_the_hypervisors_words(tmp_path: Path) -> None:
    machines = Stubborn()
    machines.refuses_start = True
    with estate(tmp_path, hypervisor=machines) as pve:
        assert pve.do("POST", f"{make(pve)}/status/start").status == "start failed: no more memory"


def test_two_changes_of_one_vm_wait_for_each_other_and_reading_does_not(tmp_path: Path) -> None:
    with estate(tmp_path, hypervisor=Stubborn()) as pve:
        vm = make(pve)
        pve.do("POST", f"{vm}/status/start")
        upid = pve.ask("POST", f"{vm}/status/shutdown", timeout=1, forceStop=1).data
        time.sleep(0.2)
        assert pve.get(f"{vm}/status/current")["status"] == "running"
        assert pve.get(f"/nodes/pve1/tasks/{upid}/status")["status"] == "running"
        assert pve.do("POST", f"{vm}/status/start").status == "OK", "it waited for the shutdown"


def test_state_survives_a_restart(tmp_path: Path) -> None:
    with estate(tmp_path) as pve:
        vm = make(pve, cicustom=f"user={pve.snippet('pve1', 'u.yaml', 'x')}")
        generation = started(pve, vm).generation
        config = pve.get(f"{vm}/config")
    assert stat.S_IMODE((tmp_path / "pve/state.json").stat().st_mode) == 0o600
    with estate(tmp_path) as pve:
        assert pve.get(f"{vm}/config") == config
        assert pve.get(f"{vm}/status/current")["status"] == "running"
        pve.do("POST", f"{vm}/status/stop")
        assert started(pve, vm).generation == generation


def test_a_killed_writer_leaves_the_state_whole(pve: Estate) -> None:
    """Many requests at once: the file on disk is always a whole one."""
    vm = make(pve)
    seen: list[Exception] = []

    def edit(cores: int) -> None:
        try:
            assert pve.ask("PUT", f"{vm}/config", cores=cores).status == 200
        except Exception as error:  # noqa: BLE001
            seen.append(error)

    threads = [threading.Thread(target=edit, args=(cores,)) for cores in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not seen
    from lab.pve.state import State  # noqa: PLC0415

    assert State(pve.directory / "pve/state.json").vms[100].config["cores"] == pve.get(f"{vm}/config")["cores"]


def test_a_detached_disk_stays_as_unused_until_it_is_deleted(pve: Estate) -> None:
    vm = make(pve)
    assert pve.ask("PUT", f"{vm}/config", delete="scsi0").status == 200
    config = pve.get(f"{vm}/config")
    assert (config["unused0"], "scsi0" in config) == ("local-lvm:vm-100-disk-0", False)
    assert pve.ask("PUT", f"{vm}/config", delete="unused0").status == 200
    assert [volume["volid"] for volume in pve.get("/nodes/pve1/storage/local-lvm/content")] == ["local-lvm:vm-100-cloudinit"]


def test_an_asked_failure_and_a_delay(pve: Estate) -> None:
    vm = make(pve)
    pve.lab("fail", kind="qmstart", message="start failed: QEMU exited with code 1", subject="100")
    assert pve.do("POST", f"{vm}/status/start").status == "start failed: QEMU exited with code 1"
    pve.lab("delay", tasks=0.3)
    began = time.monotonic()
    assert pve.do("POST", f"{vm}/status/start").status == "OK"
    assert time.monotonic() - began > 0.3


def test_status_tells_the_schema_and_counts_requests(pve: Estate) -> None:
    pve.lab("reset")
    pve.get("/version")
    pve.ask("GET", "/nodes", colour="blue")
    status = pve.lab("status")
    assert status["schema"] in {"own", "official"}
    assert status["requests"] == {"GET /nodes 400": 1, "GET /version 200": 1}
    assert [(one["path"], one["status"]) for one in pve.lab("requests")] == [("/version", 200), ("/nodes", 400)]


def test_what_a_doctor_reads(pve: Estate) -> None:
    make(pve)
    assert [node["node"] for node in pve.get("/nodes")] == ["pve1", "pve2", "pve3"]
    assert pve.get("/access/permissions")["/"]["VM.GuestAgent.FileRead"] == 1
    assert {one["storage"] for one in pve.get("/nodes/pve2/storage", content="snippets")} == {"local"}
    assert pve.get("/nodes/pve1/network", type_="bridge")[0]["iface"] == "vmbr0"
    assert [one["vmid"] for one in pve.get("/cluster/resources", type_="vm")] == [100]
    assert pve.get("/storage/local")["path"] == "/var/lib/vz"


@pytest.mark.proves("reality A5")
def test_the_list_of_the_whole_cluster_is_as_old_as_what_the_nodes_last_told_and_the_node_knows(pve: Estate) -> None:
    pve.lab("pvestatd", held=True)
    vm = make(pve)
    (new,) = pve.get("/cluster/resources", type_="vm")
    assert (new["status"], "name" in new, new["node"]) == ("unknown", False, "pve1")
    pve.lab("pvestatd", held=True)
    started(pve, vm)
    (old,) = pve.get("/cluster/resources", type_="vm")
    assert (old["name"], old["status"]) == ("vm100", "stopped")
    assert pve.get(f"{vm}/status/current")["status"] == "running"
