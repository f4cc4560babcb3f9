"""RKE2 under SELinux: who has it on, who keeps what was founded without it, and what its machines are given."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.distributions.rke2 import MODULE, RKE2
from stardock.firstboot.user import user_data
from stardock.model.facts import Facts
from stardock.model.lock import Lock
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.spec.rules.across import conflicts
from stardock.systems import SYSTEMS, system
from stardock.workspace.lock import load_lock, save_lock, to_json
from tests.plans import document, plan_of, spec_of

pytestmark = pytest.mark.unit

SHA256 = "ab" * 32
PACKAGE, POLICIES = RKE2.confinement.package, RKE2.confinement.policies
KUBERNETES = ("server1", "agent1")


def data(name: str, **distribution: Any) -> dict[str, Any]:
    """The quick start on one system; its load balancers stay where load balancers can be."""
    found = document()
    found["image"] = {"system": name}
    if "loadbalancer" not in system(name).roles:
        found["pools"][0]["image"] = {"system": "debian"}
    found["distribution"] |= distribution
    return found


def planned(name: str, lock: Lock | None = None, **distribution: Any) -> tuple[Plan, Lock]:
    return plan_of(data(name, **distribution), lock)


def host(plan: Plan, name: str) -> dict[str, Any]:
    return inventory_files(plan, Facts(cluster=plan.cluster))[f"host_vars/{name}.yml"]


def warned(plan: Plan) -> list[str]:
    return [warning for warning in plan.warnings if "SELinux" in warning]


def without(lock: Lock) -> Lock:
    """The lock of a cluster that an older Stardock founded: it knew nothing of SELinux, nor of its package."""
    machines = {
        name: replace(
            one, record=replace(one.record, selinux=False, packages=tuple(each for each in one.record.packages if each != PACKAGE))
        )
        for name, one in lock.machines.items()
    }
    return replace(lock, machines=machines, distribution_version=None)


@pytest.mark.proves("feature SELinux policy of RKE2", "selinux 3", "reality B11")
def test_on_microos_servers_and_agents_have_the_package_the_module_the_labels_and_selinux_true() -> None:
    plan, _ = planned("microos")
    for name in KUBERNETES:
        variables = host(plan, name)
        assert PACKAGE in user_data(plan.machine(name))["packages"]
        assert PACKAGE in variables["machine_packages"]
        assert variables["kubernetes_config"]["selinux"] is True
        assert variables["kubernetes_selinux_module"] == MODULE
        assert {"/opt/rke2", "/etc/systemd/system/rke2*", "/var/lib/rancher", "/opt/cni"} <= set(variables["kubernetes_selinux_labelled"])
        assert {"/var/lib/rancher/rke2", "/opt/cni"} <= set(variables["kubernetes_selinux_folders"])
        assert "machine_fetched_packages" not in variables
    assert PACKAGE not in user_data(plan.machine("lb1"))["packages"]
    assert not warned(plan)


@pytest.mark.proves("selinux 4", "reality B11")
def test_on_leap_micro_the_package_is_fetched_by_url_and_checksum_and_there_is_no_module() -> None:
    plan, _ = planned("leapmicro", selinux_policy_sha256=SHA256)
    for name in KUBERNETES:
        variables = host(plan, name)
        assert PACKAGE not in user_data(plan.machine(name))["packages"], "no repository has it: the whole installation would fail"
        assert variables["machine_fetched_packages"] == [{"name": PACKAGE, "url": POLICIES["slemicro"].url, "sha256": SHA256}]
        assert PACKAGE in variables["machine_packages"]
        assert (variables["kubernetes_config"]["selinux"], variables["kubernetes_selinux_module"]) == (True, "")
    assert str(POLICIES["slemicro"].url).endswith("/rke2-selinux-0.22-1.slemicro.noarch.rpm")
    own, _ = planned("leapmicro", selinux_policy_sha256=SHA256, selinux_policy_url="https://mirror.example/x.rpm")
    assert host(own, "agent1")["machine_fetched_packages"][0]["url"] == "https://mirror.example/x.rpm"


@pytest.mark.proves("selinux 4")
def test_on_leap_micro_without_a_checksum_nothing_is_fetched_and_the_plan_says_what_is_missing() -> None:
    plan, _ = planned("leapmicro")
    assert "selinux" not in host(plan, "agent1")["kubernetes_config"]
    assert PACKAGE not in host(plan, "agent1")["machine_packages"]
    (warning,) = warned(plan)
    assert warning.startswith("leapmicro: RKE2 runs without its SELinux policy on server1")
    assert "`distribution: {selinux_policy_sha256}` changes that" in warning


@pytest.mark.parametrize("name", ["debian", "ubuntu", "flatcar"])
def test_where_no_selinux_enforces_nothing_of_it_is_planned(name: str) -> None:
    plan, _ = planned(name)
    for one in (*KUBERNETES, "lb1"):
        variables = host(plan, one)
        assert not [key for key in variables if key.startswith("rke2_selinux")]
        assert "selinux" not in variables.get("kubernetes_config", {})
        assert variables.get("haproxy_selinux", False) is False


@pytest.mark.proves("selinux 1", "reality B10")
def test_load_balancers_are_told_whether_their_system_has_selinux() -> None:
    for name in SYSTEMS:
        variables = host(planned(name)[0], "lb1")
        assert variables["haproxy_selinux"] == variables["keepalived_selinux"] == (name == "microos")


@pytest.mark.proves("selinux 3")
@pytest.mark.parametrize(("name", "key"), [("debian", "Debian"), ("flatcar", "Flatcar"), ("leapmicro", "sha256 is not known")])
def test_selinux_true_without_a_policy_is_refused_by_the_plan(name: str, key: str) -> None:
    (problem,) = [each for each in conflicts(spec_of(data(name, options={"selinux": True}))) if "selinux" in each.message]
    assert key in problem.message
    assert problem.path == "distribution.options.selinux"
    assert not conflicts(spec_of(data("leapmicro", options={"selinux": True}, selinux_policy_sha256=SHA256)))
    assert not conflicts(spec_of(data("microos", options={"selinux": True})))
    assert not conflicts(spec_of(data(name, options={"selinux": False})))


def test_selinux_true_is_refused_where_no_pool_can_have_it_and_a_load_balancer_does_not_count() -> None:
    mixed = data("debian", options={"selinux": True})
    mixed["pools"][0]["image"] = {"system": "microos"}
    assert ["of pool servers" in each.message for each in conflicts(spec_of(mixed))] == [True]
    mixed["pools"][2]["image"] = {"system": "leapmicro"}
    assert ["sha256 is not known" in each.message for each in conflicts(spec_of(mixed))] == [True]


def test_what_the_plan_says_to_machines_without_the_policy_can_be_written_where_others_cannot_have_it() -> None:
    mixed = data("microos")
    mixed["pools"][2]["image"] = {"system": "debian"}
    _, lock = plan_of(mixed)
    (warning,) = warned(plan_of(mixed, without(lock))[0])
    assert "`distribution: {options: {selinux: true}}` changes that" in warning
    mixed["distribution"]["options"] = {"selinux": True}
    assert not conflicts(spec_of(mixed))
    plan, _ = plan_of(mixed, without(lock))
    assert (host(plan, "server1")["kubernetes_config"]["selinux"], PACKAGE in plan.machine("server1").packages) == (True, True)
    assert "selinux" not in host(plan, "agent1")["kubernetes_config"]
    assert not [key for key in host(plan, "agent1") if key.startswith("rke2_selinux")]
    assert not warned(plan)


def test_in_a_mixed_cluster_each_machine_has_what_its_system_can() -> None:
    mixed = data("microos")
    mixed["pools"][2]["image"] = {"system": "debian"}
    plan, _ = plan_of(mixed)
    assert host(plan, "server1")["kubernetes_config"]["selinux"] is True
    assert "selinux" not in host(plan, "agent1")["kubernetes_config"]


def test_selinux_false_is_followed_and_nobody_is_warned() -> None:
    plan, _ = planned("microos", options={"selinux": False})
    assert host(plan, "server1")["kubernetes_config"].get("selinux", False) is False
    assert PACKAGE not in plan.machine("server1").packages
    assert not warned(plan)


def test_a_cluster_that_was_founded_without_the_policy_goes_on_without_it_and_is_told_how_to_have_it() -> None:
    _, lock = planned("microos")
    plan, after = planned("microos", without(lock))
    assert [machine.name for machine in plan.machines if machine.selinux] == []
    assert PACKAGE not in plan.machine("server1").packages
    (warning,) = warned(plan)
    assert "`distribution: {options: {selinux: true}}` changes that" in warning
    assert after == replace(without(lock), distribution_version=lock.distribution_version)
    said, _ = planned("microos", without(lock), options={"selinux": True})
    assert all(said.machine(name).selinux and PACKAGE in said.machine(name).packages for name in KUBERNETES)


def test_a_new_machine_of_such_a_cluster_has_the_policy() -> None:
    _, lock = planned("microos")
    grown = data("microos")
    grown["pools"][2]["machines"] = ["agent1", "agent9"]
    plan, _ = plan_of(grown, without(lock))
    assert {machine.name for machine in plan.machines if machine.selinux} == {"agent9"}


def test_the_lock_keeps_who_has_it_and_an_older_stardock_refuses_such_a_lock(tmp_path: Any) -> None:
    _, lock = planned("microos")
    save_lock(tmp_path / "cluster.lock", lock)
    assert load_lock(tmp_path / "cluster.lock") == lock
    assert json.loads(to_json(lock))["version"] == 4
    former = without(lock)
    held = {name: replace(one, record=replace(one.record, seed_interface="ide2")) for name, one in former.machines.items()}
    assert json.loads(to_json(replace(former, machines=held)))["version"] == 1


def test_a_record_that_says_nothing_of_selinux_has_it_off(tmp_path: Any) -> None:
    _, lock = planned("microos")
    old = json.loads(to_json(without(lock)))
    for machine in old["machines"].values():
        del machine["record"]["selinux"]
    (tmp_path / "cluster.lock").write_text(json.dumps(old))
    assert load_lock(tmp_path / "cluster.lock") == without(lock)


def test_a_machine_that_exists_without_the_policy_and_is_accepted_elsewhere_goes_on_without_it() -> None:
    _, lock = planned("microos")
    moved = data("microos")
    moved["pools"][1]["machines"][0] = {"name": "server1", "pve_node": "pve2"}
    plan, _ = build(spec_of(moved), without(lock), "cluster.yaml", accept={"server1"})
    assert (plan.machine("server1").pve_node, plan.machine("server1").selinux) == ("pve2", False)
    _, debian = planned("debian")
    plan, _ = build(spec_of(data("microos")), debian, "cluster.yaml", accept={"server1"})
    assert (plan.machine("server1").image.system, plan.machine("server1").selinux) == ("microos", True)
