"""The user's own user-data (parity 54, 64): merged after ours, by pool and cluster, kept up to date by the stage `machines`."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.bundle.machine import machine_variables
from stardock.firstboot.user import user_data
from stardock.model.lock import Lock
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.spec.rules.across import conflicts
from stardock.systems import system
from tests.plans import PUBLIC_KEY, document, plan_of, spec_of

pytestmark = pytest.mark.unit

MOTD = {"path": "/etc/motd", "content": "hello\n"}
OWN = {"path": "/srv/own", "content": "", "permissions": "0600", "owner": "ada"}


def planned(
    lock: Lock | None = None, *, name: str = "debian", agents: dict[str, Any] | None = None, **cloud_init: Any
) -> tuple[Plan, Lock]:
    data = document()
    data["image"] = {"system": name}
    data["cloud_init"] = cloud_init
    data["pools"][2]["cloud_init"] = agents or {}
    return plan_of(data, lock)


def first(plan: Plan, name: str = "agent1") -> Machine:
    return plan.machine(name)


@pytest.mark.parametrize("name", ["debian", "ubuntu", "microos"])
def test_write_files_and_runcmd_come_after_ours_the_clusters_before_the_pools(name: str) -> None:
    cluster = {"write_files": [MOTD], "runcmd": ["echo one", ["echo", "a b"]], "bootcmd": ["modprobe nbd"]}
    plan, _ = planned(name=name, user_data=cluster, agents={"user_data": {"write_files": [OWN], "runcmd": ["echo three"]}})
    found, server = user_data(first(plan)), user_data(first(plan, "server1"))
    assert [file["path"] for file in found["write_files"]][-2:] == ["/etc/motd", "/srv/own"]
    last = len(system(name).last_commands(first(plan)))
    assert found["runcmd"][: len(found["runcmd"]) - last][-3:] == ["echo one", "echo 'a b'", "echo three"]
    assert found["bootcmd"][-1] == "modprobe nbd"
    assert server["write_files"][-1]["path"] == "/etc/motd"
    assert "echo 'a b'" in server["runcmd"]
    assert "echo three" not in server["runcmd"]
    assert len(server["write_files"]) > 2


def test_a_file_of_another_account_waits_until_the_account_exists() -> None:
    plan, _ = planned(users=[{"name": "ada"}], user_data={"write_files": [OWN]})
    written = user_data(first(plan))["write_files"][-1]
    assert written == {"path": "/srv/own", "permissions": "0600", "owner": "ada:root", "content": "", "defer": True}


def test_packages_and_users_of_a_pool_are_in_addition() -> None:
    plan, _ = planned(
        packages=["htop"],
        users=[{"name": "ada"}],
        agents={"packages": ["nfs-common", "htop"], "users": [{"name": "bob", "keys": [PUBLIC_KEY]}]},
    )
    assert first(plan).packages[-2:] == ("htop", "nfs-common")
    assert first(plan, "server1").packages[-1] == "htop"
    assert [user.name for user in first(plan).users] == ["root", "ada", "bob"]
    assert [user.name for user in first(plan, "server1").users] == ["root", "ada"]


def test_an_edited_file_is_the_next_bootstraps_work() -> None:
    before, lock = planned(user_data={"write_files": [MOTD]})
    after, _ = planned(lock, user_data={"write_files": [MOTD | {"content": "hi\n"}]})
    one, other = (machine_variables(first(plan)) for plan in (before, after))
    changed = [new for old, new in zip(one["machine_files"], other["machine_files"], strict=True) if old != new]
    assert changed == [{"path": "/etc/motd", "content": "hi\n", "mode": "0644"}]


def test_a_file_of_another_account_keeps_its_owner_in_the_bundle() -> None:
    plan, _ = planned(users=[{"name": "ada"}], user_data={"write_files": [OWN]})
    assert {"path": "/srv/own", "content": "", "mode": "0600", "owner": "ada"} in machine_variables(first(plan))["machine_files"]


def test_commands_of_a_machine_that_exists_stay_and_are_reported() -> None:
    _, lock = planned(user_data={"runcmd": ["echo one"]})
    after, _ = planned(lock, user_data={"runcmd": ["echo one", "echo two"]})
    assert first(after).commands == ("echo one",)
    change = next(change for change in after.replacements if change.machine == "agent1")
    assert (change.field, change.old, change.new) == ("user_data.runcmd", "echo one", "echo one ; echo two")


def test_a_mirror_is_that_of_the_machines_system() -> None:
    plan, _ = planned(mirrors={"debian": "https://one.example", "microos": "https://other.example"}, agents={})
    assert {machine.mirror for machine in plan.machines} == {"https://one.example"}


def test_one_name_has_one_password_everywhere() -> None:
    data = document()
    for pool, variable in zip(data["pools"][1:], ("ONE", "OTHER"), strict=True):
        pool["cloud_init"] = {"users": [{"name": "ada", "password_hash": {"env": variable}}]}
    assert ["another source of its password" in problem.message for problem in conflicts(spec_of(data))] == [True]
