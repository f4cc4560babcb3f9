"""k3s as a distribution: its facts in what is planned, its words in what is refused, and the cluster that keeps its Kubernetes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.bundle.kubernetes import config
from stardock.bundle.readers import readers
from stardock.distributions import DISTRIBUTIONS, Kubernetes, of_release
from stardock.distributions.authentication import configuration
from stardock.distributions.causes import find_cause
from stardock.distributions.founding import founding_faults, founding_keys, settings
from stardock.distributions.k3s import K3S
from stardock.distributions.option_rules import option_faults
from stardock.distributions.rke2 import RKE2
from stardock.errors import InputErrors, RefusedError
from stardock.model.facts import Facts, Founded
from stardock.playbooks.running import read_answers, refuse_others
from stardock.spec.rules.across import broken_rules
from stardock.workspace.facts import save_facts
from stardock.workspace.lock import save_lock
from stardock.workspace.workspace import Workspace, commit_lock, open_workspace
from tests.plans import PUBLIC_KEY, ROOT, document, plan_of, spec_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature k3s")]

QUICKSTART = (ROOT / "examples/quickstart/cluster.yaml").read_text().replace("id_ed25519.pub", f'"{PUBLIC_KEY}"')
RKE2_LINES = "  name: rke2\n  version: v1.36.5+rke2r1\n"


def planned(example: str = "quickstart", **options: Any) -> dict[str, Any]:
    """The inventory of an example as a cluster of k3s."""
    data = document(example)
    data["distribution"] = {"name": "k3s", "options": options}
    return inventory_files(plan_of(data)[0], Facts(cluster=data["cluster"]))


def told(**options: Any) -> list[tuple[str, str, str]]:
    named = {key.replace("_", "-"): value for key, value in options.items()}
    return [(fault.key, fault.message, fault.cure) for fault in option_faults(K3S, named, K3S.default_version)]


def refused(data: dict[str, Any]) -> list[str]:
    with pytest.raises(InputErrors) as caught:
        plan_of(data)
    return [problem.message for problem in caught.value.problems]


def values(found: object) -> Iterator[str]:
    """All keys and texts."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield str(key)
            yield from values(value)
    elif isinstance(found, list | tuple):
        for item in found:
            yield from values(item)
    else:
        yield str(found)


def test_a_release_says_whose_it_is() -> None:
    assert of_release("v1.36.5+k3s1") is K3S
    assert of_release("v1.36.5+rke2r1") is RKE2
    assert of_release("v1.36.5+k0s1") is None
    assert K3S.archive_url("v1.36.5+k3s1") == "https://github.com/k3s-io/k3s/releases/download/v1.36.5%2Bk3s1/k3s"


def test_nothing_of_rke2_and_no_port_of_its_supervisor_is_in_a_cluster_of_k3s() -> None:
    found = planned()
    found.pop("hosts.yml")  # starbase's groups are called rke2_*, whatever they run
    others = found["group_vars/all.yml"].pop("kubernetes_others")
    assert others == {"rke2": "/var/lib/rancher/rke2"}
    assert not [text for text in values(found) if "rke2" in text.lower() or "9345" in text]


def test_machines_join_at_the_api_s_port_and_the_load_balancers_have_one_frontend() -> None:
    found = planned()
    assert {found[f"host_vars/{name}.yml"]["kubernetes_join_address"] for name in ("server1", "server2", "agent1")} == {
        "https://192.168.1.40:6443"
    }
    balancing = found["group_vars/loadbalancer.yml"]
    assert (balancing["haproxy_api_port"], balancing["haproxy_supervisor_port"]) == (6443, 6443)


def test_every_server_is_told_cluster_init_so_that_one_becomes_three_and_no_agent_is() -> None:
    found = planned()
    configs = {name: found[f"host_vars/{name}.yml"]["kubernetes_config"] for name in ("server1", "server2", "server3", "agent1")}
    assert [config.get("cluster-init") for config in configs.values()] == [True, True, True, None]


