"""The first boot's documents: what they say for each role and system, and that every reader takes them as meant."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.firstboot import documents
from stardock.model.machine import User, Window
from stardock.systems import SYSTEMS, system
from tests.machines import KEY, interface, machine, machines

pytestmark = pytest.mark.unit

CLOUD_INIT = [name for name, each in SYSTEMS.items() if each.first_boot == "cloud-init"]
BALANCING = [name for name, each in SYSTEMS.items() if "loadbalancer" in each.roles]
ALL = [each for name in CLOUD_INIT for each in machines(name)]
EVERY = pytest.mark.parametrize("subject", ALL, ids=lambda each: f"{each.image.system}-{each.name}")

#: Top-level keys of cloud-config: the properties in cloud-init 22.4's own schema (cloudinit/config/schemas/schema-cloud-config-v1.json)
#: that we use. `cloud-init schema` does not find unknown ones.
KNOWN = {
    *("hostname", "fqdn", "prefer_fqdn_over_hostname", "manage_etc_hosts", "timezone", "locale", "users", "write_files"),
    *("ssh_pwauth", "disable_root", "ssh_deletekeys", "ssh_genkeytypes", "bootcmd", "runcmd", "growpart", "resize_rootfs"),
    *("packages", "package_update", "package_upgrade", "power_state"),
    *("cloud_init_modules", "cloud_config_modules", "cloud_final_modules"),  # no module reads these, cloud-init itself does
}


def read(text: str) -> Any:
    """As cloud-init reads: YAML 1.1, in which `yes` is a truth and `17:15` a number."""
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    return reader.load(io.StringIO(text))


def user(subject: Any) -> Any:
    return read(documents("testing", subject).user)


def written(subject: Any, path: str) -> str:
    return str(next(file["content"] for file in user(subject)["write_files"] if file["path"] == path))


@EVERY
def test_user_data_has_only_top_level_keys_that_cloud_init_knows(subject: Any) -> None:
    assert documents("testing", subject).user.startswith("#cloud-config\n")
    assert set(user(subject)) <= KNOWN


@EVERY
def test_first_boot_writes_the_very_files_that_the_stage_machines_owns(subject: Any) -> None:
    wanted = [(file.path, file.mode, file.content) for file in system(subject.image.system).files_of(subject)]
    assert [(file["path"], file["permissions"], file["content"]) for file in user(subject)["write_files"]] == wanted


@EVERY
def test_a_kubernetes_machine_never_reboots_itself(subject: Any) -> None:
    text = documents("testing", replace(subject, window=Window(start="17:00", duration_minutes=60))).user
    alone = subject.role == "loadbalancer"
    assert ('Automatic-Reboot "true"' in text or "strategy=maint-window" in text) == alone
    assert ("power_state" in text) == ("condition: test -e /run/stardock/restarts" in text)
    if system(subject.image.system).package_manager == "transactional-update":
        assert ("REBOOT_METHOD=rebootmgr" if alone else "REBOOT_METHOD=kured") in text
        assert ("systemctl disable --now rebootmgr.service" in text) != alone


def test_microos_sets_the_reboot_method_before_rebootmgr_goes() -> None:
    # cloud-init writes files in its init stage and runs runcmd in its final stage
    document = user(machine("server1", "server", 12, system_name="microos"))
    assert "/etc/transactional-update.conf" in [file["path"] for file in document["write_files"]]
    assert "systemctl disable --now rebootmgr.service" in document["runcmd"]
    assert "bootcmd" not in document


@pytest.mark.proves("feature maintenance windows")
def test_a_load_balancer_reboots_itself_at_its_window() -> None:
    debian, ubuntu, microos = (machine("lb1", "loadbalancer", 10, system_name=name) for name in ("debian", "ubuntu", "microos"))
    for apt in (debian, ubuntu):
        assert 'Automatic-Reboot-Time "17:15"' in written(apt, "/etc/apt/apt.conf.d/52stardock-upgrades")
    drop_in = written(microos, "/etc/rebootmgr/rebootmgr.conf.d/90-stardock.conf")
    assert "window-start=17:15\nwindow-duration=1h30m\n" in drop_in


def test_a_load_balancer_without_a_window_does_not_reboot_itself() -> None:
    for name in BALANCING:
        text = documents("testing", machine("lb1", "loadbalancer", 10, system_name=name, window=None)).user
        assert 'Automatic-Reboot "false"' in text or "strategy=off" in text


def test_packages_are_the_systems_the_roles_and_the_users_each_once() -> None:
    role = machine("lb1", "loadbalancer", 10)
    packages = user(replace(role, packages=(*role.packages, "python3", "htop")))["packages"]
    assert {"haproxy", "keepalived", "htop", "qemu-guest-agent", "unattended-upgrades"} <= set(packages)
    assert len(packages) == len(set(packages))


def test_of_the_two_that_balance_kubernetes_machines_have_none_and_rke2_is_no_package() -> None:
    for name in ("debian", "ubuntu", "microos"):
        packages = user(machine("server1", "server", 12, system_name=name))["packages"]
        assert not {"haproxy", "keepalived", "rke2", "rke2-server", "rke2-selinux"} & set(packages)


def test_lists_of_packages_are_read_at_first_boot_and_nothing_is_upgraded() -> None:
    for name in ("debian", "ubuntu", "microos"):
        document = user(machine("server1", "server", 12, system_name=name))
        assert (document["package_update"], document["package_upgrade"]) == (True, False)


def test_a_mark_stands_for_a_password_and_everything_else_is_as_it_is() -> None:
    admin = User(name="admin", keys=(f"{KEY}${{path.cwd}}%{{if true}}",), password_variable="password_hash_admin")
    subject = machine("server1", "server", 12, users=(admin, User(name="guest", sudo=False)))
    text, marks = documents("testing", subject).user, documents("testing", subject).marks
    (placed,) = marks
    assert marks[placed] == "password_hash_admin"
    assert f'hashed_passwd: "{placed}"' in text
    assert "${path.cwd}%{if true}" in text
    accounts = {account["name"]: account for account in user(subject)["users"]}
    assert accounts["admin"]["lock_passwd"] is False
    assert accounts["guest"] == {"name": "guest", "shell": "/bin/bash", "lock_passwd": True}
    assert written(subject, "/etc/sudoers.d/stardock").endswith("\nadmin ALL=(ALL) NOPASSWD:ALL\n")


def test_root_may_enter_only_when_it_is_one_of_the_users() -> None:
    assert user(machine("server1", "server", 12))["disable_root"] is False
    assert user(machine("server1", "server", 12, users=(User(name="admin", keys=(KEY,)),)))["disable_root"] is True


def test_a_full_host_name_is_kept_whole() -> None:
    document = user(machine("server1", "server", 12, hostname="server1.home.arpa"))
    assert document["manage_etc_hosts"] == "localhost", "cloud-init keeps the name in /etc/hosts"
    assert (document["hostname"], document["fqdn"], document["prefer_fqdn_over_hostname"]) == (
        "server1.home.arpa",
        "server1.home.arpa",
        True,
    )


def test_meta_data_holds_the_instance_id_that_no_edit_changes() -> None:
    subject = machine("server1", "server", 12)
    wanted = {"instance-id": "testing-server1", "local-hostname": "server1"}
    assert read(documents("testing", subject).meta) == wanted
    assert read(documents("testing", replace(subject, users=(), packages=("htop",), window=None)).meta) == wanted


def test_a_static_interface_matches_by_mac_and_carries_its_dns() -> None:
    config = read(documents("testing", machine("server1", "server", 12)).network)
    assert config == {
        "version": 1,
        "config": [
            {
                "type": "physical",
                "name": "ens18",
                "mac_address": "bc:24:11:00:00:0c",
                "accept-ra": False,
                "subnets": [
                    {
                        "type": "static",
                        "address": "192.168.1.12/24",
                        "gateway": "192.168.1.1",
                        "dns_nameservers": ["192.168.1.1", "192.168.1.2"],
                        "dns_search": ["home.arpa"],
                    }
                ],
            }
        ],
    }


def test_a_dhcp_interface_says_nothing_that_is_not_wanted() -> None:
    nic = interface(12, address=None, prefix=None, gateway=None, dns=(), search=())
    config = read(documents("testing", machine("server1", "server", 12, interfaces=(nic,))).network)
    assert config["config"] == [
        {"type": "physical", "name": "ens18", "mac_address": "bc:24:11:00:00:0c", "accept-ra": False, "subnets": [{"type": "dhcp"}]},
    ]


def test_a_hash_stands_in_one_place_and_no_text_of_a_users_can_be_another() -> None:
    forged = "${var.password_hash_admin} ${var.password_hash_admin 0}"
    admin = User(name="admin", keys=(f"{KEY}{forged}",), password_variable="password_hash_admin")
    written = documents("testing", machine("agent1", "agent", 1, users=(admin,)))
    live = [variable for _, variable in written.user_parts() if variable]
    assert live == ["password_hash_admin"]
    assert forged in "".join(text for text, variable in written.user_parts() if variable is None)
