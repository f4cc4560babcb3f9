"""cloud-init itself, that of the lab's image, over every document: its schema, and its renderers. Needs root; nothing is booted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from lab.machines.image import image_root
from lab.network.mirror import configured_mirror
from lab.patience import patient
from stardock.firstboot import documents
from stardock.model.machine import Machine, User, UserFile
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


#: cloud-init's own `devel net-convert` and `schema`, for each file in one process: it starts slowly. $1...: lists of arguments.
PROGRAM = """
import sys
from cloudinit.{module} import {handler} as handle, get_parser
for arguments in sys.argv[1:]:
    handle("test", get_parser().parse_args(arguments.split(" ")))
"""
CONVERT = ("cmd.devel.net_convert", "handle_args")
SCHEMA = ("config.schema", "handle_schema_args")


class Inside:
    """Runs commands in the image over a folder."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command; its output."""
        enter = ["unshare", "--mount", "sh", "-c", ENTER, "enter", str(self.root), str(self.folder)]
        return subprocess.run([*enter, *command], capture_output=True, text=True, check=False, timeout=patient(120))

    def cloud_init(self, command: tuple[str, str], arguments: Iterable[str], modules: str = "/usr/lib/python3/dist-packages") -> str:
        """Run one of cloud-init's commands over several lists of arguments; what it printed."""
        program = PROGRAM.format(module=command[0], handler=command[1])
        done = self.run("env", f"PYTHONPATH={modules}", "python3", "-c", program, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Inside:
    return Inside(image_root(configured_mirror()), tmp_path_factory.mktemp("inside"))


CLOUD_INIT = [name for name, each in SYSTEMS.items() if each.first_boot == "cloud-init"]

#: All that a user may add to a machine.
ADDED: dict[str, Any] = {
    "users": (User(name="root", keys=(KEY,)), User(name="ada", keys=(KEY,), password_variable="password_hash_ada")),
    "packages": ("nfs-client",),
    "files": (UserFile(path="/etc/motd", content="hello: ${x} %{y}\n"), UserFile(path="/srv/x", content="", mode="0600", owner="ada")),
    "commands": ("echo 'a b'",),
    "boot_commands": ("modprobe nbd",),
}


@pytest.mark.proves("feature first boot", "feature debian", "feature ubuntu", "feature microos", "feature leapmicro")
def test_every_user_data_passes_cloud_init_schema(inside: Inside) -> None:
    """One of each role and system, and one with all that a user may add: accounts, packages, write_files, runcmd, bootcmd, a mirror."""
    names = []
    for name in CLOUD_INIT:
        full = machine("full", "server", 30, system_name=name, mirror="https://mirror.example/copy", **ADDED)
        for subject in (*(one for one in machines(name) if one.name in {"lb1", "server1", "agent1"}), full):
            names.append(f"{name}-{subject.name}")
            (inside.folder / names[-1]).write_text(documents("testing", subject).user)
    said = inside.cloud_init(SCHEMA, [f"--config-file /mnt/{name}" for name in names])
    assert said.count("Valid cloud-config") == len(names) == 15


def test_cloud_init_schema_finds_a_wrong_type(inside: Inside) -> None:
    (inside.folder / "wrong").write_text("#cloud-config\npackages: 7\n")
    assert inside.run("cloud-init", "schema", "--config-file", "/mnt/wrong").returncode != 0


RENDERERS = ("networkd", "netplan", "network-manager", "eni")


@pytest.fixture(scope="module")
def rendered(inside: Inside) -> dict[str, str]:
    """`static-RENDERER` or `two-SYSTEM` -> all that cloud-init wrote for a machine with one static interface or with a second by DHCP."""
    second = interface(13, name="ens19", address=None, prefix=None, gateway=None, dns=(), search=())
    wanted: dict[str, tuple[Machine, str]] = {f"static-{name}": (machine("server1", "server", 12), name) for name in RENDERERS}
    for name in CLOUD_INIT:
        two = machine("server1", "server", 12, system_name=name, interfaces=(interface(12), second))
        wanted[f"two-{name}"] = two, system(name).renderer
    for name, (subject, _) in wanted.items():
        (inside.folder / name).write_text(documents("testing", subject).network)
    inside.cloud_init(CONVERT, [conversion(name, name, *of) for name, of in wanted.items()])
    return {name: written(inside.folder / f"out-{name}") for name in wanted}


def conversion(name: str, out: str, subject: Machine, renderer: str) -> str:
    """The arguments that render the network-config `name` below `out-OUT`."""
    macs = " ".join(f"--mac={nic.name},{nic.mac.lower()}" for nic in subject.interfaces)
    return f"--network-data=/mnt/{name} --directory=/mnt/out-{out} --kind=yaml --distro=debian --output-kind={renderer} {macs}"


def written(folder: Path) -> str:
    return "\n".join(path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()).lower()


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_static_network_config_passes_every_renderer(rendered: dict[str, str], renderer: str) -> None:
    for wanted in ("192.168.1.12/24", "192.168.1.1", "192.168.1.2", "home.arpa", "bc:24:11:00:00:0c"):
        assert wanted in rendered[f"static-{renderer}"]


@pytest.mark.proves("feature ubuntu")
@pytest.mark.parametrize("name", CLOUD_INIT)
def test_two_interfaces_one_of_them_dhcp_pass_the_systems_renderer(rendered: dict[str, str], name: str) -> None:
    made = rendered[f"two-{name}"]
    assert "bc:24:11:00:00:0c" in made
    assert "bc:24:11:00:00:0d" in made
    assert ("dhcp=ipv4" in made) or ("method=auto" in made)
