"""`cni`: keys of config.yaml, and the HelmChartConfig that servers have before their first start (parity 109)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from stardock.bundle.inventory import inventory_files
from stardock.distributions import distribution
from stardock.distributions.founding import chart_faults
from stardock.errors import InputErrors
from stardock.model.facts import Facts
from stardock.spec import load_spec
from stardock.yamltext import yaml_text
from tests.plans import document, plan_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature network of pods")]

MANIFEST = "/var/lib/rancher/rke2/server/manifests/stardock-cni.yaml"
DUAL = {"cluster-cidr": "10.42.0.0/16,fd00:42::/56", "service-cidr": "10.43.0.0/16,fd00:43::/112"}
Document = dict[str, Any]


def written(cni: Document, name: str = "rke2", options: Document | None = None, *, dual: bool = False) -> Document:
    """The document of a cluster with that network."""
    data = document()
    data["distribution"] = {"name": name, "options": {**(options or {}), **(DUAL if dual else {})}}
    for role in ("server", "agent") if dual else ():
        data["network"][role][0]["ipv6"] = {"static": {"base": "fd00:9::", "offset": 10 if role == "server" else 90}}
    return data | ({"cni": cni} if cni else {})


def host(data: Document, name: str) -> Document:
    return inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))[f"host_vars/{name}.yml"]


def manifest(cni: Document, **more: Any) -> tuple[str, Document]:
    """Chart and values of the HelmChartConfig."""
    (file,) = [each for each in host(written(cni, **more), "server1")["machine_files"] if each["path"] == MANIFEST]
    found = yaml.safe_load(file["content"])
    assert (found["kind"], found["metadata"]["namespace"], file["mode"]) == ("HelmChartConfig", "kube-system", "0600")
    return found["metadata"]["name"], yaml.safe_load(found["spec"]["valuesContent"])


def keys(cni: Document, machine: str = "server1", **more: Any) -> Document:
    """What of config.yaml is about the network."""
    found = host(written(cni, **more), machine)["kubernetes_config"]
    return {key: value for key, value in found.items() if key == "cni" or "flannel" in key or "kube-proxy" in key}


@pytest.mark.parametrize(
    ("cni", "dual", "chart", "values"),
    [
        ({"interface": "ens18"}, False, "rke2-canal", {"flannel": {"iface": "ens18"}}),
        ({"encryption": "wireguard"}, True, "rke2-canal", {"flannel": {"backend": "wireguard"}}),
        (
            {"plugin": "flannel", "interface": "ens18"},
            False,
            "rke2-flannel",
            {"flannel": {"args": ["--ip-masq", "--kube-subnet-mgr", "--iface=ens18"]}},
        ),
        (
            {"plugin": "calico", "interface": "ens18", "encryption": "wireguard"},
            True,
            "rke2-calico",
            {
                "installation": {
                    "calicoNetwork": {f"nodeAddressAutodetection{family}": {"interface": "^ens18$"} for family in ("V4", "V6")}
                },
                "felixConfiguration": {"wireguardEnabled": True, "wireguardEnabledV6": True},
            },
        ),
        (
            {"plugin": "cilium", "kube_proxy": False, "encryption": "wireguard", "interface": "ens18"},
            True,
            "rke2-cilium",
            {
                "kubeProxyReplacement": True,
                "k8sServiceHost": "127.0.0.1",
                "k8sServicePort": "6443",
                "devices": ["ens18"],
                "encryption": {"enabled": True, "type": "wireguard"},
            },
        ),
        (
            {"interface": "ens18", "values": {"flannel": {"mtu": 1400}, "calico": {"vethuMTU": 1400}}},
            False,
            "rke2-canal",
            {"flannel": {"mtu": 1400, "iface": "ens18"}, "calico": {"vethuMTU": 1400}},
        ),
    ],
    ids=["interface", "canal-wireguard", "flannel", "calico", "cilium", "own-values"],
)
def test_the_charts_of_network_plugins_are_told_before_the_first_start(cni: Document, dual: bool, chart: str, values: Document) -> None:
    assert manifest(cni, dual=dual) == (chart, values)


def test_a_plugin_named_under_options_has_the_same_meaning() -> None:
    assert manifest({"interface": "ens18"}, options={"cni": ["multus", "calico"]})[0] == "rke2-calico"


def test_without_anything_to_tell_the_manifest_goes_and_agents_never_have_one() -> None:
    for cni in ({}, {"plugin": "cilium"}):
        assert {"path": MANIFEST, "state": "absent"} in host(written(cni), "server1")["machine_files"]
    assert not [file for file in host(written({"encryption": "wireguard"}), "agent1")["machine_files"] if file["path"] == MANIFEST]


@pytest.mark.parametrize(
    ("cni", "found"),
    [
        ({"plugin": "cilium", "kube_proxy": False}, {"cni": ["cilium"], "disable-kube-proxy": True}),
        ({"multus": True}, {"cni": ["multus", "canal"]}),
        ({"multus": True, "plugin": "calico"}, {"cni": ["multus", "calico"]}),
        ({"plugin": "none"}, {"cni": ["none"]}),
        ({"plugin": "none", "kube_proxy": False}, {"cni": ["none"], "disable-kube-proxy": True}),
        ({"interface": "ens18"}, {}),
    ],
)
def test_plugin_multus_and_kube_proxy_are_keys_of_rke2s_servers(cni: Document, found: Document) -> None:
    assert keys(cni) == found
    assert keys(cni, "agent1") == {}


@pytest.mark.parametrize(
    ("cni", "found"),
    [
        ({"plugin": "none"}, {"flannel-backend": "none"}),
        ({"backend": "host-gw", "interface": "ens18"}, {"flannel-backend": "host-gw", "flannel-iface": "ens18"}),
        ({"encryption": "wireguard"}, {"flannel-backend": "wireguard-native"}),
        ({"plugin": "none", "kube_proxy": False}, {"flannel-backend": "none", "disable-kube-proxy": True}),
        ({"plugin": "flannel"}, {}),
    ],
)
def test_k3s_has_keys_for_flannels_backend_and_interface_and_no_manifest(cni: Document, found: Document) -> None:
    assert keys(cni, name="k3s") == found
    files = [each for each in host(written(cni, "k3s"), "server1")["machine_files"] if each["path"].endswith("stardock-cni.yaml")]
    assert [each["state"] for each in files] == ["absent"]


def test_every_node_of_k3s_is_told_the_interface() -> None:
    assert keys({"interface": "ens18"}, "agent1", name="k3s") == {"flannel-iface": "ens18"}


CONFIG = "kind: HelmChartConfig\nmetadata: {name: rke2-canal, namespace: kube-system}\n"
REFUSED: dict[str, tuple[Document, str, Document, str, str, str]] = {
    "canal_of_k3s": ({"plugin": "canal"}, "k3s", {}, "cni.plugin", "k3s does not bring canal", "write flannel or none"),
    "multus_of_k3s": ({"multus": True}, "k3s", {}, "cni.multus", "k3s does not bring multus", "delete it"),
    "chart_of_k3s": ({"values": {"a": 1}}, "k3s", {}, "cni.values", "flannel is built into k3s", "delete it"),
    "flannel_and_none": ({"plugin": "flannel"}, "k3s", {"flannel-backend": "none"}, "cni.plugin", "come to none", "delete one"),
    "backend_twice": ({"backend": "host-gw", "encryption": "wireguard"}, "k3s", {}, "cni.backend", "WireGuard takes", "delete one"),
    "told_twice": ({"plugin": "cilium"}, "rke2", {"cni": "cilium"}, "distribution.options.cni", "`cni.plugin`", "delete it here"),
    "flannel_of_rke2": ({"plugin": "flannel", "encryption": "wireguard"}, "rke2", {}, "cni.encryption", "no WireGuard", "canal or calico"),
    "nobody": ({"plugin": "none", "encryption": "wireguard"}, "rke2", {}, "cni.encryption", "there is no plugin", "canal or calico"),
    "nobodys_interface": ({"plugin": "none", "interface": "ens18"}, "rke2", {}, "cni.interface", "there is no plugin", "delete it"),
    "canals_backend": ({"backend": "host-gw"}, "rke2", {}, "cni.backend", "canal of RKE2 has no choice of backends", "encryption"),
    "canal_alone": ({"kube_proxy": False}, "rke2", {}, "cni.kube_proxy", "canal does not take its place", "write `plugin: cilium`"),
    "by_option": (
        {"plugin": "cilium"}, "rke2", {"disable-kube-proxy": True}, "distribution.options.disable-kube-proxy", "`cni` does not say so",
        "write `kube_proxy: false` under `cni`",
    ),
    "moved_api": (
        {"plugin": "cilium", "kube_proxy": False}, "rke2", {"lb-server-port": 7444}, "cni.kube_proxy",
        "`lb-server-port` moves that of agents", "delete `lb-server-port`",
    ),
    "no_such_interface": ({"interface": "ens81"}, "rke2", {}, "cni.interface", "no interface `ens81`, but ens18", "did you mean `ens18`?"),
    "value_twice": (
        {"interface": "ens18", "values": {"flannel": {"iface": "ens18"}}}, "rke2", {}, "cni.values.flannel.iface",
        "is what other keys of `cni`", "delete it here",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_distribution_or_plugin_cannot_do_is_refused_at_its_key(case: str, tmp_path: Path) -> None:
    cni, name, options, path, message, cure = REFUSED[case]
    (problem,) = problems(written(cni, name, options), tmp_path)
    assert (problem.path, message in problem.message, cure in (problem.cure or "")) == (path, True, True), problem


def problems(data: Document, folder: Path) -> tuple[Any, ...]:
    (folder / "cluster.yaml").write_text(yaml_text(data))
    with pytest.raises(InputErrors) as caught:
        load_spec(folder / "cluster.yaml")
    return caught.value.problems


def test_ciliums_tunnels_follow_the_nodes_addresses(tmp_path: Path) -> None:
    data = written({"plugin": "cilium", "interface": "ens19"})
    for role in ("server", "agent"):
        data["network"][role].append({"name": "ens19", "bridge": "vmbr1", "dhcp": True})
    (problem,) = problems(data, tmp_path)
    assert "those of `ens18`, the first interface of pool servers" in problem.message
    data["cni"]["plugin"] = "calico"
    assert manifest_of(data)["installation"]["calicoNetwork"] == {"nodeAddressAutodetectionV4": {"interface": "^ens19$"}}


def manifest_of(data: Document) -> Document:
    chart = plan_of(data)[0].network
    assert chart is not None
    return dict(chart.values)


def test_a_system_that_names_interfaces_itself_is_refused(tmp_path: Path) -> None:
    data = written({"interface": "ens18"})
    data["pools"][-1]["image"] = {"system": "flatcar"}
    (problem,) = problems(data, tmp_path)
    assert "gives interfaces names of its own" in problem.message


def test_a_helmchartconfig_of_the_users_own_beside_it_is_refused_at_its_file(tmp_path: Path) -> None:
    data = written({"interface": "ens18"})
    data["cloud_init"] = {"user_data": {"write_files": [{"path": f"{MANIFEST}.own.yaml", "content": CONFIG}]}}
    (problem,) = problems(data, tmp_path)
    assert problem.path == "cloud_init.user_data.write_files[0].content"
    del data["cni"]
    assert plan_of(data)[0].network is None


def test_canals_backend_is_settled_when_a_cluster_is_founded() -> None:
    rke2, encrypted = distribution("rke2"), {"flannel": {"backend": "wireguard"}}
    (fault,) = chart_faults(rke2, {}, encrypted, {"flannel.backend": "vxlan"})
    assert "it has vxlan, `cni` comes to wireguard" in fault.message
    assert not list(chart_faults(rke2, {}, encrypted, {"flannel.backend": "wireguard"}))
    assert not list(chart_faults(rke2, {}, {"flannel": {"iface": "ens18"}}, {})), "no server said it: the default is no change"
    (fault,) = chart_faults(rke2, {}, encrypted, {})
    assert "no server says what it has: `cni` comes to wireguard" in fault.message
    assert not list(chart_faults(rke2, {"cni": "cilium"}, encrypted, {"flannel.backend": "vxlan"}))