def test_flannel_is_told_the_first_interface_where_there_are_several_unless_somebody_else_brings_the_network() -> None:
    data = document("vlan-and-disks")
    data["distribution"] = {"name": "k3s"}
    plan = plan_of(data)[0]
    several = {machine.name: machine.interfaces[0].name for machine in plan.machines if len(machine.interfaces) > 1}
    assert several, "the example has machines with several interfaces"

    def told_of(**options: str) -> dict[str, str | None]:
        data["distribution"]["options"] = {key.replace("_", "-"): value for key, value in options.items()}
        found = inventory_files(plan_of(data)[0], Facts(cluster=data["cluster"]))
        hosts = {name: found[f"host_vars/{name}.yml"].get("kubernetes_config") for name in several}
        return {name: config.get("flannel-iface") for name, config in hosts.items() if config}

    assert told_of() == {name: several[name] for name in told_of()}
    assert set(told_of(flannel_backend="none").values()) == {None}
    assert set(told_of(flannel_iface="eth7").values()) == {"eth7"}
    for pool in data["pools"]:
        if pool["role"] != "loadbalancer":
            pool["options"] = {"flannel-iface": "eth9"}
    assert set(told_of().values()) == {"eth9"}, "a pool's own"


def test_flannel_is_told_no_name_that_a_system_gives_no_nic() -> None:
    data = document("vlan-and-disks")
    data["distribution"] = {"name": "k3s"}
    plan = plan_of(data)[0]
    agent = next(machine for machine in plan.machines if machine.role == "agent")
    addresses = {machine.name: "10.0.0.1" for machine in plan.machines}
    assert "flannel-iface" in config(plan, agent, addresses, {})
    elsewhere = replace(agent, image=replace(agent.image, system="flatcar"))
    assert "flannel-iface" not in config(plan, elsewhere, addresses, {})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cni": "cilium"}, "`cni` is a key of RKE2; k3s does not have it"),
        ({"profile": "cis"}, "`profile` is a key of RKE2; k3s does not have it"),
        ({"cluster_init": True}, "`cluster-init` cannot be set here"),
        ({"https_listen_port": 7443}, "`https-listen-port` cannot be set here: machines join and ask the API at port 6443"),
        ({"datastore_endpoint": "mysql://x"}, "`datastore-endpoint` is a secret"),
        ({"flannel_backend": "ipsec"}, "`flannel-backend` does not take `ipsec`: it is one of vxlan, host-gw, wireguard-native, none"),
        ({"disable": ["treafik"]}, "`disable` does not take `treafik`"),
        ({"kubelet_arg": ["node-labels=a=b"]}, "`node-labels` is an argument that k3s gives kubelet itself"),
        ({"kube_apiserver_arg": ["authorization-mode=AlwaysDeny"]}, "with AlwaysDeny nobody may do anything, k3s itself among them"),
        ({"kube_apiserver_arg": ["anonymous-auth=true"]}, "`anonymous-auth` ends the API server"),
        ({"etcd_arg": ["data-dir=/srv"]}, "`data-dir` is an argument that k3s gives etcd itself"),
        ({"node_label": ["node-role.kubernetes.io/etcd=true"]}, "k3s gives `node-role.kubernetes.io/etcd` to its servers itself"),
        ({"flannel_backed": "none"}, "k3s has no key `flannel-backed`, and would ignore it"),
    ],
)
def test_what_k3s_cannot_be_told_is_refused_in_its_own_name(options: dict[str, Any], words: str) -> None:
    found = told(**options)
    assert [message for _, message, _ in found if message.startswith(words)], found
    assert not [text for one in found for text in one if "rke2" in text.lower() and "a key of RKE2" not in text]


def test_what_k3s_can_be_told_is_taken() -> None:
    assert (
        told(
            flannel_backend="wireguard-native",
            disable=["traefik", "servicelb"],
            secrets_encryption=True,
            protect_kernel_defaults=True,
            etcd_snapshot_retention=9,
            embedded_registry=True,
            kube_apiserver_arg=["audit-log-path=/var/log/audit.log"],
        )
        == []
    )


