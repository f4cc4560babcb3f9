"""config.yaml of k3s, whole, as golden files: who founds, who joins, who works; every key is one that k3s has."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.bundle.inventory import inventory_files
from stardock.bundle.text import yaml_text
from stardock.distributions.k3s import K3S
from stardock.model.facts import Facts
from tests.plans import ROOT, document, plan_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature k3s")]

GOLDEN = ROOT / "tests/unit/bundle/golden/k3s"
VERSION = "v1.36.5+k3s1"
OPTIONS: dict[str, Any] = {
    "disable": ["traefik", "servicelb"],
    "flannel-backend": "wireguard-native",
    "secrets-encryption": True,
    "protect-kernel-defaults": True,
    "etcd-snapshot-retention": 9,
    "etcd-snapshot-schedule-cron": "0 */6 * * *",
    "tls-san": ["k3s.example.org"],
    "node-label": ["disk=ssd"],
    "kubelet-arg": ["max-pods=200"],
    "kube-apiserver-arg": ["audit-log-path=/var/log/k3s-audit.log"],
}


def files_of(name: str) -> dict[str, Any]:
    """What the role writes below /etc/rancher/k3s/config.yaml(.d) for a machine, as one."""
    data = document()
    data["distribution"] = {"name": "k3s", "version": VERSION, "options": OPTIONS}
    data["pools"][-1]["taints"] = ["dedicated=storage:NoSchedule"]
    host = inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))[f"host_vars/{name}.yml"]
    joins = {} if name == "server1" else {"server": host["kubernetes_join_address"]}
    return {**host["kubernetes_config"], **joins, **host["kubernetes_registration"]}


@pytest.mark.parametrize("name", ["server1", "server2", "agent1"])
def test_the_configuration_of_each_kind_of_machine_is_the_golden_one(name: str) -> None:
    path = GOLDEN / f"{name}.yaml"
    assert yaml_text(files_of(name)) == path.read_text(), f"if it is meant: write it into {path.relative_to(ROOT)}"


@pytest.mark.parametrize(("name", "role"), [("server1", "s"), ("server2", "s"), ("agent1", "a")])
def test_every_key_of_a_golden_file_is_one_that_k3s_has_for_that_role_in_that_release(name: str, role: str) -> None:
    known = K3S.keys.known()
    written: dict[str, Any] = YAML(typ="safe").load((GOLDEN / f"{name}.yaml").read_text())
    assert [key for key in written if key not in known or role not in known[key].roles] == []
    assert list(K3S.keys.faults(OPTIONS, VERSION)) == []


def test_the_first_server_joins_nobody_and_founds_etcd_as_all_could() -> None:
    first, second = files_of("server1"), files_of("server2")
    assert "server" not in first
    assert second["server"] == "https://192.168.1.40:6443"
    assert first["cluster-init"] is second["cluster-init"] is True
