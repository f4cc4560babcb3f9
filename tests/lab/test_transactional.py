"""The tasks of the transactional systems, on a machine that is not one: a Debian of the lab, on which rpm, transactional-update, btrfs and
rebootmgrctl are stubs that behave as those do (what is installed is there after the next boot). Ansible, cloud-init, systemd, the reboots
and the services are real. Neither MicroOS nor Leap Micro is booted by our tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stardock.lab.hypervisor import Seed
from stardock.systems import SENTINEL
from stardock.systems.transactional import RESTART, cloud_config
from stardock.yamltext import yaml_text
from tests.lab.small import SmallLab, guest, small_lab, static, user_data
from tests.machines import machine

pytestmark = [pytest.mark.lab, pytest.mark.one_life("transactional"), pytest.mark.timeout(400)]
ADDRESS = "192.168.1.51"
ANSIBLE = Path(__file__).parents[2] / "ansible"

STUBS = {
    # by what is provided; python313 provides python3
    "rpm": 'test "$1 $2" = "--query --whatprovides" && grep -qx -e "$3" /var/lib/stub/running || exit 1',
    "transactional-update": """echo "$*" >>/var/lib/stub/calls; echo "$*" | sed 's/.* install //' | tr ' ' '\\n' >>/var/lib/stub/next""",
    "rebootmgrctl": 'echo "$*" >>/var/lib/stub/rebootmgr',
    "btrfs": "echo ID 268 gen 83 top level 267 path @/.snapshots/2/snapshot",
}
BOOT = """\
[Service]
Type=oneshot
ExecStart=sh -c 'cat /var/lib/stub/next >>/var/lib/stub/running; : >/var/lib/stub/next; echo boot >>/var/lib/stub/boots'

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
    commands = ["mkdir -p /var/lib/stub", "touch /var/lib/stub/running /var/lib/stub/next", "systemctl enable stub-boot.service", RESTART]
    power = cloud_config(machine("m1", "server", 1, system_name="microos"))["power_state"]
    head = user_data(lab, 1).split("runcmd:")[0]
    return head + yaml_text({"write_files": [*files, unit], "runcmd": commands, "power_state": power})


def play(lab: SmallLab, **variables: Any) -> dict[str, int]:
    """Run the roles that the stage `machines` runs; how many tasks ended in which way."""
    host = {
        "ansible_host": ADDRESS,
        "ansible_user": "ops",
        "ansible_ssh_private_key_file": str(lab.key),
        "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
        "machine_users": [],
        "machine_files": [],
        "machine_package_manager": "transactional-update",
        "machine_sentinel": SENTINEL,
        **variables,
    }
    folder = lab.key.parent
    (folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"m1": host}}}))
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "become": True, "roles": ["reachable", "machine"]}]))
    environment = [f"ANSIBLE_CONFIG={ANSIBLE}/ansible.cfg", f"ANSIBLE_ROLES_PATH={ANSIBLE}/roles", "ANSIBLE_NOCOLOR=1", f"HOME={folder}"]
    command = ["env", *environment, "ansible-playbook", "-i", str(folder / "hosts.yml"), str(folder / "play.yml")]
    done = lab.inside(*command, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: int(count) for name, count in re.findall(r"(changed|failed)=(\d+)", done.stdout)}


def calls(lab: SmallLab, name: str = "calls") -> list[str]:
    return lab.said(ADDRESS, f"cat /var/lib/stub/{name} 2>/dev/null || true").splitlines()


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
