"""The tasks of the transactional systems, on a machine that is not one: a Debian of the lab, on which rpm, transactional-update, btrfs and
rebootmgrctl are stubs that behave as those do (what is installed is there after the next boot). Ansible, cloud-init, systemd, the reboots
and the services are real. Neither MicroOS nor Leap Micro is booted by our tests.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.machines.hypervisor import Seed
from stardock.bundle.kubernetes import facts
from stardock.bundle.machine import machine_variables
from stardock.distributions.rke2 import MODULE, RKE2
from stardock.systems import SENTINEL
from stardock.systems.hostkeys import UNIT
from stardock.systems.transactional import cloud_config, last_commands
from stardock.yamltext import yaml_text
from tests.lab.small import SmallLab, guest, small_lab, static, user_data
from tests.machines import machine
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.one_life("transactional"), pytest.mark.timeout(400)]
ADDRESS = "192.168.1.51"
ANSIBLE = Path(__file__).parents[2] / "ansible"

STUBS = {
    # by what is provided; python313 provides python3
    "rpm": 'test "$1 $2" = "--query --whatprovides" && grep -qx -e "$3" /var/lib/stub/running || exit 1',
    # each transaction makes a snapshot that boots next; `pkg` installs from repositories, `run` whatever it is told
    "transactional-update": """cd /var/lib/stub || exit; echo "$*" >>calls; while case $1 in --*) ;; *) false ;; esac; do shift; done
case $1 in pkg) shift 2; printf '%s\\n' "$@" >>next ;; run) shift; "$@" || exit ;; *) exit 1 ;; esac
echo $(($(cat default) + 1)) >default""",
    # a file of packages is its package's name here; without --no-gpg-checks the key of its makers is asked for
    "zypper": """cd /var/lib/stub || exit; echo "$*" >>zypper; case "$*" in
"--non-interactive --no-gpg-checks install "/*.rpm) cat "$4" >>next ;; "addlock "*) echo "$2" >>locks ;; *) exit 4 ;; esac""",
    "rebootmgrctl": 'echo "$*" >>/var/lib/stub/rebootmgr',
    "btrfs": 'echo "ID 268 gen 83 top level 267 path @/.snapshots/$(cat /var/lib/stub/default)/snapshot"',
    "findmnt": """test "$*" = "--noheadings --output FSROOT /" || exec /usr/bin/findmnt "$@"
echo "/@/.snapshots/$(cat /var/lib/stub/booted)/snapshot\"""",
    "selinuxenabled": "test -e /var/lib/stub/modules",
    # a module whose types nobody declares is refused, and so is what is no CIL
    "semodule": """cd /var/lib/stub || exit; case "$*" in --list-modules) cat modules ;; "--install "/*.cil) echo "$*" >>semodule
grep -q filecon "$2" && grep -qx container modules || { echo "Failed to resolve filecon statement" >&2; exit 1; }
name=${2##*/}; echo "${name%.cil}" >>modules ;; *) exit 1 ;; esac""",
    "stub-boot": """cd /var/lib/stub || exit; cat next >>running; : >next; cp default booted; echo boot >>boots
if grep -qx rke2-selinux running; then printf '%s\\n' container rke2 >modules; fi""",
    "restorecon": 'test "$1 $2" = "-R -i" && echo "$*" >>/var/lib/stub/restorecon',
}
BOOT = """\
[Service]
Type=oneshot
ExecStart=/usr/local/bin/stub-boot

[Install]
WantedBy=multi-user.target
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLab]:
    """One machine, started and not waited for: its first boot ends with the restart that the role has to sit out."""
    folder = tmp_path_factory.mktemp("t")
    with small_lab(folder) as lab:
        one = guest(lab, 1, static(ADDRESS))
        assert one.seed is not None
        lab.start(replace(one, seed=Seed(_seed(lab).encode(), one.seed.network, one.seed.meta)), ADDRESS)
        yield lab


def _seed(lab: SmallLab) -> str:
    """Stubs, the unit that boots a snapshot, and what ends the first boot of a transactional system."""
    files = [{"path": f"/usr/local/bin/{name}", "permissions": "0755", "content": f"#!/bin/sh\n{body}\n"} for name, body in STUBS.items()]
    unit = {"path": "/etc/systemd/system/stub-boot.service", "permissions": "0644", "content": BOOT}
    state = "cd /var/lib/stub && touch running next && echo 1 >booted && echo 2 >default && cd -"
    subject = machine("m1", "server", 1, system_name="microos")
    commands = ["mkdir -p /var/lib/stub", state, "systemctl enable stub-boot.service", *last_commands(subject)]
    power = cloud_config(subject)["power_state"]
    head = user_data(lab, 1).split("runcmd:")[0]
    return head + yaml_text({"write_files": [*files, unit], "runcmd": commands, "power_state": power})


