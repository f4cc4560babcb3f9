"""cloud-init itself, that of the lab's image, over every document: its schema, and its renderers. Needs root; nothing is booted."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from stardock.firstboot import documents
from stardock.lab.image import image_root
from stardock.lab.mirror import configured_mirror
from stardock.plan.model import Machine, User, UserFile
from stardock.systems import SYSTEMS, system
from tests.machines import KEY, interface, machine, machines

pytestmark = pytest.mark.lab

#: $1: the image's root, $2: a folder that is /mnt inside. What cloud-init writes elsewhere is lost with this mount namespace.
ENTER = """
set -eu
root=$1 work=$2
shift 2
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$work" "$root/mnt"
exec chroot "$root" "$@"
"""


class Inside:
    """Runs commands in the image over a folder."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command; its output."""
        enter = ["unshare", "--mount", "sh", "-c", ENTER, "enter", str(self.root), str(self.folder)]
        return subprocess.run([*enter, *command], capture_output=True, text=True, check=False, timeout=120)

    def convert(self, name: str, subject: Machine, renderer: str) -> str:
        """Render a machine's network-config; everything that was written, as one text."""
        (self.folder / name).write_text(documents("testing", subject).network)
        macs = [f"--mac={nic.name},{nic.mac.lower()}" for nic in subject.interfaces]
        options = ["--kind=yaml", "--distro=debian", f"--output-kind={renderer}", *macs]
        done = self.run("cloud-init", "devel", "net-convert", f"--network-data=/mnt/{name}", f"--directory=/mnt/out-{name}", *options)
        assert done.returncode == 0, done.stderr
        return "\n".join(path.read_text() for path in sorted((self.folder / f"out-{name}").rglob("*")) if path.is_file())


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    return Inside(image_root(configured_mirror()), tmp_path)


CLOUD_INIT = [name for name, each in SYSTEMS.items() if each.first_boot == "cloud-init"]

#: All that a user may add to a machine.
ADDED: dict[str, Any] = {
    "users": (User(name="root", keys=(KEY,)), User(name="ada", keys=(KEY,), password_variable="password_hash_ada")),
    "packages": ("nfs-client",),
    "files": (UserFile(path="/etc/motd", content="hello: ${x} %{y}\n"), UserFile(path="/srv/x", content="", mode="0600", owner="ada")),
    "commands": ("echo 'a b'",),
    "boot_commands": ("modprobe nbd",),
}


def test_every_user_data_passes_cloud_init_schema(inside: Inside) -> None:
    """One of each role and system, and one with all that a user may add: accounts, packages, write_files, runcmd, bootcmd, a mirror."""
    names = []
    for name in CLOUD_INIT:
        full = machine("full", "server", 30, system_name=name, mirror="https://mirror.example/copy", **ADDED)
        for subject in (*(one for one in machines(name) if one.name in {"lb1", "server1", "agent1"}), full):
            names.append(f"{name}-{subject.name}")
            (inside.folder / names[-1]).write_text(documents("testing", subject).user)
    check = 'for name in "$@"; do cloud-init schema --config-file "/mnt/$name"; done'
    done = inside.run("sh", "-euc", check, "check", *names)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Valid cloud-config") == len(names) == 15


def test_cloud_init_schema_finds_a_wrong_type(inside: Inside) -> None:
    (inside.folder / "wrong").write_text("#cloud-config\npackages: 7\n")
    assert inside.run("cloud-init", "schema", "--config-file", "/mnt/wrong").returncode != 0


@pytest.mark.parametrize("renderer", ["networkd", "netplan", "network-manager", "eni"])
def test_a_static_network_config_passes_every_renderer(inside: Inside, renderer: str) -> None:
    made = inside.convert("static", machine("server1", "server", 12), renderer)
    for wanted in ("192.168.1.12/24", "192.168.1.1", "192.168.1.2", "home.arpa", "bc:24:11:00:00:0c"):
        assert wanted in made.lower()


@pytest.mark.parametrize("name", CLOUD_INIT)
def test_two_interfaces_one_of_them_dhcp_pass_the_systems_renderer(inside: Inside, name: str) -> None:
    second = interface(13, name="ens19", address=None, prefix=None, gateway=None, dns=(), search=())
    subject = machine("server1", "server", 12, system_name=name, interfaces=(interface(12), second))
    made = inside.convert("two", subject, system(name).renderer).lower()
    assert "bc:24:11:00:00:0c" in made
    assert "bc:24:11:00:00:0d" in made
    assert ("dhcp=ipv4" in made) or ("method=auto" in made)
