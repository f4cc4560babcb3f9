"""`examples/single` in one VM as PVE runs it: Debian's generic kernel on q35 under SeaBIOS, from `runner deploy` by the real provider to
the machines stage by real SSH, its addresses and host keys by the real guest agent. Beside what the example says, it has a data disk.

What containers cannot show is shown here: the seed's drive, growth, a data disk by its serial, NICs by MAC, sysctls, modules, reboots.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest

from lab.patience import patient
from tests.lab.cluster import ROOT, Cluster, example_as

pytestmark = [pytest.mark.vm, pytest.mark.one_life("vm"), pytest.mark.timeout(1200)]

#: As a user on slow machines would: the provider waits two minutes for an agent unless told otherwise.
POOL = "machines: [server1], agent: {timeout: 20m}, data_disks: [{name: data, size: 2GiB, mount: /srv/data}]"
IMAGE = "{system: debian, url: 'https://cloud.debian.org/images/cloud/trixie/latest/debian-13-generic-amd64.qcow2'}"
EDITS = {"machines: [server1]": POOL, "{system: debian}": IMAGE}
#: Debian's profile says 300 s, which are for machines with KVM.
WAIT = ("--timeout", "1800")
FIGURES = ROOT / "build/vm-figures.json"


class VmCluster(Cluster):
    """Its machine is a VM in QEMU; a boot takes it a minute without KVM on an idle machine."""

    boot_seconds = 200

    def up(self) -> None:
        self.command("lab", "down", "-f", str(self.example), "--delete", check=False)
        self.command("lab", "up", "-f", str(self.example), "--vm", "server1", timeout=900)

    def did(self, *words: str) -> tuple[str, float]:
        """What a command inside of the lab says, and how long it took."""
        began = time.monotonic()
        return self.inside(*words, timeout=1200).stdout, time.monotonic() - began


def figure(name: str, seconds: float) -> None:
    """Kept for bench/README.md."""
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    FIGURES.write_text(json.dumps(known | {name: round(seconds, 1)}, indent=1) + "\n")


def changed(said: str) -> list[str]:
    """The stages that changed something, of what a bootstrap said."""
    done = [line.split() for line in said.splitlines() if "changed: " in line]
    return [words[0] for words in done if "nothing" not in words]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VmCluster]:
    source = example_as("onevm", tmp_path_factory.mktemp("onevm"), "single")
    text = source.read_text()
    for old, new in EDITS.items():
        assert old in text
        text = text.replace(old, new)
    source.write_text(text)
    cluster = VmCluster("onevm", source)
    cluster.up()
    try:
        yield cluster
    finally:
        cluster.down()


@pytest.mark.ci_vm
def test_deploy_by_the_real_provider_ends_when_the_real_agent_has_answered(cluster: VmCluster) -> None:
    _, seconds = cluster.did("runner", "deploy", "-f", str(cluster.file), "--yes", *WAIT)
    figure("deploy, up to the agent's first answer", seconds)
    console = next((cluster.folder / "lab/machines").glob("*/console.log")).read_text(errors="replace")
    assert "Linux version" in console, "its own kernel wrote to its own console"


@pytest.mark.ci_vm
def test_discover_reads_addresses_and_host_keys_through_the_real_agent(cluster: VmCluster) -> None:
    _, seconds = cluster.did("runner", "discover", "-f", str(cluster.file), *WAIT)
    figure("discover", seconds)
    known = cluster.file.with_suffix(".known_hosts").read_text()
    assert cluster.ssh("server1", "cat /etc/ssh/ssh_host_ed25519_key.pub").split()[1] in known
    assert "/usr/sbin/qemu-ga" in cluster.ssh("server1", "ps -C qemu-ga -o args=")


@pytest.mark.ci_vm
def test_the_machines_stage_is_done_and_a_second_run_changes_nothing(cluster: VmCluster) -> None:
    stage = ("runner", "bootstrap", "-f", str(cluster.file), "--stage", "machines")
    _, seconds = cluster.did(*stage)
    figure("bootstrap, stage machines", seconds)
    said, seconds = cluster.did(*stage)
    figure("the stage again, nothing to change", seconds)
    assert changed(said) == []
    assert "machines" in said


@pytest.mark.ci_vm
@pytest.mark.only_looks
@pytest.mark.proves("reality A1")
def test_first_boot_found_its_seed_and_ended_without_an_error(cluster: VmCluster) -> None:
    assert json.loads(cluster.ssh("server1", "cat /run/cloud-init/result.json"))["v1"]["errors"] == []
    assert cluster.ssh("server1", "hostname").strip() == "server1"
    assert "DataSourceNoCloud [seed=/dev/sr0]" in cluster.ssh("server1", "cat /run/cloud-init/result.json")


@pytest.mark.ci_vm
@pytest.mark.only_looks
def test_nics_are_matched_by_mac_whatever_slot_they_sit_in(cluster: VmCluster) -> None:
    (nic,) = next(one for one in cluster.plan()["machines"] if one["name"] == "server1")["addresses"]
    assert cluster.ssh("server1", f"cat /sys/class/net/{nic['interface']}/address").strip() == nic["mac"].lower()
    slot = cluster.ssh("server1", f"udevadm info --query=property /sys/class/net/{nic['interface']}")
    assert re.search(r"^ID_NET_NAME_PATH=enp\d+s18$", slot, re.MULTILINE), "PVE's slot 18, behind q35's bridges"


@pytest.mark.ci_vm
@pytest.mark.only_looks
def test_kernel_settings_are_in_force(cluster: VmCluster) -> None:
    told = cluster.ssh("server1", "cat /proc/sys/fs/inotify/max_user_instances /proc/sys/fs/inotify/max_user_watches")
    assert told.split() == ["8192", "524288"]


@pytest.mark.ci_vm
@pytest.mark.only_looks
def test_it_runs_the_distributions_own_kernel_which_loads_modules(cluster: VmCluster) -> None:
    assert re.fullmatch(r"6\.12\.\S+-amd64", cluster.ssh("server1", "uname -r").strip())
    cluster.ssh("server1", "modprobe br_netfilter && test -e /proc/sys/net/bridge/bridge-nf-call-iptables")


@pytest.mark.ci_vm
@pytest.mark.only_looks
def test_the_root_file_system_has_grown_to_the_disk(cluster: VmCluster) -> None:
    size = int(cluster.ssh("server1", "findmnt --noheadings --bytes --output SIZE /"))
    assert size > 0.93 * (40 << 30)


@pytest.mark.ci_vm
@pytest.mark.only_looks
def test_the_data_disk_found_by_its_serial_has_a_file_system_of_its_size_where_kubernetes_waits_for_it(cluster: VmCluster) -> None:
    kind, size, source = cluster.ssh("server1", "findmnt --noheadings --bytes --output FSTYPE,SIZE,SOURCE /srv/data").split()
    assert kind == "ext4"
    assert int(size) > 0.9 * (2 << 30)
    assert cluster.ssh("server1", "readlink -f /dev/disk/by-id/virtio-data").strip() == source
    assert "/srv/data" in cluster.ssh("server1", "cat /etc/systemd/system/rke2-server.service.d/stardock-disks.conf")


@pytest.mark.ci_vm
@pytest.mark.only_looks
def test_the_labs_own_drive_is_seen_in_the_machine_and_not_in_pve(cluster: VmCluster) -> None:
    assert "kube-apiserver" in cluster.ssh("server1", "ls /opt/stardock-lab/bin")
    said = cluster.inside("runner", "drift", "-f", str(cluster.file), check=False)
    assert said.returncode == 0, said.stdout


def test_after_a_power_cut_everything_is_as_it_was_and_the_stage_changes_nothing(cluster: VmCluster) -> None:
    kept = "cat /etc/ssh/ssh_host_ed25519_key.pub /srv/data/kept /proc/sys/fs/inotify/max_user_instances; cat /sys/class/net/ens18/address"
    cluster.ssh("server1", "echo kept >/srv/data/kept && sync")
    before, boots = cluster.ssh("server1", kept), cluster.boots(["server1"])
    cluster.kill("server1")
    began = time.monotonic()
    cluster.start("server1")
    figure("power on, up to the end of the boot", time.monotonic() - began)
    assert cluster.boots(["server1"]) != boots
    assert cluster.ssh("server1", kept) == before
    said, _ = cluster.did("runner", "bootstrap", "-f", str(cluster.file), "--stage", "machines")
    assert changed(said) == []


@pytest.mark.proves("feature failures")
def test_a_wrong_clock_is_told_before_anything_is_changed_and_the_next_run_heals(cluster: VmCluster) -> None:
    cluster.ssh("server1", "timedatectl set-ntp false; date --set='2 hours ago'")
    done = cluster.inside("runner", "bootstrap", "-f", str(cluster.file), check=False)
    assert re.search(r"the clock of server1 is 7[12]\d\d s behind that of this machine", done.stdout + done.stderr), done
    assert "nothing was changed" in done.stdout + done.stderr
    cluster.ssh("server1", f"date --set=@{time.time():.0f}; timedatectl set-ntp true")
    said, _ = cluster.did("runner", "bootstrap", "-f", str(cluster.file), "--stage", "machines")
    assert changed(said) == []


def test_after_a_reboot_from_inside_too(cluster: VmCluster) -> None:
    cluster.reboot("server1")
    assert cluster.ssh("server1", "cat /srv/data/kept").strip() == "kept"


def test_the_power_button_is_pressed_where_no_agent_answers(cluster: VmCluster) -> None:
    cluster.ssh("server1", "systemctl stop qemu-guest-agent")
    vm_id = next(one["vm_id"] for one in cluster.plan()["machines"] if one["name"] == "server1")
    shutdown = ("python", "-m", "tests.vm.api", "POST", f"/nodes/pve1/qemu/{vm_id}/status/shutdown", f"timeout={int(patient(60))}")
    cluster.inside("env", f"PYTHONPATH={ROOT}", *shutdown)
    deadline = time.monotonic() + patient(120)
    while "running" in cluster.command("lab", "status", "-f", str(cluster.example)).stdout.split("server1")[1]:
        assert time.monotonic() < deadline
        time.sleep(1)
    cluster.start("server1")


@pytest.mark.timeout(3000)
def test_bootstrap_founds_a_control_plane_and_again_changes_nothing(cluster: VmCluster) -> None:
    _, seconds = cluster.did("runner", "bootstrap", "-f", str(cluster.file))
    figure("bootstrap, up to Ready", seconds)
    assert cluster.nodes()["server1"]["Ready"] == "True"
    said, seconds = cluster.did("runner", "bootstrap", "-f", str(cluster.file))
    figure("bootstrap again, nothing to change", seconds)
    assert changed(said) == []