@pytest.mark.parametrize(
    ("version", "first"), [("v1.33.0+k3s1", "v1.33.1+k3s1"), ("v1.32.4+k3s1", "v1.32.5+k3s1"), ("v1.31.9+k3s1", "v1.33.1+k3s1")]
)
def test_a_release_that_cannot_open_the_health_checks_is_refused_with_the_first_that_can(version: str, first: str) -> None:
    (fault,) = option_faults(K3S, {}, version)
    assert "k3s-io/k3s#12245" in fault.message
    assert fault.cure == f"write `version: {first}` or later"
    assert list(option_faults(K3S, {}, first)) == []


@pytest.mark.proves("reality D19")
def test_health_checks_are_answered_by_k3s_as_by_rke2() -> None:
    server = planned()["host_vars/server1.yml"]["kubernetes_config"]
    assert server["kube-apiserver-arg"] == ["authentication-config=/etc/rancher/k3s/authentication.yaml"]
    assert configuration({}, "v1.36.5+k3s1")["anonymous"] == configuration({}, "v1.36.5+rke2r1")["anonymous"]


@pytest.mark.parametrize("own", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
def test_every_setting_of_the_founding_has_a_value_and_a_change_is_refused(own: Kubernetes) -> None:
    founded = settings(own, {})
    assert set(founded) == set(founding_keys(own))
    assert set(own.founding) <= set(own.keys.known())
    faults = list(founding_faults(own, {"secrets-encryption": founded["secrets-encryption"] != "true"}, founded))
    assert [fault.key for fault in faults] == ["secrets-encryption"]


def test_another_backend_of_flannel_is_another_founding() -> None:
    assert [fault.key for fault in founding_faults(K3S, {"flannel-backend": "host-gw"}, settings(K3S, {}))] == ["flannel-backend"]


def test_causes_are_told_with_the_distribution_s_own_files_and_ports() -> None:
    found = find_cause(K3S, "failed to get CA certs: Get https://10.0.0.1:6443/cacerts: connection refused")
    assert found is not None
    assert "port 6443" in found.cure
    image = find_cause(K3S, "Back-off pulling image rancher/x:1")
    assert image is not None
    assert "/etc/rancher/k3s/registries.yaml" in image.cure
    removed = find_cause(K3S, "the member has been permanently removed from the cluster")
    assert removed is not None
    assert "k3s-uninstall.sh" in removed.cure
    agent = find_cause(K3S, "the member has been permanently removed from the cluster", "agent")
    assert agent is not None
    assert "k3s-agent-uninstall.sh" in agent.cure


def test_the_units_and_scripts_that_the_role_writes_are_not_the_users() -> None:
    data = document("single")
    data["distribution"] = {"name": "k3s"}
    for path in ("/etc/systemd/system/k3s.service", "/usr/local/bin/k3s-killall.sh", "/opt/bin/k3s-agent-uninstall.sh"):
        data["cloud_init"] = {"user_data": {"write_files": [{"path": path, "content": "x"}]}}
        assert refused(data) == [f"`{path}` is a file that Stardock writes itself on server1"]


def test_a_service_reads_its_own_environment_file_wherever_that_is() -> None:
    assert readers("/etc/systemd/system/k3s.service.env", K3S, {}) == "k3s"
    assert readers("/etc/systemd/system/k3s.service.d/10-own.conf", K3S, {}) == "systemd,k3s"


def test_kured_needs_the_helm_controller() -> None:
    data = document("single")
    data["distribution"] = {"name": "k3s", "options": {"disable-helm-controller": True}}
    data["addons"] = {"kured": {}}
    (problem,) = [one for one in broken_rules(spec_of(data)) if one.path == "addons.kured"]
    assert "nobody would install this chart: `disable-helm-controller`" in problem.message


@pytest.mark.parametrize("key", ["disable-kube-proxy", "default-local-storage-path", "secrets-encryption-provider", "supervisor-metrics"])
def test_what_must_be_the_same_on_all_machines_is_no_option_of_one_pool(key: str) -> None:
    data = document("single")
    data["distribution"] = {"name": "k3s"}
    data["pools"][0]["options"] = {key: "secretbox" if key == "secrets-encryption-provider" else True}
    assert refused(data) == [f"`{key}` is the same on all machines of a cluster"]


# the cluster keeps its Kubernetes


def workspace(folder: Path, text: str) -> Workspace:
    (folder / "cluster.yaml").write_text(text)
    return open_workspace(folder / "cluster.yaml")


def as_k3s(text: str = QUICKSTART) -> str:
    assert RKE2_LINES in text
    return text.replace(RKE2_LINES, "  name: k3s\n")


def founded(where: Workspace) -> None:
    save_facts(where.files.facts, Facts(cluster="quickstart", founded=Founded(ca_sha256="ab" * 32)))


def test_another_name_for_a_founded_cluster_is_refused_at_its_line(tmp_path: Path) -> None:
    where = workspace(tmp_path, QUICKSTART)
    commit_lock(where)
    founded(where)
    with pytest.raises(InputErrors) as caught:
        workspace(tmp_path, as_k3s())
    (problem,) = caught.value.problems
    assert (problem.path, problem.line) == ("distribution.name", as_k3s().splitlines().index("  name: k3s") + 1)
    assert problem.message == "the cluster was founded with RKE2, and cluster.yaml wants k3s: neither becomes the other"
    assert problem.cure is not None
    assert problem.cure.startswith("write `name: rke2` again")


def test_and_so_the_other_way_round(tmp_path: Path) -> None:
    where = workspace(tmp_path, as_k3s())
    commit_lock(where)
    founded(where)
    with pytest.raises(InputErrors) as caught:
        workspace(tmp_path, QUICKSTART)
    assert caught.value.problems[0].message.startswith("the cluster was founded with k3s, and cluster.yaml wants RKE2")


def test_before_the_founding_any_will_do_and_the_lock_follows(tmp_path: Path) -> None:
    commit_lock(workspace(tmp_path, QUICKSTART))
    changed = workspace(tmp_path, as_k3s())
    assert changed.plan.distribution.version == changed.lock.distribution_version == "v1.36.5+k3s1"
    assert {machine.kubernetes for machine in changed.plan.machines} == {"k3s"}


def test_the_release_of_the_one_that_was_named_before_is_not_lost(tmp_path: Path) -> None:
    """In a checkout without facts nobody knows whether it was founded: an edit that is taken back must upgrade nothing."""
    commit_lock(workspace(tmp_path, QUICKSTART.replace("v1.36.5+rke2r1", "v1.35.2+rke2r1")))
    commit_lock(workspace(tmp_path, as_k3s()))
    back = workspace(tmp_path, as_k3s().replace("  name: k3s\n", "  name: rke2\n"))
    assert back.plan.distribution.version == back.lock.distribution_version == "v1.35.2+rke2r1"
    commit_lock(back)
    assert workspace(tmp_path, as_k3s()).plan.distribution.version == "v1.36.5+k3s1"


def test_only_a_lock_of_k3s_is_of_version_6_so_that_an_older_stardock_refuses_it(tmp_path: Path) -> None:
    where = workspace(tmp_path, as_k3s())
    save_lock(where.files.lock, where.lock)
    assert json.loads(where.files.lock.read_text())["version"] == 6
    save_lock(where.files.lock, replace(where.lock, machines={}))
    assert json.loads(where.files.lock.read_text())["version"] == 6
    rke2 = plan_of(document())[1]
    save_lock(where.files.lock, rke2)
    assert json.loads(where.files.lock.read_text())["version"] < 6


def test_a_machine_that_runs_another_distribution_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"answered": {"server1": ["other=rke2"], "server2": ["other=$(reboot)"]}, "failed": {}}))
    answers = read_answers(report, K3S)
    assert [answers[name].other for name in ("server1", "server2")] == ["rke2", ""]
    with pytest.raises(RefusedError) as caught:
        refuse_others(answers, K3S)
    assert "another Kubernetes than k3s is on server1 (RKE2)" in caught.value.message
    assert "`name: rke2`" in str(caught.value.cure)
    assert "rke2-uninstall.sh" in str(caught.value.cure)
