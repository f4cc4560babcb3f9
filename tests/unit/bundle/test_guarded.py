"""What the bundle carries of RKE2's demands: profiles, the API server's file, no network plugin, folders' modes."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.model.plan import Plan
from tests.plans import document, plan_of
from tests.unit.bundle.test_bundle import FACTS, host, planned

pytestmark = pytest.mark.unit

SYSCTL = "/etc/sysctl.d/90-stardock-rke2.conf"


def shared(plan: Plan) -> dict[str, Any]:
    return inventory_files(plan, FACTS)["group_vars/all.yml"]


def file(plan: Plan, machine: str, path: str) -> dict[str, Any] | None:
    return next((one for one in host(plan, machine)["machine_files"] if one["path"] == path), None)


@pytest.mark.proves("reality D25")
@pytest.mark.parametrize(
    "options", [{"profile": "cis"}, {"protect-kernel-defaults": True}, {"kubelet-arg": ["protect-kernel-defaults=true"]}]
)
def test_servers_and_agents_get_the_kernel_that_a_profile_demands_and_load_balancers_do_not(options: dict[str, Any]) -> None:
    plan = planned(**options)
    for name in ("server1", "agent1"):
        found = file(plan, name, SYSCTL)
        assert found is not None
        assert found["content"].splitlines() == [
            "kernel.keys.root_maxbytes = 25000000",
            "kernel.keys.root_maxkeys = 1000000",
            "kernel.panic = 10",
            "kernel.panic_on_oops = 1",
            "vm.overcommit_memory = 1",
            "vm.panic_on_oom = 0",
        ]
        assert found["applies"] == "sysctl"
    assert file(plan, "lb1", SYSCTL) is None


@pytest.mark.proves("reality D25")
def test_without_a_profile_the_kernel_settings_of_before_go() -> None:
    assert file(planned(), "server1", SYSCTL) == {"path": SYSCTL, "state": "absent"}


@pytest.mark.proves("reality D25")
@pytest.mark.parametrize(("profile", "wanted"), [("cis", True), ("etcd", True), (None, False)])
def test_the_account_etcd_is_asked_for_by_profiles(profile: str | None, wanted: bool) -> None:
    assert shared(planned(**({"profile": profile} if profile else {})))["kubernetes_etcd_user"] is wanted


@pytest.mark.proves("reality D28", "case 04-cni-none-agents")
@pytest.mark.parametrize("cni", ["none", ["none"]])
def test_without_a_network_plugin_every_machine_is_told_so(cni: Any) -> None:
    plan = planned(cni=cni)
    assert shared(plan)["kubernetes_has_network"] is False
    assert shared(planned())["kubernetes_has_network"] is True
    assert "cni" not in host(plan, "agent1")["kubernetes_config"], "a key of servers: agents cannot see it there"


@pytest.mark.proves("reality D20")
def test_oidc_leaves_the_arguments_and_stands_in_the_file() -> None:
    plan = planned(**{"kube-apiserver-arg": ["v=2", "oidc-issuer-url=https://id.example.org", "oidc-client-id=k"]})
    assert host(plan, "server1")["kubernetes_config"]["kube-apiserver-arg"] == [
        "v=2",
        "authentication-config=/etc/rancher/rke2/authentication.yaml",
    ]
    assert shared(plan)["kubernetes_authentication"]["jwt"][0]["issuer"]["url"] == "https://id.example.org"


@pytest.mark.proves("reality D29")
def test_a_manifest_before_the_first_start_does_not_open_the_servers_folder() -> None:
    files = host(plan_of(document() | {"cni": {"interface": "ens18"}})[0], "server1")["machine_files"]
    folder, manifest = files[-2:]
    assert folder == {"path": "/var/lib/rancher/rke2/server", "state": "directory", "mode": "0700"}
    assert manifest["path"] == "/var/lib/rancher/rke2/server/manifests/stardock-cni.yaml"
    assert manifest["directory_mode"] == "0700"
