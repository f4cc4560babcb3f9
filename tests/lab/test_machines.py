"""Machines boot from what they are given, as a VM would, and keep what a VM would keep."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lab import holder
from lab.machines.agent import AgentError, AgentSilentError
from lab.machines.hypervisor import GuestError, Seed
from lab.patience import patient
from tests.lab.small import DHCP, SmallLab, guest, mac, small_lab, static
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.one_life("machines"), pytest.mark.timeout(400)]
ADDRESS = "192.168.1.51"
HOST_KEY = ("sudo", "cat", "/etc/ssh/ssh_host_ed25519_key.pub")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLab]:
    """One machine with two NICs, static; booted to the end of cloud-init."""
    with small_lab(tmp_path_factory.mktemp("m")) as lab:
        lab.start(guest(lab, 1, static(ADDRESS), static("10.20.0.51", None)), ADDRESS)
        yield lab


@pytest.mark.proves("feature first boot")
@pytest.mark.only_looks
def test_cloud_init_runs_the_seed_to_its_end_without_an_error(lab: SmallLab) -> None:
    assert "status: done" in lab.said(ADDRESS, "cloud-init", "status", "--wait")
    assert lab.said(ADDRESS, "hostname") == "m1"
    assert lab.said(ADDRESS, "cat", "/var/lib/ran") == "ran"


@pytest.mark.only_looks
def test_no_unit_fails(lab: SmallLab) -> None:
    until(lambda: lab.ssh(ADDRESS, "systemctl", "is-system-running").stdout.strip() in {"running", "degraded"}, "the end of the boot")
    assert lab.said(ADDRESS, "systemctl", "list-units", "--failed", "--no-legend") == ""


@pytest.mark.only_looks
def test_nics_have_the_names_macs_and_bridges_of_the_plan(lab: SmallLab) -> None:
    links = lab.said(ADDRESS, "ip", "-o", "link")
    assert f"ens18@" in links and f"link/ether {mac(1, 0).lower()}" in links  # noqa: F541, PT018
    assert f"ens19@" in links and f"link/ether {mac(1, 1).lower()}" in links  # noqa: F541, PT018
    assert lab.ssh("10.20.0.51", "true").returncode == 0


def test_a_package_installs_through_the_relay(lab: SmallLab) -> None:
    with pytest.raises(AgentSilentError):
        lab.hypervisor.agent(101).execute("guest-ping", {})
    lab.said(ADDRESS, "sudo apt-get update -q && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -q qemu-guest-agent")
    told = lab.hypervisor.agent(101).execute("guest-network-get-interfaces", {})
    own = next(one for one in told if one["name"] == "ens18")
    assert own["hardware-address"].upper() == mac(1, 0)
    assert {"ip-address": ADDRESS, "ip-address-type": "ipv4", "prefix": 24} in own["ip-addresses"]


@pytest.mark.only_looks
def test_nothing_else_of_the_world_can_be_reached(lab: SmallLab) -> None:
    assert lab.ssh(ADDRESS, "curl -sS --noproxy '*' -m 5 http://192.0.2.1/").returncode != 0
    assert lab.ssh(ADDRESS, "getent hosts example.com").returncode != 0
    refused = lab.said(ADDRESS, "curl -s -o /dev/null -w '%{http_code}' -x http://169.254.77.1:3142 http://example.com/")
    assert refused == "403"
    assert lab.ssh(ADDRESS, "curl -s -m 5 -x http://169.254.77.1:3142 https://example.com/").returncode != 0


@pytest.mark.only_looks
def test_the_agent_reads_files_and_says_when_there_are_none(lab: SmallLab) -> None:
    agent = lab.hypervisor.agent(101)
    handle = agent.execute("guest-file-open", {"path": "/etc/ssh/ssh_host_ed25519_key.pub"})
    told = agent.execute("guest-file-read", {"handle": handle, "count": 4096})
    assert base64.b64decode(told["buf-b64"]).decode().strip() == lab.said(ADDRESS, *HOST_KEY)
    with pytest.raises(AgentError, match="No such file or directory"):
        agent.execute("guest-file-open", {"path": "/no/such/file"})


def test_a_guests_own_reboot_is_a_new_boot_of_the_same_machine(lab: SmallLab) -> None:
    before = lab.said(ADDRESS, *HOST_KEY)
    lab.reboot(ADDRESS)
    assert lab.hypervisor.is_running(101)
    assert lab.said(ADDRESS, *HOST_KEY) == before
    lab.said(ADDRESS, "cloud-init", "status", "--wait")
    assert lab.said(ADDRESS, "cat", "/var/lib/ran") == "ran"


def test_a_reboot_does_not_wait_until_the_kernel_has_taken_the_last_nics_away(lab: SmallLab) -> None:
    """It does that when nobody has the namespace any more, and some time after."""
    staying = subprocess.Popen(["nsenter", f"--net=/proc/{nspawn(lab)}/ns/net", "sleep", "infinity"])
    try:
        lab.reboot(ADDRESS)
        assert staying.poll() is None
    finally:
        staying.kill()
        staying.wait()


def test_kill_and_start_keep_disk_and_host_keys(lab: SmallLab) -> None:
    before = lab.said(ADDRESS, *HOST_KEY)
    lab.said(ADDRESS, "echo kept > kept")
    lab.hypervisor.stop(101)
    assert not lab.hypervisor.is_running(101)
    assert lab.ssh(ADDRESS, "true").returncode != 0
    lab.start(guest(lab, 1, static(ADDRESS), static("10.20.0.51", None)), ADDRESS)
    assert lab.said(ADDRESS, "cat", "kept") == "kept"
    assert lab.said(ADDRESS, *HOST_KEY) == before


#: Holds a connection to sshd; then how it ended, or that it did not.
HOLDING = """\
import socket, sys
with socket.create_connection((sys.argv[1], 22)) as connection:
    connection.recv(1000)
    print("connected", flush=True)
    sys.stdin.readline()
    connection.settimeout(2)
    try:
        print("ended", connection.recv(1000))
    except TimeoutError:
        print("silent")