def play(lab: SmallLab, **variables: Any) -> dict[str, int]:
    """Run the roles that the stage `machines` runs; how many tasks ended in which way."""
    done = played(lab, {"roles": ["reachable", "machine"]}, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return counts(done)


def counts(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    return {name: int(count) for name, count in re.findall(r"(changed|failed)=(\d+)", done.stdout)}


def played(lab: SmallLab, what: dict[str, Any], *arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Run a play over the machine."""
    host = {
        "ansible_host": ADDRESS,
        "ansible_user": "ops",
        "ansible_ssh_private_key_file": str(lab.key),
        "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
        "machine_users": [],
        "machine_files": [],
        "machine_package_manager": "transactional-update",
        "machine_sentinel": SENTINEL,
        **facts(RKE2),
        **variables,
    }
    folder = lab.key.parent
    (folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"m1": host}}}))
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "become": True, **what}]))
    environment = [f"ANSIBLE_CONFIG={ANSIBLE}/ansible.cfg", f"ANSIBLE_ROLES_PATH={ANSIBLE}/roles", "ANSIBLE_NOCOLOR=1", f"HOME={folder}"]
    command = ["env", *environment, "ansible-playbook", "-i", str(folder / "hosts.yml"), str(folder / "play.yml"), *arguments]
    return lab.inside(*command, timeout=300)


def calls(lab: SmallLab, name: str = "calls") -> list[str]:
    return lab.said(ADDRESS, f"cat /var/lib/stub/{name} 2>/dev/null || true").splitlines()


@pytest.mark.proves("feature microos", "feature leapmicro")
def test_the_restart_that_ends_first_boot_is_waited_for_and_packages_come_with_a_reboot(lab: SmallLab) -> None:
    play(lab, machine_packages=["vim"])
    assert calls(lab) == ["--non-interactive --continue --drop-if-no-change pkg install vim"]
    assert calls(lab, "running") == ["vim"]
    assert len(calls(lab, "boots")) == 2, "the restart that ended first boot, and the reboot into the snapshot"


def test_a_second_run_changes_nothing(lab: SmallLab) -> None:
    assert play(lab, machine_packages=["vim"]) == {"changed": 0, "failed": 0}
    assert len(calls(lab)) == 1


@pytest.mark.proves("reality B12")
def test_a_machine_in_service_is_asked_for_and_not_rebooted(lab: SmallLab) -> None:
    lab.said(ADDRESS, "sudo systemd-run --unit=rke2-server sleep infinity")
    before = lab.boot(ADDRESS)
    assert play(lab, machine_packages=["vim", "htop"])["changed"] > 0
    assert lab.boot(ADDRESS) == before
    lab.said(ADDRESS, "test", "-e", "/run/reboot-required", "-a", "!", "-e", "/run/reboot-needed")
    assert len(calls(lab)) == 2
    assert play(lab, machine_packages=["vim", "htop"]) == {"changed": 0, "failed": 0}
    assert len(calls(lab)) == 2


def test_a_load_balancer_in_service_asks_rebootmgr_for_its_window(lab: SmallLab) -> None:
    before = lab.boot(ADDRESS)
    play(lab, machine_packages=["vim", "htop", "screen"], machine_reboots_itself=True)
    assert calls(lab, "rebootmgr") == ["reboot"]
    assert lab.boot(ADDRESS) == before


def test_without_service_the_next_run_boots_what_waits(lab: SmallLab) -> None:
    lab.said(ADDRESS, "sudo systemctl stop rke2-server")
    play(lab, machine_packages=["vim", "htop", "screen"])
    assert len(calls(lab)) == 3
    assert set(calls(lab, "running")) >= {"vim", "screen"}


KEYS = "/etc/stardock/host-keys.pub"


@pytest.mark.proves("reality B9", "selinux 2")
def test_the_copy_of_the_host_keys_is_made_on_a_machine_that_exists_and_follows_the_keys_without_a_reboot(lab: SmallLab) -> None:
    owned = machine_variables(machine("m1", "server", 1, system_name="microos"))
    files = [file for file in owned["machine_files"] if "host-keys" in file["path"]]
    given = {"machine_packages": ["vim"], "machine_files": files, "machine_services": {UNIT: True}}
    assert play(lab, **given)["changed"] > 0
    assert len(lab.said(ADDRESS, f"sleep 2; cat {KEYS}").splitlines()) == 1
    lab.said(ADDRESS, "sudo ssh-keygen -A")
    until(lambda: lab.said(ADDRESS, f"cat {KEYS}") == lab.said(ADDRESS, "cat /etc/ssh/ssh_host_*_key.pub"), "the copy of all keys", 30)
    assert len(lab.said(ADDRESS, f"cat {KEYS}").splitlines()) == 3
    assert lab.said(ADDRESS, "stat", "-c", "%a", KEYS) == "644"
    assert play(lab, **given) == {"changed": 0, "failed": 0}
    lab.said(ADDRESS, f"sudo rm {KEYS}; sudo rm -f /etc/ssh/ssh_host_rsa_key* /etc/ssh/ssh_host_ecdsa_key*")
    until(lambda: len(lab.said(ADDRESS, f"cat {KEYS} || true").splitlines()) == 1, "the copy of the key that is left", 30)


RPM = "/var/lib/stub/rke2-selinux.slemicro.noarch.rpm"
FETCHED = {"name": "rke2-selinux", "url": f"file://{RPM}"}


def labelled(lab: SmallLab, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the role `rke2` does about SELinux on an agent whose program is there."""
    entries = [{"ansible.builtin.include_role": {"name": "kubernetes", "tasks_from": name}} for name in ("see", "policy", "labels")]
    if "--check" in arguments:
        entries = entries[:2]
    given = {
        "kubernetes_type": "agent",
        "kubernetes_version": "v1.36.5+rke2r1",
        "kubernetes_url": "https://example.org/x",
        "kubernetes_config": {"selinux": True},
    }
    return played(lab, {"tasks": entries}, *arguments, **given, **RKE2.confinement.variables("microos", None, None))


@pytest.mark.proves("selinux 3", "reality B11")
def test_selinux_true_is_refused_before_anything_is_changed_while_the_policy_is_not_loaded(lab: SmallLab) -> None:
    off = labelled(lab)
    assert off.returncode != 0
    words = " ".join(off.stdout.split())
    assert "SELinux is off there" in words
    assert "selinux: false" in words
    lab.said(ADDRESS, "echo container | sudo tee /var/lib/stub/modules")
    without = labelled(lab)
    assert without.returncode != 0
    assert "its policy, rke2-selinux, is not loaded there" in " ".join(without.stdout.split())
    assert counts(without)["changed"] == 0
    assert labelled(lab, "--check").returncode == 0, "a check over a machine that is still to get the package does not end there"


@pytest.mark.proves("selinux 4", "reality B11")
def test_the_policy_that_no_repository_has_is_fetched_checked_installed_with_a_reboot_and_locked(lab: SmallLab) -> None:
    lab.said(ADDRESS, f"echo rke2-selinux | sudo tee {RPM}")
    right = lab.said(ADDRESS, "sha256sum", RPM).split()[0]
    wanted = {"machine_packages": ["vim", "htop", "rke2-selinux"]}
    wrong = played(lab, {"roles": ["machine"]}, machine_fetched_packages=[{**FETCHED, "sha256": "0" * 64}], **wanted)
    assert wrong.returncode != 0
    assert "rke2-selinux" not in calls(lab, "running") + calls(lab, "next")
    before = len(calls(lab, "boots"))
    play(lab, machine_fetched_packages=[{**FETCHED, "sha256": right}], **wanted)
    assert "rke2-selinux" in calls(lab, "running")
    assert calls(lab, "locks") == ["rke2-selinux"]
    assert len(calls(lab, "boots")) == before + 1
    assert play(lab, machine_fetched_packages=[{**FETCHED, "sha256": right}], **wanted) == {"changed": 0, "failed": 0}


@pytest.mark.proves("selinux 3", "reality B11")
def test_the_module_and_the_labels_come_before_the_first_start_and_once(lab: SmallLab) -> None:
    first = labelled(lab)
    assert first.returncode == 0, first.stdout
    assert calls(lab, "modules") == ["container", "rke2", "stardock_rke2"]
    assert lab.said(ADDRESS, "sudo", "cat", "/etc/stardock/stardock_rke2.cil") + "\n" == MODULE
    (said,) = calls(lab, "restorecon")
    assert said.startswith("-R -i /opt/rke2 /etc/systemd/system/rke2")
    assert said.endswith(" /var/lib/rancher /var/lib/kubelet /var/lib/cni /opt/cni /etc/cni")
    folders = lab.said(ADDRESS, "stat", "-c", "%a", "/var/lib/rancher/rke2", "/opt/cni", "/etc/cni")
    assert folders.split() == ["755", "755", "755"], "as RKE2 makes them"
    second = labelled(lab)
    assert (second.returncode, counts(second)) == (0, {"changed": 0, "failed": 0})


@pytest.mark.proves("selinux 3")
def test_a_module_that_is_gone_is_loaded_again_but_not_while_a_snapshot_waits(lab: SmallLab) -> None:
    lab.said(ADDRESS, "sudo sed -i /stardock/d /var/lib/stub/modules; echo 99 | sudo tee /var/lib/stub/default")
    waits = labelled(lab)
    assert waits.returncode != 0
    assert "its policy cannot be changed while a new snapshot waits for its boot" in " ".join(waits.stdout.split())
    lab.said(ADDRESS, "sudo cp /var/lib/stub/booted /var/lib/stub/default")
    assert labelled(lab).returncode == 0
    assert calls(lab, "modules")[-1] == "stardock_rke2"
