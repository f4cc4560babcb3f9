"""What keeps a host from running Kubernetes: the module over made-up file systems, the role over this machine in a namespace."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.model.facts import Facts
from tests.plans import plan_of
from tests.unit.plan.test_hosts import with_hosts
from tests.unit.plan.test_mesh import meshed

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature hosts that exist already")]

ANSIBLE = Path(__file__).parents[3] / "ansible"
FILE = ANSIBLE / "collections/ansible_collections/stardock/machine/plugins/modules/preflight.py"
RELEASE = "6.12.25-v8"
#: As the kernel prints it (net/ipv4/fib_trie.c).
ADDRESSES = """\
Main:
  +-- 0.0.0.0/0 3 0 5
        |-- 127.0.0.1
           /32 host LOCAL
        |-- 192.168.1.201
           /32 host LOCAL
        |-- 192.168.1.255
           /32 link BROADCAST
"""
TCP = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("preflight", FILE)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """A Raspberry Pi that is fit for an agent."""
    files = {
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
        "proc/meminfo": "MemTotal:         948280 kB\n",
        "proc/cpuinfo": "processor\t: 0\nprocessor\t: 1\n",
        "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
        f"lib/modules/{RELEASE}/modules.builtin": "kernel/fs/overlayfs/overlay.ko\nkernel/net/netfilter/nf_conntrack.ko\n",
        f"lib/modules/{RELEASE}/modules.dep": "kernel/net/bridge/br_netfilter.ko.xz: kernel/net/bridge/bridge.ko.xz\n"
        "kernel/net/ipv4/netfilter/iptable_nat.ko.xz:\nkernel/net/ipv4/netfilter/iptable_filter.ko.xz:\nkernel/drivers/net/vxlan/vxlan.ko.xz:\n",
        "proc/net/fib_trie": ADDRESSES,
        "proc/net/tcp": TCP,
        "boot/firmware/cmdline.txt": "console=tty1 rootwait\n",
        "sys/class/net/eth0/address": "",
        "sys/class/net/lo/address": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def wanted(**more: Any) -> dict[str, Any]:
    """What the inventory asks of it."""
    host = inventory_files(plan_of(with_hosts({}))[0], Facts(cluster="quickstart"))["host_vars/pi1.yml"]
    return {**host["preflight_wanted"], "disk_mib": 0, **more}


Look = Callable[..., list[str]]


@pytest.fixture
def look(module: ModuleType, pi: Path) -> Look:
    return lambda processor="aarch64", **more: list(module.faults(pi, (RELEASE, processor), wanted(**more)))


def write(root: Path, name: str, text: str = "x") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_one_that_is_fit_has_no_fault(look: Look) -> None:
    assert look() == []


def test_a_raspberry_pi_without_the_memory_controller_is_told_the_line_to_write(look: Look, pi: Path) -> None:
    write(pi, "sys/fs/cgroup/cgroup.controllers", "cpuset cpu io pids\n")
    (fault,) = look()
    assert fault.startswith(
        "its kernel does not limit memory (cgroup v2): add `cgroup_memory=1 cgroup_enable=memory` to the end of the one line"
    )
    assert fault.endswith("/boot/firmware/cmdline.txt, and restart the host")
    (pi / "boot/firmware/cmdline.txt").rename(pi / "boot/cmdline.txt")
    assert "/boot/cmdline.txt" in look()[0]
    (pi / "boot/cmdline.txt").unlink()
    assert "GRUB_CMDLINE_LINUX" in look()[0]


def test_a_kernel_without_cpusets_is_told_as_k3s_ends_there(look: Look, pi: Path) -> None:
    write(pi, "sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n")
    (fault,) = look()
    assert fault.startswith("its kernel does not limit cpuset (cgroup v2): take a kernel that has cpuset")


def test_cgroup_v1_is_refused(look: Look, pi: Path) -> None:
    (pi / "sys/fs/cgroup/cgroup.controllers").unlink()
    (fault,) = look()
    assert "cgroup v1" in fault
    assert "systemd.unified_cgroup_hierarchy=1" in fault


def test_cgroup_v1_is_taken_where_the_kubelet_does_and_then_its_controllers_are_looked_at(look: Look, pi: Path) -> None:
    (pi / "sys/fs/cgroup/cgroup.controllers").unlink()
    write(pi, "proc/cgroups", "#subsys_name hierarchy num_cgroups enabled\ncpu 4 1 1\nmemory 0 1 0\npids 8 1 1\n")
    (fault,) = look(cgroup_v1=True)
    assert fault.startswith("its kernel does not limit memory (cgroup v1): add `cgroup_memory=1")
    write(pi, "proc/cgroups", "cpu 4 1 1\nmemory 3 1 1\npids 8 1 1\n")
    assert look(cgroup_v1=True) == []


@pytest.mark.parametrize(("processor", "words"), [
    ("armv7l", "install a 64-bit system"), ("riscv64", "take another machine"), ("x86_64", ""), ("aarch64", ""),
])  # fmt: skip
def test_processors_without_a_release_are_told(look: Look, processor: str, words: str) -> None:
    found = look(processor)
    assert (not words and not found) or words in found[0]


def test_a_system_of_32_bits_on_a_kernel_of_64_is_told(module: ModuleType, look: Look) -> None:
    assert module.own_processor("aarch64", 8) == "aarch64"
    (fault,) = look(module.own_processor("aarch64", 4))
    assert fault.startswith(
        "its system is for 32 bits, on a kernel for aarch64, and releases are for amd64 and arm64: install a 64-bit system"
    )


def test_another_processor_than_cluster_yaml_says_is_told(look: Look) -> None:
    assert look("x86_64", architectures=["arm64"]) == ["its kernel is for amd64, and cluster.yaml says arm64: write `architecture: amd64`"]


def test_another_system_than_cluster_yaml_says_is_told_and_ones_like_it_are_not(look: Look, pi: Path) -> None:
    write(pi, "etc/os-release", 'ID="fedora"\n')
    assert look() == ["its system is fedora, and cluster.yaml says debian: write `system: other`, or what it is"]
    assert look(ids=[]) == []
    write(pi, "etc/os-release", 'ID=raspbian\nID_LIKE="debian"\n')
    assert look() == []


def test_a_module_that_the_kernel_lacks_is_told_with_the_package(look: Look, pi: Path) -> None:
    path = pi / f"lib/modules/{RELEASE}/modules.dep"
    path.write_text(path.read_text().replace("vxlan", "vlan"))
    (fault,) = look()
    assert fault.startswith("its kernel has no module vxlan: ")
    assert "linux-modules-extra-raspi" in fault
    write(pi, "sys/module/vxlan/refcnt")
    assert look() == []


def test_a_kernel_whose_modules_are_nowhere_is_told_both_causes(look: Look, pi: Path) -> None:
    shutil.rmtree(pi / "lib/modules")
    (fault,) = look()
    assert "restart the host if it was updated; a kernel without a package needs its modules there" in fault
    for name in ("overlay", "br_netfilter", "nf_conntrack", "nf_tables", "vxlan"):
        write(pi, f"sys/module/{name}/refcnt")
    assert look() == [], "all of them are loaded"
    shutil.rmtree(pi / "sys/module")
    write(pi, "run/systemd/container", "lxc")
    assert look() == [], "a container has its host's modules"


@pytest.mark.parametrize(("name", "who", "cure"), [
    ("etc/kubernetes/kubelet.conf", "kubeadm", "kubeadm reset --force"),
    ("var/snap/microk8s/common/x", "microk8s", "snap remove --purge microk8s"),
    ("var/lib/k0s/x", "k0s", "k0s reset"),
    ("var/lib/rancher/k3s/agent/client-kubelet.crt", "k3s", "k3s-agent-uninstall.sh"),
    ("var/lib/rancher/rke2/server/db/x", "RKE2", "rke2-uninstall.sh"),
    ("var/lib/kubelet/config.yaml", "kubelet", "rm -r /var/lib/kubelet"),
    ("etc/cni/net.d/10-calico.conflist", "10-calico.conflist", "move these files away"),
    ("sys/class/net/cni0/address", "cni0", "restart the host"),
    ("sys/class/net/flannel.1/address", "flannel.1", "restart the host"),
])  # fmt: skip
def test_what_another_kubernetes_left_is_told_with_how_it_goes(look: Look, pi: Path, name: str, who: str, cure: str) -> None:
    write(pi, name)
    (fault,) = look()
    assert who in fault
    assert cure in fault


def test_what_a_run_of_ours_leaves_when_it_ends_half_way_is_no_other_kubernetes(look: Look, pi: Path) -> None:
    for name in (
        "var/lib/rancher/rke2/agent/images/x.tar",
        "var/lib/rancher/rke2/server/manifests/x.yaml",
        "etc/rancher/rke2/registries.yaml",
    ):
        write(pi, name)
    assert look() == []


def test_podman_and_docker_may_stay(look: Look, pi: Path) -> None:
    peaceful = ("sys/class/net/docker0/address", "sys/class/net/veth1/address", "sys/class/net/tunl0/address")
    for name in ("etc/cni/net.d/87-podman-bridge.conflist", *peaceful):
        write(pi, name)
    assert look() == []


def test_a_port_that_is_taken_is_told_with_who_has_it(look: Look, pi: Path) -> None:
    write(
        pi,
        "proc/net/tcp6",
        TCP + f"   0: {'0' * 32}:280A {'0' * 32}:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n",
    )
    write(pi, "proc/net/udp", TCP + "   0: 00000000:2118 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 0 2\n")
    (pi / "proc/77/fd").mkdir(parents=True)
    (pi / "proc/77/comm").write_text("node_exporter\n")
    (pi / "proc/77/fd/3").symlink_to("socket:[4711]")
    assert look() == [
        "node_exporter has port 10250/tcp, which the kubelet needs: stop it, or let it listen elsewhere",
        "something has port 8472/udp, which the network of pods (canal) needs: stop it, or let it listen elsewhere",
    ]


def test_the_port_of_a_mesh_of_ours_that_is_there_already_is_no_fault(look: Look, pi: Path) -> None:
    """The stage `mesh` ended before the host joined: the next run goes on there."""
    host = inventory_files(plan_of(meshed())[0], Facts(cluster="quickstart"))["host_vars/pi1.yml"]["preflight_wanted"]
    ports = [one for one in host["ports"] if one["protocol"] == "udp" and one["port"] == 51830]
    write(pi, "proc/net/udp", TCP + "   0: 00000000:CA76 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 77 2\n")
    assert look(ports=ports) == ["something has port 51830/udp, which the mesh needs: stop it, or let it listen elsewhere"]
    for path in ("etc/stardock/mesh/mesh.json", "sys/class/net/stardock0/address"):
        write(pi, path)
        assert look(ports=ports) == []
        shutil.rmtree((pi / path).parent)
    assert look(ports=ports) != []


def test_a_connection_to_such_a_port_elsewhere_is_none(look: Look, pi: Path) -> None:
    write(pi, "proc/net/tcp", TCP + "   0: 0101A8C0:280A 0201A8C0:0016 01 00000000:00000000 00:00000000 00000000     0        0 4711 1\n")
    assert look() == []


def test_an_address_that_is_not_its_own_is_told(look: Look) -> None:
    assert look(address="10.0.0.9") == ["10.0.0.9 is none of its own addresses (192.168.1.201): write the right one as `node_ip`"]
    assert look(interface="wlan0") == ["it has no interface wlan0: write one of eth0 as `interface`"]


def test_a_host_that_is_too_small_is_told(look: Look) -> None:
    assert look(memory_mib=1024) == [], "a Raspberry Pi's GPU has a part of it"
    memory, cores, disk = look(memory_mib=4096, cores=4, disk_mib=1 << 40)
    assert memory == "it has 926 MiB of memory, and 4096 MiB are the least: take a larger machine, or write what it has"
    assert cores == "it has 2 cores, and 4 are the least: take a larger machine, or write what it has"
    assert "MiB are free where /var/lib/rancher/rke2 goes" in disk


def test_selinux_that_enforces_is_told(look: Look, pi: Path) -> None:
    write(pi, "sys/fs/selinux/enforce", "1")
    assert "SELinux enforces" in look()[0]


@pytest.mark.proves("hostile 1")
def test_what_a_hostile_host_says_is_words_of_one_line(look: Look, pi: Path) -> None:
    evil = "\x1b[2J{{ lookup('pipe', 'id') }}" + "x" * 5000
    write(pi, "etc/os-release", f"ID={evil.replace(' ', '_')}\n")
    write(pi, "etc/cni/net.d/\x1b[2J{{ x }}.conf")
    write(pi, "proc/net/tcp6", TCP + f"   0: {'0' * 32}:280A {'0' * 32}:0000 0A 0 0 0 0 0 4711 1\n")
    (pi / "proc/net/fib_trie").write_bytes(b"\xff\xfe" * 100)
    found = look()
    assert len(found) == 2
    assert all(fault.isprintable() and len(fault) < 300 for fault in found)


def playbook(folder: Path, hosts: dict[str, dict[str, Any]], script: str, **known: str) -> subprocess.CompletedProcess[str]:
    """The real role over this machine, on which some files are others meanwhile."""
    here = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3", **known}
    groups = {role: {"hosts": {name: host for name, host in hosts.items() if host["kind"] == role}} for role in ("server", "agent")}
    groups["silent"] = {"hosts": {}}
    (folder / "hosts.json").write_text(json.dumps({"all": {"children": groups, "vars": here}}))
    tasks = [{"ansible.builtin.copy": {"content": "x", "dest": f"{folder}/written-{{{{ inventory_hostname }}}}"}}]
    role = {"role": "preflight", "when": "preflight_wanted is defined"}
    play = {"hosts": "all:!silent", "gather_facts": False, "any_errors_fatal": True, "roles": [role], "tasks": tasks}
    (folder / "play.json").write_text(json.dumps([play]))
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles")}
    command = ["ansible-playbook", "-i", str(folder / "hosts.json"), str(folder / "play.json")]
    inside = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-euc", f'{script}; exec "$@"', "sh", *command]
    return subprocess.run(inside, cwd=ANSIBLE, env=environment, capture_output=True, text=True, check=False)


#: A kernel that limits no memory, whatever this one does.
NO_MEMORY = (
    "mount -t tmpfs tmpfs /run; mkdir -p {1} {0}/cgroup; echo cpu cpuset pids >{0}/cgroup/cgroup.controllers; "
    "mount --bind {0}/cgroup /sys/fs/cgroup"
)
needs_root = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="mounts other files over its own")


@needs_root
def test_a_host_without_systemd_is_told_so(tmp_path: Path) -> None:
    host = {"preflight_wanted": wanted(), "preflight_joined": str(tmp_path / "none"), "kind": "agent"}
    done = playbook(tmp_path, {"pi1": host}, NO_MEMORY.format(tmp_path, "/run/nothing"))
    assert "it lacks systemd, which starts Kubernetes (install a system that has it)" in done.stdout
    assert not list(tmp_path.glob("written-*"))


@needs_root
def test_an_unfit_agent_is_left_out_and_an_unfit_server_stops_all_before_anything_is_written(tmp_path: Path) -> None:
    lenient = wanted(memory_mib=0, cores=0, modules=[], ports=[], others=[], ids=[], architectures=["amd64", "arm64"])
    lenient["address"] = "127.0.0.1"
    host = {"preflight_wanted": lenient, "preflight_joined": str(tmp_path / "none")}
    joined = {"preflight_wanted": lenient, "preflight_joined": "/etc/passwd", "kind": "agent"}
    done = playbook(tmp_path, {"pi1": {**host, "kind": "agent"}, "pi2": joined}, NO_MEMORY.format(tmp_path, "/run/systemd/system"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "its kernel does not limit memory" in done.stdout
    assert [path.name for path in tmp_path.glob("written-*")] == ["written-pi2"]
    (tmp_path / "written-pi2").unlink()
    done = playbook(tmp_path, {"pi1": {**host, "kind": "server"}, "pi2": joined}, NO_MEMORY.format(tmp_path, "/run/systemd/system"))
    assert done.returncode != 0
    assert [path.name for path in tmp_path.glob("written-*")] == []


@needs_root
def test_a_member_of_another_cluster_of_ours_is_left_out_and_one_of_this_is_not_looked_at(tmp_path: Path) -> None:
    marks = {"ours": "ab" * 32, "theirs": "cd" * 32}
    for name, mark in marks.items():
        (tmp_path / name).write_text(f"{mark}\n")
    unfit = {"preflight_wanted": wanted(memory_mib=1 << 30), "preflight_joined": "/etc/passwd", "kind": "agent"}
    hosts = {name: {**unfit, "preflight_founded": str(tmp_path / name)} for name in ("ours", "theirs", "none")}
    done = playbook(tmp_path, hosts, "true", founding_known=marks["ours"])
    assert "it is a machine of another cluster of Stardock's" in done.stdout
    assert sorted(path.name for path in tmp_path.glob("written-*")) == ["written-none", "written-ours"]
    for path in tmp_path.glob("written-*"):
        path.unlink()
    done = playbook(tmp_path, {"theirs": hosts["theirs"]}, "true", founding_known="")
    assert "it is a machine of another cluster of Stardock's" in done.stdout, "this cluster is not founded yet"
    # facts that are lost or older than the cluster know no mark: its servers do
    done = playbook(tmp_path, {"ours": hosts["ours"], "server1": {"kind": "server"}}, "true", founding_known="")
    assert sorted(path.name for path in tmp_path.glob("written-*")) == ["written-ours", "written-server1"], done.stdout


@needs_root
def test_a_mark_that_outlasted_its_kubernetes_is_no_membership(tmp_path: Path) -> None:
    host = {"preflight_wanted": wanted(memory_mib=1 << 30), "preflight_joined": "/etc/passwd", "kind": "agent"}
    hosts = {"gone": {**host, "preflight_traces": [str(tmp_path / "none")]}, "there": {**host, "preflight_traces": ["/bin/sh"]}}
    done = playbook(tmp_path, hosts, "true")
    assert [path.name for path in tmp_path.glob("written-*")] == ["written-there"], done.stdout