"""


def test_a_cut_of_power_is_silent_and_ends_no_connection(lab: SmallLab) -> None:
    words = [*holder.enter(lab.directory), sys.executable, "-c", HOLDING, ADDRESS]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout
        assert client.stdout.readline() == "connected\n"
        lab.hypervisor.stop(101)
        said, _ = client.communicate("the power is off\n", timeout=patient(20))
    lab.start(guest(lab, 1, static(ADDRESS), static("10.20.0.51", None)), ADDRESS)
    assert said == "silent\n"


def test_shutdown_is_heard_also_early_in_the_boot(lab: SmallLab) -> None:
    one = guest(lab, 3, DHCP)
    lab.begin(one)
    lab.hypervisor.shutdown(103, patient(60))
    assert not lab.hypervisor.is_running(103)


def test_dhcp_gives_the_same_address_to_a_vm_made_anew(lab: SmallLab) -> None:
    one = guest(lab, 2, DHCP)
    lab.begin(one)
    address = leased(lab, mac(2, 0))
    lab.await_network(address)
    lab.hypervisor.destroy(102)
    lab.begin(replace(one, generation="disk2"))
    lab.await_network(address)
    lab.hypervisor.destroy(102)


def test_each_start_gives_the_guest_the_seed_of_that_start(lab: SmallLab) -> None:
    lab.hypervisor.stop(101)
    one = guest(lab, 1, static(ADDRESS), static("10.20.0.51", None))
    assert one.seed
    lab.start(replace(one, seed=Seed(one.seed.user, one.seed.network, b"instance-id: another\nlocal-hostname: m1\n")), ADDRESS)
    lab.said(ADDRESS, "cloud-init", "status", "--wait")
    assert lab.said(ADDRESS, "cat", "/var/lib/cloud/data/instance-id") == "another"
    assert lab.said(ADDRESS, "cat", "/var/lib/ran") == "ran\nran"


@pytest.mark.only_looks
def test_memory_is_limited_to_the_vms(lab: SmallLab) -> None:
    limits = [root / "101" / name for root in lab.groups.roots for name in ("memory.limit_in_bytes", "memory.max")]
    assert [file.read_text().strip() for file in limits if file.exists()][:1] == [str(1024 * 1024 * 1024)]


@pytest.mark.only_looks
def test_a_running_vm_is_not_started_twice(lab: SmallLab) -> None:
    with pytest.raises(GuestError, match="already running"):
        lab.begin(guest(lab, 1, static(ADDRESS)))


def nspawn(lab: SmallLab) -> str:
    """The process that holds the lab's only machine, and the namespace that its NICs come from and go back to."""
    pattern = f"^systemd-nspawn .*--directory={lab.directory}/"
    return subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True, check=True).stdout.strip()


def leased(lab: SmallLab, hardware: str) -> str:
    """The address that dnsmasq has given to a MAC."""
    file = lab.directory / "dnsmasq.leases"

    def lines() -> list[list[str]]:
        return [line.split() for line in file.read_text().splitlines() if hardware.lower() in line]

    until(lambda: bool(lines()), f"a lease for {hardware}")
    return lines()[0][2]
