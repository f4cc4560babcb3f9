"""What each system is: one interface, one file each, and the parity rows about its first boot (19, 56-63, 69)."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.bundle.machine import machine_variables
from stardock.firstboot.user import user_data
from stardock.model.machine import ROLES, Strategy, Window
from stardock.spec.image import DISK_FORMATS
from stardock.systems import SYSTEMS, system
from stardock.systems.scripts import script
from stardock.systems.transactional import RESTARTS, last_commands
from tests.machines import interface, machine, machines
from tests.plans import ROOT, document, plan_of

pytestmark = pytest.mark.unit

EVERY = pytest.mark.parametrize("name", list(SYSTEMS))
TRANSACTIONAL = pytest.mark.parametrize("name", ["microos", "leapmicro"])
URL = "https://mirror.example/copy"


def content(subject: Any, path: str) -> str:
    return next(file.content for file in system(subject.image.system).files(subject) if file.path == path)


def server(name: str, **changes: Any) -> Any:
    return machine("server1", "server", 12, system_name=name, **changes)


@pytest.mark.proves("feature choice of the system")
def test_systems_are_chosen_per_pool() -> None:
    data = document()
    for pool, name in zip(data["pools"], ("debian", "flatcar", "leapmicro"), strict=True):
        pool["image"] = {"system": name}
    found = {each.role: each.image.system for each in plan_of(data)[0].machines}
    assert found == {"loadbalancer": "debian", "server": "flatcar", "agent": "leapmicro"}


@EVERY
def test_every_system_says_where_its_image_and_the_publishers_checksum_are(name: str) -> None:
    for release in system(name).releases:
        assert release.image_url.startswith("https://")
        assert release.checksum_url.rsplit("/", 1)[0] == release.image_url.rsplit("/", 1)[0]
        assert release.image_file_name.endswith(DISK_FORMATS)
    assert system(name).content_type == "import"


def test_firmware_and_chipset_are_the_systems_where_the_pool_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    data = document()
    data["pools"][1]["firmware"] = "seabios"
    monkeypatch.setitem(SYSTEMS, "debian", replace(system("debian"), firmware="ovmf", chipset="i440fx"))
    found = {each.role: (each.firmware, each.chipset) for each in plan_of(data)[0].machines}
    assert found == {"loadbalancer": ("ovmf", "i440fx"), "server": ("seabios", "i440fx"), "agent": ("ovmf", "i440fx")}


@pytest.mark.proves("feature choice of the system")
@EVERY
def test_every_system_runs_servers_and_agents_and_three_run_load_balancers(name: str) -> None:
    assert {"server", "agent"} <= set(system(name).roles) <= set(ROLES)
    assert ("loadbalancer" in system(name).roles) == (name in {"microos", "debian", "ubuntu"})


@EVERY
def test_another_machines_edit_changes_no_file(name: str) -> None:
    before = machines(name)
    edited = (replace(before[0], packages=("htop",), interfaces=(interface(99),)), *before[1:])
    for one, other in zip(before[1:], edited[1:], strict=True):
        assert system(name).files(one) == system(name).files(other)


def test_the_four_common_packages_of_the_origin_are_on_every_microos_machine() -> None:
    common = {"qemu-guest-agent", "screen", "htop", "policycoreutils-python-utils"}
    assert all(common <= set(user_data(subject)["packages"]) for subject in machines("microos"))


@TRANSACTIONAL
def test_growpart_and_resizefs_are_off_from_the_first_boot_on(name: str) -> None:
    found = user_data(server(name))
    assert found["growpart"] == {"mode": "off"}
    assert found["resize_rootfs"] is False
    assert script("grow-root.sh") in found["runcmd"]


@pytest.mark.parametrize("grown", ["no", "before"])
def test_the_disk_grows_by_our_command_and_once_only(tmp_path: Path, grown: str) -> None:
    """Stubs stand for growpart, btrfs, findmnt and lsblk; growpart's exit code for "nothing to do" is 1."""
    stubs = {"findmnt": "echo /dev/sda3", "lsblk": "echo sda", "cat": "echo 3", "btrfs": 'echo "btrfs $*"'}
    stubs["growpart"] = 'echo "growpart $*"; ' + ("exit 1" if grown == "before" else "exit 0")
    for stub, body in stubs.items():
        (tmp_path / stub).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / stub).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-euc", script("grow-root.sh")], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "growpart /dev/sda 3\nbtrfs filesystem resize max /var\n")


@TRANSACTIONAL
@pytest.mark.parametrize(
    ("cni", "names", "others"),
    [
        (("canal",), ("flannel*", "cali*", "tunl*", "vxlan.calico", "wg-v6.cali"), ("cilium*",)),
        (("multus", "cilium"), ("cilium*", "lxc*"), ("cali*", "flannel*")),
        (("none",), (), ("unmanaged-devices",)),
    ],
)
def test_networkmanager_keeps_off_the_interfaces_of_the_network_plugin(
    name: str, cni: tuple[str, ...], names: tuple[str, ...], others: tuple[str, ...]
) -> None:
    found = content(server(name, cni=cni), "/etc/NetworkManager/conf.d/90-stardock-cni.conf")
    assert all(f"interface-name:{one}" in found for one in names)
    assert not any(one in found for one in others)


