"""Options of pools and machines of their own (parity 118)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.errors import InputErrors
from stardock.model.facts import Facts
from stardock.spec import load_spec
from stardock.yamltext import yaml_text
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit


def with_options(cluster: dict[str, Any], pool: dict[str, Any], machine: dict[str, Any], role: int = 2) -> dict[str, Any]:
    data = document()
    data["distribution"]["options"] = cluster
    data["pools"][role]["options"] = pool
    names = data["pools"][role]["machines"]
    data["pools"][role]["machines"] = [{"name": names[0], "options": machine}, *names[1:]]
    return data


def config(data: dict[str, Any], name: str) -> dict[str, Any]:
    files = inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))
    found: dict[str, Any] = files[f"host_vars/{name}.yml"]["kubernetes_config"]
    return found


@pytest.mark.proves("feature options of pools and machines")
def test_a_machines_value_wins_over_its_pools_and_that_over_the_clusters_and_lists_replace() -> None:
    data = with_options(
        {"kubelet-arg": ["v=1"], "debug": False, "snapshotter": "native"},
        {"kubelet-arg": ["max-pods=50", "v=2"], "debug": True},
        {"kubelet-arg": ["max-pods=200"]},
    )
    data["pools"][2]["machines"].append("agent2")
    first, second, server = (config(data, name) for name in ("agent1", "agent2", "server1"))
    assert (first["kubelet-arg"], first["debug"], first["snapshotter"]) == (["max-pods=200"], True, "native")
    assert (second["kubelet-arg"], second["debug"]) == (["max-pods=50", "v=2"], True)
    assert (server["kubelet-arg"], server["debug"]) == (["v=1"], False)


def test_a_server_may_have_arguments_of_etcd_of_its_own() -> None:
    data = with_options({}, {}, {"etcd-arg": ["quota-backend-bytes=8589934592"]}, role=1)
    assert config(data, "server1")["etcd-arg"] == ["quota-backend-bytes=8589934592"]
    assert "etcd-arg" not in config(data, "server2")


def test_a_file_that_a_machines_own_option_names_restarts_its_service_and_nobody_elses() -> None:
    data = with_options({}, {}, {"kubelet-arg": ["config=/etc/own.yaml"]})
    data["pools"][2]["machines"].append("agent2")
    data["cloud_init"] = {"user_data": {"write_files": [{"path": "/etc/own.yaml", "content": "x"}]}}
    files = inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))
    readers = [
        next(file.get("applies") for file in files[f"host_vars/{name}.yml"]["machine_files"] if file["path"] == "/etc/own.yaml")
        for name in ("agent1", "agent2")
    ]
    assert readers == ["rke2", None]


@pytest.mark.proves("feature options of pools and machines")
@pytest.mark.parametrize(
    "case",
    [
        (2, "cluster-cidr", "10.9.0.0/16", "`cluster-cidr` is the same on all machines of a cluster"),
        (1, "cni", "cilium", "`cni` is the same on all machines of a cluster"),
        (1, "audit-policy-file", "/etc/x", "`audit-policy-file` is the same on all machines of a cluster"),
        (1, "profile", "cis", "`profile` is the same on all machines of a cluster"),
        (2, "etcd-arg", ["x=y"], "`etcd-arg` is a key of servers, and these machines are none"),
        (2, "node-label", ["a=b"], "`node-label` has a key of its own here"),
        (2, "token", "x", "`token` is a secret, and cluster.yaml is committed"),
        (1, "etcd-s3-secret-key", "x", "`etcd-s3-secret-key` is a secret, and cluster.yaml is committed"),
        (2, "node-ip", "10.0.0.1", "`node-ip` cannot be set here: it differs by machine"),
        (2, "kubelet-arg", ["node-ip=1.2.3.4"], "`node-ip` is an argument that RKE2 gives kubelet itself"),
        (2, "kublet-arg", ["v=1"], "RKE2 has no key `kublet-arg`"),
        (0, "debug", True, "load balancers run no Kubernetes, and have no options"),
    ],
)
@pytest.mark.parametrize("of_machine", [False, True], ids=["pool", "machine"])
def test_what_cannot_differ_or_be_there_is_refused_at_its_place(tmp_path: Path, of_machine: bool, case: tuple[int, str, Any, str]) -> None:
    role, option, value, message = case
    data = document()
    if of_machine:
        data["pools"][role] = {key: each for key, each in data["pools"][role].items() if key not in {"count", "pattern"}}
        data["pools"][role]["machines"] = [{"name": "x1", "options": {option: value}}]
    else:
        data["pools"][role]["options"] = {option: value}
    (tmp_path / "cluster.yaml").write_text(yaml_text(data))
    with pytest.raises(InputErrors) as caught:
        load_spec(tmp_path / "cluster.yaml")
    (problem,) = caught.value.problems
    assert message in problem.message
    assert problem.line
    assert problem.path.startswith(f"pools[{role}]{'.machines[0]' if of_machine else ''}.options")
