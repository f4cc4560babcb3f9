"""Add-ons from cluster.yaml to the files of servers: merged values, releases, what is checked against the plan, the user's own files."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stardock.addons import (
    argo_cd,
    cert_manager,
    flux,
    ingress,
    kube_vip_services,
    kured,
    longhorn,
    metallb,
    nfs_csi,
    piraeus,
    proxmox_cloud,
    proxmox_csi,
    pulumi,
    smb_csi,
    system_upgrade_controller,
)
from stardock.addons.charts import merged
from stardock.bundle import write_bundle
from stardock.bundle.addons import LABEL
from stardock.distributions import DISTRIBUTIONS
from stardock.errors import InputErrors
from stardock.model.facts import Facts
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.spec import load_spec
from stardock.yamltext import yaml_text
from tests.lab import real_addons
from tests.plans import document
from tests.unit.addons.planning import POOLS, leaves, manifests, planned

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature add-ons")]

ALL: dict[str, Any] = {
    "kured": {},
    "metallb": {"pools": POOLS},
    "cert_manager": {"issuers": [{"name": "own", "self_signed": True}]},
    "system_upgrade_controller": {},
    "charts": [{"name": "whoami", "chart": "whoami", "repo": "https://charts.example.org", "version": "1.2.3"}],
}
PINNED = (
    *(kured, metallb, cert_manager, system_upgrade_controller, ingress, kube_vip_services),
    *(longhorn, piraeus, nfs_csi, smb_csi, proxmox_csi, proxmox_cloud, argo_cd, flux, pulumi),
)
GOLDEN = Path(__file__).with_name("golden")
PATH = "/var/lib/rancher/rke2/server/manifests/stardock-addon-{}.yaml"
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
VALUES = st.dictionaries(
    st.sampled_from("abc"), st.recursive(SCALARS, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8)
)


@given(VALUES, VALUES)
def test_every_value_of_the_users_is_kept_and_ours_where_they_say_nothing(ours: dict[str, Any], users: dict[str, Any]) -> None:
    both, theirs = leaves(merged(ours, users)), leaves(users)
    assert all(both[path] == value for path, value in theirs.items() if value != {})
    touched = [path[:end] for path in theirs for end in range(1, len(path) + 1)]
    for path, value in leaves(ours).items():
        if not any(path[:end] in theirs or path in touched for end in range(1, len(path) + 1)):
            assert both[path] == value


@pytest.mark.parametrize("name", [*ALL, "metrics_server"])
def test_each_is_written_as_it_was(name: str) -> None:
    wanted = {"metrics_server": {"values": {"replicas": 2}}} if name == "metrics_server" else {name: ALL[name]}
    text = yaml_text(manifests(planned(wanted)))
    golden = GOLDEN / f"{name}.yaml"
    assert text == golden.read_text(), f"if that is meant, write it into {golden}"


def test_none_is_there_by_default_and_every_object_says_of_which_file_it_is() -> None:
    assert manifests(planned({})) == {}
    for name, objects in manifests(planned(ALL)).items():
        assert [one["metadata"]["labels"][LABEL] for one in objects] == [name] * len(objects)


def test_a_chart_that_fails_is_never_uninstalled_by_itself() -> None:
    """Which would take its CRDs and claims with it (k3s-io/klipper-helm, entry, `reinstall`)."""
    charts = [one for objects in manifests(planned(ALL)).values() for one in objects if one["kind"] == "HelmChart"]
    assert [one["spec"].get("failurePolicy") for one in charts] == ["abort"] * 4


@pytest.mark.parametrize("kind", ["Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim", "ConfigMap"])
def test_what_holds_data_of_others_stays_when_a_file_that_stays_loses_it(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.yaml").write_text(f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n")
    ((one,),) = manifests(loaded(tmp_path, {"manifests": ["a.yaml"]})).values()
    assert one["metadata"]["labels"].get("objectset.rio.cattle.io/prune") == (None if kind == "ConfigMap" else "false")


@pytest.mark.parametrize(
    "module",
    [kured, metallb, cert_manager, system_upgrade_controller, ingress, kube_vip_services, nfs_csi, smb_csi, proxmox_csi, proxmox_cloud],
)
def test_a_pinned_release_fits_the_kubernetes_of_new_clusters(module: Any) -> None:
    series = [own.release(own.default_version).series for own in DISTRIBUTIONS.values()]  # type: ignore[union-attr]
    assert all(module.RELEASES[0].fits(one) for one in series)
    page = (Path(__file__).parents[3] / "docs/how-to/add-ons.md").read_text()
    for release in module.RELEASES:
        assert f"| {release.chart} | " in page
        assert f"| {release.range} |" in page


def test_a_release_for_another_kubernetes_is_warned_of_and_one_of_the_users_choice_is_not_judged() -> None:
    old = {"distribution": {"version": "v1.36.5+rke2r1"}}
    (warning,) = [one for one in planned({"cert_manager": {"version": "v1.20.3"}}, **old).warnings if "cert-manager" in one]
    assert warning == "cert-manager v1.20.3 is made for Kubernetes v1.32 to v1.35, and this cluster has v1.36"
    assert not [one for one in planned({"cert_manager": {"version": "v9.9.9"}}, **old).warnings if "cert-manager" in one]


def test_bgp_brings_frr_and_routes() -> None:
    peer = {"name": "router", "address": "192.168.1.1", "asn": 64512, "own_asn": 64513, "password_secret": "bgp"}
    wanted = {"metallb": {"pools": [{**POOLS[0], "by": "bgp"}], "peers": [peer]}}
    found = manifests(planned(wanted))
    assert yaml.safe_load(found["metallb"][1]["spec"]["valuesContent"]) == {"frrk8s": {"enabled": True}}
    assert [one["kind"] for one in found["metallb-pools"]] == ["IPAddressPool", "BGPPeer", "BGPAdvertisement"]
    assert found["metallb-pools"][1]["spec"]["passwordSecret"] == {"name": "bgp", "namespace": "metallb-system"}


def test_what_a_user_wrote_is_no_template_of_ansibles(tmp_path: Path) -> None:
    write_bundle(planned({"kured": {"values": {"a": "{{ lookup('pipe', 'id') }}"}}}), Facts(cluster="quickstart"), tmp_path / "bundle")
    text = (tmp_path / "bundle/inventory/group_vars/server.yml").read_text()
    assert "content: !unsafe" in text


def test_names_of_secrets_are_values_like_others(tmp_path: Path) -> None:
    values = {"auth": {"existingSecret": "x"}, "imagePullSecrets": ["x"], "tlsSecret": "x", "useSecret": True, "maxTokens": 5}
    values |= {"env": [{"name": "API_TOKEN", "value": "$(TOKEN)"}, {"name": "A", "value": "x"}]}
    assert planned({"kured": {"values": values}}).addons
    (tmp_path / "a.yaml").write_text(
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\nspec: {data: [{secretKey: password}]}"
    )
    assert loaded(tmp_path, {"manifests": ["a.yaml"]}).addons


def test_values_of_secrets_are_named_and_not_written() -> None:
    secret = [{"name": "hooks", "keys": ["values.yaml"]}]
    (chart,) = manifests(planned({"kured": {"values_secrets": secret}}))["kured"]
    assert chart["spec"]["valuesSecrets"] == secret


@pytest.mark.parametrize(
    ("name", "gone"), [("k3s", ["traefik", "servicelb", "metrics-server"]), ("rke2", ["traefik", "rke2-metrics-server"])]
)
def test_what_an_addon_takes_the_place_of_is_disabled_beside_the_users_own(name: str, gone: list[str]) -> None:
    wanted = {"metallb": {"pools": POOLS}, "metrics_server": {"enabled": False}}
    plan = planned(wanted, distribution={"name": name, "options": {"disable": ["traefik"]}})
    assert plan.distribution.options["disable"] == gone


@pytest.mark.parametrize(
    ("addresses", "more", "whose"),
    [
        ("192.168.1.40-192.168.1.45", {}, "holds the address of lb1, 192.168.1.41"),
        ("192.168.1.40-192.168.1.40", {}, "holds the address of the VIP, 192.168.1.40"),
        ("192.168.1.0/29", {}, "holds the address of the gateway, 192.168.1.1"),
        ("10.43.1.0/24", {}, "is among the cluster's own addresses, 10.43.0.0/16 (`service-cidr`)"),
        ("10.0.0.0/24", {"distribution": {"options": {"cluster-cidr": "10.0.0.0/8"}}}, "own addresses, 10.0.0.0/8 (`cluster-cidr`)"),
    ],
)
def test_a_pool_that_holds_an_address_of_the_plan_is_refused(addresses: str, more: dict[str, Any], whose: str) -> None:
    with pytest.raises(InputErrors) as refused:
        planned({"metallb": {"pools": [{"name": "a", "addresses": [addresses]}]}}, **more)
    problem = next(one for one in refused.value.problems if "addons" in one.path)
    assert (problem.path, problem.cure) == ("addons.metallb.pools[0].addresses[0]", "write a range of free addresses")
    assert problem.message == f"{addresses} of pool a {whose}" if "holds" in whose else whose in problem.message


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, "
HELM_CHART = "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: a}\nspec: "


def archive(name: str = "whoami", version: str = "0.1.0") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for path, text in ((f"{name}/Chart.yaml", f"name: {name}\nversion: {version}\n"), (f"{name}/values.yaml", "a: 1\n")):
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            packed.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def loaded(folder: Path, addons: dict[str, Any]) -> Plan:
    """The plan of a cluster.yaml on disk."""
    file = folder / "cluster.yaml"
    file.write_text(yaml.safe_dump(document() | {"addons": addons}))
    return build(load_spec(file), None, str(file))[0]


def refused(folder: Path, addons: dict[str, Any]) -> tuple[str, str]:
    """Message and cure of the one problem that is found, which has a line."""
    with pytest.raises(InputErrors) as error:
        loaded(folder, addons)
    (problem,) = error.value.problems
    assert problem.line
    return problem.message, str(problem.cure)


def test_a_chart_from_a_file_is_handed_over_whole(tmp_path: Path) -> None:
    (tmp_path / "whoami.tgz").write_bytes(archive())
    own = {"name": "one", "archive": "whoami.tgz", "namespace": "web", "values": {"a": 2}, "bootstrap": True}
    plan = loaded(tmp_path, {"charts": [own]})
    (chart,) = manifests(plan)["chart-one"]
    assert (plan.addons[0].version, chart["metadata"]["name"]) == ("0.1.0", "one")
    spec = chart["spec"]
    assert {"chart", "repo", "version"} & set(spec) == set()
    assert (spec["targetNamespace"], spec["createNamespace"], spec["bootstrap"]) == ("web", True, True)


def test_the_plan_names_the_archive_and_not_the_repository_that_nobody_asks(tmp_path: Path) -> None:
    (tmp_path / "kured.tgz").write_bytes(archive("kured", "6.0.0"))
    (addon,) = loaded(tmp_path, {"kured": {"archive": "kured.tgz"}}).addons
    assert (addon.source, addon.version) == ("kured.tgz", "6.0.0")


def test_an_archive_of_another_chart_or_of_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tgz").write_bytes(archive("whoami"))
    assert refused(tmp_path, {"kured": {"archive": "a.tgz"}}) == ("`a.tgz` is the chart whoami, not kured", "name an archive of kured")
    (tmp_path / "a.tgz").write_bytes(b"no archive")
    assert refused(tmp_path, {"kured": {"archive": "a.tgz"}})[0] == "this is no archive of a chart"
    (tmp_path / "a.tgz").write_bytes(bytes(800_000))
    assert "has more than 780 kB" in refused(tmp_path, {"kured": {"archive": "a.tgz"}})[0]


def test_manifests_of_a_folder_are_handed_over_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps/b.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, labels: {x: y}}\ndata: {day: '2026-01-01', on: 'yes'}\n"
    )
    (tmp_path / "apps/a.json").write_text('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}')
    (tmp_path / "apps/README.md").write_text("no manifest")
    found = manifests(loaded(tmp_path, {"manifests": ["apps"]}))
    assert list(found) == ["manifest-a", "manifest-b"]
    assert found["manifest-b"][0]["metadata"]["labels"] == {"x": "y", LABEL: "manifest-b"}


def test_dates_macs_and_numbers_in_a_manifest_are_what_kubernetes_reads() -> None:
    from stardock.spec.addon_files import _Loader  # noqa: PLC0415 -- its own

    for text in ("2026-01-01", "52:54:00:12:34:56", "1:30", "1:30.5", "="):
        assert yaml.load(f"a: {text}", Loader=_Loader) == {"a": text}  # noqa: S506 -- a safe one
    numbers = "[0, -1, 10, 0644, 0x1f, 0b11, 1_000, 1.5, -.inf, 1.0e+3, .5]"
    assert yaml.load(numbers, Loader=_Loader) == yaml.safe_load(numbers)  # noqa: S506 -- a safe one


def test_a_mac_and_a_bare_sign_come_out_as_the_texts_that_went_in(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{CONFIG_MAP}data: {{mac: 52:54:00:12:34:56, sign: =}}\n")
    assert manifests(loaded(tmp_path, {"manifests": ["a.yaml"]}))["manifest-a"][0]["data"] == {"mac": "52:54:00:12:34:56", "sign": "="}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no object"),
        ("{{ .Values.x }}: [", "is no YAML"),
        ("kind: ConfigMap", "is no object of Kubernetes"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: b}", "holds a secret"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: '-----BEGIN RSA PRIVATE KEY-----'}", "holds a secret"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: [x]}", "labels are no mapping"),
        ("apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: a}}]", "is a list of objects"),
        ("apiVersion: v1\nkind: SecretList\nmetadata: {name: a}\nitems: []", "is a list of objects"),
        (f"{POD}env: [{{name: DB_PASSWORD, value: x}}]}}]}}", "`spec.containers[0].env[0].value of DB_PASSWORD` looks like a secret"),
        (f'{HELM_CHART}{{valuesContent: "a: {{password: 12345678}}"}}', "`spec.valuesContent.a.password` looks like a secret"),
        (f"{HELM_CHART}{{set: {{a.password: x}}}}", "`spec.set.a.password` looks like a secret"),
        (f"{HELM_CHART}{{chart: 'https://u:pw@h/x.tgz'}}", "`spec.chart` looks like a secret"),
        (f"{HELM_CHART}{{valuesContent: '{{'}}", "`valuesContent` is no YAML"),
    ],
)
def test_a_file_that_is_no_manifest_or_holds_a_secret_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    said, cure = refused(tmp_path, {"manifests": ["a.yaml"]})
    assert message in said
    assert cure


def test_files_that_would_be_one_on_servers_and_empty_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "apps").mkdir()
    assert refused(tmp_path, {"manifests": ["apps"]})[0] == "the folder `apps` holds no manifest"
    for path in ("a.yaml", "apps/a.yml"):
        (tmp_path / path).write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    assert refused(tmp_path, {"manifests": ["a.yaml", "apps"]})[0] == "`apps/a.yml` and `a.yaml` would be one file on servers"


CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


@pytest.mark.parametrize(
    ("text", "more", "message"),
    [
        (
            f"{CONFIG_MAP}---\n{CONFIG_MAP.replace('name: a', 'name: a, namespace: default')}",
            {},
            "ConfigMap a of a.yaml is in a.yaml already",
        ),
        (
            "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: kured, namespace: kube-system}",
            {"kured": {}},
            "is in kured of h",
        ),
        (
            "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: rke2-canal, namespace: kube-system}",
            {},
            "HelmChart rke2-canal of a.yaml is the HelmChart of rke2 already",
        ),
        ("apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: stardock-kube-vip, namespace: kube-system}", {}, "is Stardock's already"),
    ],
)
def test_an_object_that_is_there_twice_is_refused(tmp_path: Path, text: str, more: dict[str, Any], message: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    said, cure = refused(tmp_path, {"manifests": ["a.yaml"], **more})
    assert message in said
    assert cure == "give it another name, or delete it in one of the two"


CLASS = (
    "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nprovisioner: example.org/x\n"
    "metadata: {name: NAME, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}\n"
)
NAS = {"classes": [{"name": "nas", "server": "nas", "share": "/x", "default": True}]}


@pytest.mark.parametrize(
    ("names", "more", "message"),
    [
        (["a"], {"nfs_csi": NAS}, "`addons.nfs_csi.classes[0].default` is the default class already"),
        (["a", "b"], {}, "the class `a` of a.yaml is the default already"),
    ],
)
def test_a_default_class_among_manifests_counts(tmp_path: Path, names: list[str], more: dict[str, Any], message: str) -> None:
    (tmp_path / "a.yaml").write_text("---\n".join(CLASS.replace("NAME", name) for name in names))
    said, cure = refused(tmp_path, {"manifests": ["a.yaml"], **more})
    assert (said, "is-default-class" in str(cure)) == (message, True)
    assert loaded(tmp_path, {"manifests": ["a.yaml"]}).addons if len(names) == 1 else True


def test_beside_the_default_class_of_k3s_one_among_manifests_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CLASS)
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump(document() | {"addons": {"manifests": ["a.yaml"]}, "distribution": {"name": "k3s"}}))
    with pytest.raises(InputErrors) as error:
        build(load_spec(file), None, str(file))
    assert [(one.path, one.message.partition(":")[0]) for one in error.value.problems] == [
        ("addons.manifests[0]", "k3s brings a default class, `local-path`")
    ]


def test_a_config_of_the_network_plugins_chart_is_refused_where_stardock_writes_one(tmp_path: Path) -> None:
    text = "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: NAME, namespace: kube-system}"
    file = tmp_path / "cluster.yaml"
    data = document() | {"addons": {"manifests": ["a.yaml"]}, "cni": {"values": {"a": 1}}}
    file.write_text(yaml.safe_dump(data))
    (tmp_path / "a.yaml").write_text(text.replace("NAME", "rke2-canal"))
    with pytest.raises(InputErrors) as error:
        build(load_spec(file), None, str(file))
    assert "is Stardock's, of `cni.values`, already" in error.value.problems[0].message
    (tmp_path / "a.yaml").write_text(text.replace("NAME", "rke2-coredns"))
    assert build(load_spec(file), None, str(file))[0].addons


def test_values_of_plain_manifests_are_refused_where_there_is_no_chart() -> None:
    data = document("single") | {"distribution": {"name": "k3s"}, "addons": {"metrics_server": {"values": {"replicas": 2}}}}
    from stardock.spec.rules.addons import addon_rules  # noqa: PLC0415
    from tests.plans import spec_of  # noqa: PLC0415

    (problem,) = addon_rules(spec_of(data))
    assert problem.message == "k3s brings metrics-server as plain manifests, which take no values"


def test_the_lab_installs_the_releases_that_are_pinned() -> None:
    for name, one in (("metallb", metallb), ("cert-manager", cert_manager), ("system-upgrade-controller", system_upgrade_controller)):
        assert real_addons.release(name) == one.RELEASES[0].program, f"tools/{name}/go.mod"