def test_the_network_plugin_is_that_of_the_options() -> None:
    for told, plugins in (("cilium", ("cilium",)), (["multus", "calico"], ("multus", "calico")), ("multus,canal", ("multus", "canal"))):
        data = document()
        data["distribution"]["options"] = {"cni": told}
        assert {each.cni for each in plan_of(data)[0].machines} == {plugins}


def test_flatcars_need_of_dhcp_is_told_by_the_plan() -> None:
    data = document()
    data["pools"][1]["image"] = {"system": "flatcar"}
    assert [warning for warning in plan_of(data)[0].warnings if warning.startswith("flatcar: its first boot needs DHCP")]
    assert not [warning for warning in plan_of(document())[0].warnings if "DHCP" in warning]


def test_every_setting_that_changes_is_read_by_whom_it_concerns() -> None:
    """The role `machine` knows every name that the bundle gives."""
    known = YAML(typ="safe").load((ROOT / "ansible/roles/machine/vars/main.yml").read_text())["machine_readers"]
    settings = (ROOT / "ansible/roles/machine/tasks/settings.yml").read_text()
    for name in SYSTEMS:
        for subject in machines(name):
            variables = machine_variables(replace(subject, cni=("cilium",)))
            told = {name for file in variables["machine_files"] for name in file.get("applies", "systemd").split(",")} - {"systemd"}
            readers = {name for name in told if not name.startswith("unit-")}  # restart.yml takes up any unit
            assert readers <= set(known)
            assert all(f"'{reader}' in machine_written.pending" in settings for reader in readers)


def test_a_load_balancer_has_no_network_plugin() -> None:
    paths = [file.path for file in system("microos").files(machine("lb1", "loadbalancer", 10, system_name="microos"))]
    assert not [path for path in paths if path.endswith("cni.conf")]


@pytest.mark.parametrize("name", ["debian", "ubuntu", "flatcar"])
def test_networkd_leaves_ciliums_routes_alone(name: str) -> None:
    path = "/etc/systemd/networkd.conf.d/stardock.conf"
    assert "ManageForeignRoutes=no" in content(server(name, cni=("cilium",)), path)
    assert path not in [file.path for file in system(name).files(server(name))]


@pytest.mark.parametrize(
    ("strategy", "words"), [("maint-window", "maint-window"), ("best-effort", "best-effort"), ("instantly", "instantly")]
)
def test_rebootmgr_has_window_and_strategy_on_a_machine_that_reboots_itself(strategy: Strategy, words: str) -> None:
    window = Window(start="18:45", duration_minutes=60, strategy=strategy)
    subject = machine("lb1", "loadbalancer", 10, system_name="microos", window=window)
    found = content(subject, "/etc/rebootmgr/rebootmgr.conf.d/90-stardock.conf")
    assert f"[rebootmgr]\nstrategy={words}\nwindow-start=18:45\nwindow-duration=1h\n" in found
    assert "REBOOT_METHOD=rebootmgr\n" in content(subject, "/etc/transactional-update.conf")
    assert "systemctl enable --now rebootmgr.service" in user_data(subject)["runcmd"]


@TRANSACTIONAL
def test_automatic_reboot_is_really_off_on_machines_that_run_kubernetes(name: str) -> None:
    subject = server(name, window=Window(start="18:45", duration_minutes=60))
    assert "REBOOT_METHOD=kured\n" in content(subject, "/etc/transactional-update.conf")
    for file in system(name).files(subject):
        assert "rebootmgr" not in file.path or file.content.endswith("[rebootmgr]\nstrategy=off\n")
    assert "systemctl disable --now rebootmgr.service" in user_data(subject)["runcmd"]


@pytest.mark.parametrize("waits", [True, False])
def test_first_boot_ends_with_a_reboot_only_when_a_new_snapshot_waits(tmp_path: Path, waits: bool) -> None:
    """Stubs stand for findmnt and btrfs; their words are those of a MicroOS."""
    stubs = {
        "findmnt": "echo /@/.snapshots/1/snapshot",
        "btrfs": f"echo ID 268 gen 83 top level 267 path @/.snapshots/{1 + waits}/snapshot",
    }
    for stub, body in stubs.items():
        (tmp_path / stub).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / stub).chmod(0o755)
    (restart,) = last_commands(server("microos"))
    command = restart.replace("/run/stardock", str(tmp_path / "run"))
    assert subprocess.run(["sh", "-euc", command], env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, check=False).returncode == 0
    assert (tmp_path / "run/restarts").exists() == waits
    found = user_data(server("microos"))
    assert found["runcmd"][-1] == restart
    assert found["power_state"]["condition"] == f"test -e {RESTARTS}"


def test_leap_micro_tells_both_versions_of_rebootmgr() -> None:
    paths = [file.path for file in system("leapmicro").files(server("leapmicro"))]
    assert {"/etc/rebootmgr.conf", "/etc/rebootmgr/rebootmgr.conf.d/90-stardock.conf"} <= set(paths)


def test_a_load_balancers_strategy_can_be_off() -> None:
    for name in ("microos", "debian", "ubuntu"):
        subject = machine("lb1", "loadbalancer", 10, system_name=name, window=Window(start="17:00", duration_minutes=60, strategy="off"))
        text = "".join(file.content for file in system(name).files(subject))
        assert 'Automatic-Reboot "false"' in text or "strategy=off" in text


def test_needrestart_keeps_off_kubernetes_on_ubuntu() -> None:
    assert "qr(^(rke2|k3s)" in content(server("ubuntu"), "/etc/needrestart/conf.d/90-stardock.conf")


def test_dns_reaches_networkmanager_by_a_file_that_bootstrap_owns() -> None:
    found = content(server("microos"), "/etc/NetworkManager/conf.d/90-stardock-dns.conf")
    assert "[global-dns]\nsearches=home.arpa\n\n[global-dns-domain-*]\nservers=192.168.1.1,192.168.1.2\n" in found


@TRANSACTIONAL
@pytest.mark.proves("reality B13")
def test_first_boot_leans_on_no_list_of_modules_of_the_image(name: str) -> None:
    """Every key that the user-data has belongs to a module that its own lists name, and what runs packages and the last reboot is there."""
    found = user_data(server(name, mirror=URL))
    lists = [module for key in ("cloud_init_modules", "cloud_config_modules", "cloud_final_modules") for module in found[key]]
    needed = {"bootcmd", "write_files", "set_hostname", "update_etc_hosts", "users_groups", "ssh", "set_passwords", "timezone", "runcmd"}
    last = ["package_update_upgrade_install", "write_files_deferred", "scripts_user", "power_state_change"]
    assert needed <= set(lists)
    assert [module for module in found["cloud_final_modules"] if module in last] == last
    assert not {"growpart", "resizefs"} & set(lists)


@TRANSACTIONAL
@pytest.mark.proves("reality B13")
@pytest.mark.parametrize("present", [(), ("python3", "sudo"), ("python3", "sudo", "qemu-guest-agent")])
def test_the_agent_and_what_ansible_needs_come_although_the_package_modules_do_not_run(
    tmp_path: Path, name: str, present: tuple[str, ...]
) -> None:
    """rpm is asked about the snapshot that boots next, by what packages provide."""
    stubs = {
        "btrfs": "echo ID 268 gen 83 top level 267 path @/.snapshots/2/snapshot",
        "rpm": 'test "$2" = /.snapshots/2/snapshot && case " $PRESENT " in *" $5 "*) ;; *) exit 1 ;; esac',
        "transactional-update": f'echo "$*" >>{tmp_path}/calls',
        "systemctl": "exit 1",
    }
    for stub, body in stubs.items():
        (tmp_path / stub).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / stub).chmod(0o755)
    (script,) = [one for one in system(name).first_commands(server(name)) if "qemu-guest-agent" in one]
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PRESENT": " ".join(present)}
    assert subprocess.run(["sh", "-c", script], env=environment, check=False).returncode == 0
    missing = [package for package in ("python3", "sudo", "qemu-guest-agent") if package not in present]
    calls = (tmp_path / "calls").read_text() if missing else ""
    assert calls == (f"--non-interactive --continue --drop-if-no-change pkg install {' '.join(missing)}\n" if missing else "")
    assert (tmp_path / "calls").exists() == bool(missing)


@TRANSACTIONAL
@pytest.mark.proves("reality B14")
def test_nothing_touches_networkmanagers_configuration_after_it_was_read(name: str) -> None:
    assert "bootcmd" not in user_data(server(name))


@TRANSACTIONAL
@pytest.mark.proves("reality B15")
def test_a_system_that_installs_and_restarts_at_first_boot_is_waited_for_longer(name: str) -> None:
    slow, quick = (machine_variables(server(each)) for each in (name, "debian"))
    for wait in ("reachable_timeout", "reachable_first_boot_timeout", "machine_reboot_timeout"):
        assert slow[wait] > quick[wait]
    assert (quick["reachable_timeout"], quick["reachable_first_boot_timeout"]) == (300, 900)


@EVERY
def test_the_page_of_systems_is_current(name: str) -> None:
    own, page = system(name), (ROOT / "docs/systems.md").read_text()
    titles = ", ".join(release.title for release in own.releases)
    facts = (titles, ", ".join(own.roles), own.first_boot, own.renderer, own.package_manager, f"`{own.first_user}`")
    assert f"| `{name}` | {' | '.join(facts)} |\n" in page
    waits = f"{own.answer_seconds // 60} min, then {own.first_boot_seconds // 60} min"
    assert f"| `{name}` | {own.growth} | {own.reboots} | {waits} |\n" in page
    for release in own.releases:
        image = f"<{release.image_url}>, checksums in <{release.checksum_url}>, {release.disk_gib} GiB at least"
        assert f"- `{name}`, release `{release.name}`: {image}\n" in page
