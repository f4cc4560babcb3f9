"""The module `stardock.machine.addons` over a kubectl of its own: what goes, in which order, and what is said when it does not go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature charts and manifests of one's own")]

COLLECTIONS = Path(__file__).parents[3] / "ansible/collections"
MODULE = COLLECTIONS / "ansible_collections/stardock/machine/plugins/modules/addons.py"
HELM = "helm.cattle.io/v1, Kind=HelmChart"
CHARTS = "/apis/helm.cattle.io/v1/namespaces/kube-system/helmcharts"

#: Keeps its objects in a file beside it, by the kind as kubectl is asked for it. `held`: kinds that outlive so many questions.
KUBECTL = """#!{python}
import json, sys
from pathlib import Path
def path(kind, one):
    name, version, group = kind.split(".", 2)
    where = [f"namespaces/{{one['metadata']['namespace']}}"] if one["metadata"].get("namespace") else []
    return "/".join([f"/apis/{{group}}/{{version}}" if group else f"/api/{{version}}", *where, name.lower() + "s", one["metadata"]["name"]])
store, calls = Path(__file__).with_name("store.json"), Path(__file__).with_name("calls")
state, words = json.loads(store.read_text()), sys.argv[1:]
calls.open("a").write(" ".join(words) + chr(10))
kind = words[1]
namespace = words[words.index("--namespace") + 1] if "--namespace" in words else ""
asked = words[words.index("--selector") + 1].split(",") if "--selector" in words else []
label = [part.partition("=") for part in asked]
names = words[words.index("--") + 1:] if "--" in words else []
def chosen(one):
    if names: return one["metadata"]["name"] in names and one["metadata"].get("namespace", namespace) == namespace
    found = one["metadata"].get("labels", {{}})
    if "--namespace" in words and label and one["metadata"].get("namespace", namespace) != namespace: return False
    return all(key in found and (not sign or found[key] == value) for key, sign, value in label)
if kind in state["unknown"]: sys.exit(f'error: the server doesn\\'t have a resource type "{{kind}}"')
if state["refuses"]: sys.exit(state["refuses"])
if words[:2] == ["get", "--raw"]:
    kinds = [kind.partition(".")[0] for kind in state["objects"]]
    print(json.dumps({{"resources": [{{"kind": kind, "name": kind.lower() + "s"}} for kind in kinds]}}))
elif words[:2] == ["delete", "--raw"]:
    wanted = json.load(sys.stdin)
    pairs = [(kind, one) for kind, ones in state["objects"].items() if kind.count(".") > 1 for one in ones if path(kind, one) == words[2]]
    if state.pop("anew", False): pairs[0][1]["metadata"]["uid"] += "-2"; store.write_text(json.dumps(state))
    if not pairs: sys.exit("Error from server (NotFound): not found")
    for kind, one in pairs:
        if one["metadata"]["uid"] != wanted["preconditions"]["uid"]: sys.exit("Error from server (Conflict): Precondition failed")
        one["metadata"]["deletionTimestamp"], one["ending"] = "now", state["held"].get(kind, 1)
elif words[0] == "patch":
    for one in state["objects"][kind]:
        if one["metadata"]["name"] == words[2]:
            patch = json.loads(words[words.index("--patch") + 1])
            one["patched"] = patch
            one["metadata"].setdefault("annotations", {{}}).update(patch.get("metadata", {{}}).get("annotations", {{}}))
elif words[0] == "logs": print("Error: uninstall failed")
elif words[0] == "get":
    for one in state["objects"].get(kind, []):
        if one.get("ending") is not None: one["ending"] -= 1
    state["objects"][kind] = [one for one in state["objects"].get(kind, []) if one.get("ending", 1) > 0]
    found = [one for one in state["objects"][kind] if chosen(one)]
    if names and len(found) == 1: print(json.dumps(found[0]))
    elif found or not names: print(json.dumps({{"items": found}}))
else:
    name = words[2] if not words[2].startswith("--") else None
    for one in [one for one in state["objects"].get(kind, []) if (one["metadata"]["name"] == name if name else chosen(one))]:
        one["ending"] = state["held"].get(kind, 1)
store.write_text(json.dumps(state))
"""


def thing(name: str, addon: str | None = None, **metadata: Any) -> dict[str, Any]:
    labels = {"labels": {"stardock.io/addon": addon}} if addon else {}
    return {"metadata": {"name": name, "namespace": "kube-system", "uid": f"uid-{name}", **labels, **metadata}}


def addon(name: str, *kinds: str) -> dict[str, Any]:
    return thing(f"stardock-addon-{name}", annotations={"addon.k3s.cattle.io/gvks": ";".join(kinds)})


class Api:
    """What is in the cluster."""

    def __init__(self, folder: Path, **objects: list[dict[str, Any]]) -> None:
        self.folder = folder
        kubectl = folder / "kubectl"
        kubectl.write_text(KUBECTL.format(python=sys.executable))
        kubectl.chmod(0o755)
        named = {"addons": "addons.v1.k3s.cattle.io", "charts": "HelmChart.v1.helm.cattle.io", "pools": "Pool.v1.example.org"}
        named |= {"secrets": "Secret.v1.", "volumes": "PersistentVolume.v1.", "classes": "StorageClass.v1.storage.k8s.io"}
        named |= {"settings": "Setting.v1beta2.longhorn.io"}
        named |= {"maps": "ConfigMap.v1.", "namespaces": "Namespace.v1.", "pods": "pods"}
        kept = {named[key]: value for key, value in objects.items()}
        self.state: dict[str, Any] = {"objects": kept, "unknown": [], "held": {}, "refuses": ""}

    def run(self, *wished: str, objects: tuple[Any, ...] = (), check: bool = False, timeout: int = 20, **more: Any) -> dict[str, Any]:
        (self.folder / "store.json").write_text(json.dumps(self.state))
        (self.folder / "calls").write_text("")
        keys = ("group", "kind", "namespace", "name")
        named = [{"version": "v1", "addon": wished[0], **dict(zip(keys, one, strict=True))} for one in objects]
        given = {"wished": list(wished), "objects": named, "prefix": "stardock-addon-", "timeout": timeout}
        given |= more | {"kubectl": [str(self.folder / "kubectl")]}
        arguments = json.dumps({"ANSIBLE_MODULE_ARGS": {**given, "_ansible_check_mode": check, "_ansible_diff": True}})
        paths = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
        done = subprocess.run([sys.executable, str(MODULE)], input=arguments, env=paths, capture_output=True, text=True, check=False)
        self.state = json.loads((self.folder / "store.json").read_text())
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    @property
    def deleted(self) -> list[str]:
        lines = [line.split() for line in (self.folder / "calls").read_text().splitlines() if line.startswith("delete ")]
        return [words[2] if words[1] == "--raw" else words[1] for words in lines]

    def left(self, kind: str) -> list[str]:
        return [one["metadata"]["name"] for one in self.state["objects"][kind]]


def metallb(folder: Path) -> Api:
    return Api(
        folder,
        addons=[addon("metallb", "/v1, Kind=Namespace", HELM), addon("metallb-pools", "example.org/v1, Kind=Pool"), addon("kured", HELM)],
        charts=[thing("metallb", "metallb"), thing("kured", "kured"), thing("rke2-canal")],
        pools=[thing("default", "metallb-pools")],
        namespaces=[thing("metallb-system", "metallb")],
    )


def test_what_is_not_wished_goes_objects_before_charts_and_the_memory_of_it_last(tmp_path: Path) -> None:
    api = metallb(tmp_path)
    answer = api.run("kured")
    assert (answer["changed"], answer["addons"]) == (True, ["metallb", "metallb-pools"])
    pool, chart = "/apis/example.org/v1/namespaces/kube-system/pools/default", f"{CHARTS}/metallb"
    assert api.deleted == [pool, chart, *["addons.v1.k3s.cattle.io"] * 2]
    assert api.left("HelmChart.v1.helm.cattle.io") == ["kured", "rke2-canal"]
    assert "HelmChart kube-system/metallb\nAddon kube-system/stardock-addon-metallb\nNamespace kube-system/metallb-system (stays)\n" in [
        one["before"] for one in answer["diff"]
    ]
    again = api.run("kured")
    assert (again["changed"], api.deleted) == (False, [])


def test_in_check_mode_it_is_shown_and_nothing_goes(tmp_path: Path) -> None:
    api = metallb(tmp_path)
    assert api.run("kured", check=True)["addons"] == ["metallb", "metallb-pools"]
    assert api.deleted == []


def test_a_chart_whose_addon_is_gone_already_goes_too(tmp_path: Path) -> None:
    """The deploy controller notes the kinds of a file after all of it was applied; and somebody may have deleted the Addon."""
    api = Api(tmp_path, charts=[thing("x", "chart-x")], addons=[addon("chart-y")])
    assert api.run()["addons"] == ["chart-y", "chart-x"]
    assert api.left("HelmChart.v1.helm.cattle.io") == []


def test_an_object_that_moved_to_another_file_is_not_deleted_before_a_server_looked_at_that_file(tmp_path: Path) -> None:
    """It has the former name's label until then; with a finalizer it would come never back, since what terminates is patched only."""
    kinds = (HELM, "/v1, Kind=ConfigMap", "example.org/v1, Kind=Pool")
    maps = [thing("moved", "old"), thing("moved", "old", namespace="default"), thing("gone", "old")]
    charts, pools = [thing("kured", "old")], [{"metadata": {"name": "p", "labels": {"stardock.io/addon": "old"}}}]
    api = Api(tmp_path, addons=[addon("old", *kinds)], charts=charts, maps=maps, pools=pools)
    wished = (("helm.cattle.io", "HelmChart", "kube-system", "kured"), ("", "ConfigMap", "", "moved"), ("example.org", "Pool", "x", "p"))
    assert api.run("kured", "new", objects=wished)["addons"] == ["old"]
    assert api.deleted[:2] == ["/api/v1/namespaces/kube-system/configmaps/moved", "/api/v1/namespaces/kube-system/configmaps/gone"]
    assert (api.left("ConfigMap.v1."), api.left("HelmChart.v1.helm.cattle.io"), api.left("Pool.v1.example.org")) == (
        ["moved"],
        ["kured"],
        ["p"],
    )
    assert api.run("kured", "new", objects=wished)["changed"] is False


def test_an_object_with_our_label_that_somebody_else_applied_stays(tmp_path: Path) -> None:
    def owned(by: str) -> dict[str, Any]:
        return {"annotations": {"objectset.rio.cattle.io/owner-name": by}}

    maps = [thing("ours", "m", **owned("stardock-addon-m")), thing("theirs", "m", **owned("their-file"))]
    api = Api(tmp_path, addons=[addon("m", "/v1, Kind=ConfigMap")], maps=maps, charts=[thing("c", "x", **owned("their-file"))])
    assert api.run()["addons"] == ["m"]
    assert (api.left("ConfigMap.v1."), api.left("HelmChart.v1.helm.cattle.io")) == (["theirs"], ["c"])
    assert api.run()["changed"] is False


def test_an_object_made_anew_since_it_was_looked_at_is_deleted_as_what_it_is_now(tmp_path: Path) -> None:
    api = Api(tmp_path, addons=[addon("m", "/v1, Kind=ConfigMap")], maps=[thing("m", "m")])
    api.state["anew"] = True
    assert api.run()["changed"]
    assert (api.left("ConfigMap.v1."), len([path for path in api.deleted if "configmaps" in path])) == ([], 2)


def test_an_addon_forgets_its_file_before_anything_goes_so_that_it_is_applied_again_when_it_is_wished_again(tmp_path: Path) -> None:
    api = Api(tmp_path, addons=[addon("x", HELM), addon("kured", HELM)], charts=[thing("x", "x")])
    api.state["held"] = {"HelmChart.v1.helm.cattle.io": 1000}
    assert api.run("kured", timeout=1)["failed"]
    assert [one.get("patched") for one in api.state["objects"]["addons.v1.k3s.cattle.io"]] == [{"spec": {"checksum": ""}}, None]
    words = (tmp_path / "calls").read_text()
    assert words.index("patch addons") < words.index("delete --raw")


def test_when_time_is_up_before_a_slow_api_answered_all_is_asked_to_go_once(tmp_path: Path) -> None:
    api = Api(tmp_path, addons=[addon("x", HELM)], charts=[thing("x", "x")])
    api.state["held"] = {"HelmChart.v1.helm.cattle.io": 1000}
    assert api.run(timeout=0)["failed"]
    assert api.deleted == [f"{CHARTS}/x"]


def test_before_files_are_handed_over_what_is_wished_and_terminates_is_waited_for(tmp_path: Path) -> None:
    """An object that is patched while it terminates goes all the same, and a server would not look again."""
    ends = {"deletionTimestamp": "now", "finalizers": ["example.org/hold"]}
    api = Api(tmp_path, addons=[addon("m", "/v1, Kind=ConfigMap")], maps=[thing("m", "m", **ends), thing("other", "m", **ends)])
    wished = (("", "ConfigMap", "kube-system", "m"),)
    api.state["objects"]["ConfigMap.v1."][0]["ending"] = 1000
    refused = api.run("m", objects=wished, settled=True, timeout=1)["msg"]
    assert "is still being deleted, and would not come back: ConfigMap kube-system/m is held by example.org/hold" in refused
    assert "other" not in refused, "nobody wishes it"
    assert api.run("m", objects=wished, settled=True, timeout=1, check=True)["changed"] is False
    api.state["objects"]["ConfigMap.v1."][0]["ending"] = 2
    assert api.run("m", objects=wished, settled=True)["changed"] is False
    assert api.deleted == []


@pytest.mark.parametrize("check", [False, True])
def test_an_object_that_somebody_else_made_is_refused_with_the_command_that_hands_it_over(tmp_path: Path, check: bool) -> None:
    theirs = thing("m", namespace="default", annotations={"objectset.rio.cattle.io/owner-name": "their-file"})
    api = Api(tmp_path, maps=[theirs, thing("ours", "m", namespace="default")], charts=[thing("m")])
    wished = (("", "ConfigMap", "", "m"), ("", "ConfigMap", "default", "ours"), ("helm.cattle.io", "HelmChart", "kube-system", "m"))
    said = api.run("m", objects=wished, settled=True, check=check)["msg"]
    assert "ConfigMap default/m (applied by their-file): kubectl label ConfigMap m --namespace default stardock.io/addon=m" in said
    assert "; HelmChart kube-system/m: kubectl label HelmChart.v1.helm.cattle.io m --namespace kube-system stardock.io/addon=m" in said
    assert "ours" not in said


def test_an_object_of_another_namespace_or_name_a_namespace_and_what_older_checkouts_made_are_nobody_elses(tmp_path: Path) -> None:
    kured = thing("kured", annotations={"objectset.rio.cattle.io/owner-name": "stardock-kured"})
    own = {"metadata": {"name": "web", "uid": "u"}}
    api = Api(tmp_path, maps=[thing("m"), thing("n", namespace="default")], charts=[kured], namespaces=[own])
    wished = (("", "ConfigMap", "", "m"), ("", "Namespace", "", "web"), ("helm.cattle.io", "HelmChart", "kube-system", "kured"))
    assert "HelmChart kube-system/kured (applied by stardock-kured)" in api.run("m", objects=wished, settled=True)["msg"]
    assert api.run("m", objects=wished, settled=True, former=["stardock-kured"])["changed"] is False


def test_a_name_in_a_users_manifest_is_never_an_option_of_kubectl(tmp_path: Path) -> None:
    api = Api(tmp_path)
    api.run("m", objects=(("", "ConfigMap", "", "--all"), ("", "--all", "", "x")), settled=True)
    words = (tmp_path / "calls").read_text()
    assert "get ConfigMap.v1. --output json --ignore-not-found --namespace default -- --all" in words
    assert "get --all" not in words


def test_a_cluster_that_never_had_one_is_as_it_should_be(tmp_path: Path) -> None:
    api = Api(tmp_path)
    api.state["unknown"] = ["addons.v1.k3s.cattle.io", "HelmChart.v1.helm.cattle.io", "HelmChartConfig.v1.helm.cattle.io"]
    assert api.run() == {**api.run(), "changed": False, "addons": []}


def test_it_waits_until_a_chart_is_gone(tmp_path: Path) -> None:
    api = Api(tmp_path, addons=[addon("x", HELM)], charts=[thing("x", "x")])
    api.state["held"] = {"HelmChart.v1.helm.cattle.io": 3}
    assert api.run()["changed"]
    assert api.left("HelmChart.v1.helm.cattle.io") == []


NO_IMAGE = {"waiting": {"reason": "ImagePullBackOff", "message": "no route"}}


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([], "it has no pod; does helm-controller run?"),
        ([NO_IMAGE], "ImagePullBackOff no route"),
        ([{"running": {}}], "Error: uninstall failed"),
    ],
)
def test_a_chart_that_does_not_go_is_told_with_what_its_job_lacks(tmp_path: Path, states: list[dict[str, Any]], said: str) -> None:
    labels = {"batch.kubernetes.io/job-name": "helm-delete-x"}
    labelled = [
        {"metadata": {"name": f"p{n}", "labels": labels}, "status": {"containerStatuses": [{"state": state}]}}
        for n, state in enumerate(states)
    ]
    api = Api(tmp_path, addons=[addon("x", HELM)], charts=[thing("x", "x")], pods=labelled)
    api.state["held"] = {"HelmChart.v1.helm.cattle.io": 1000}
    answer = api.run(timeout=1)
    assert answer["failed"]
    assert f"HelmChart kube-system/x waits for its Job helm-delete-x: {said}" in answer["msg"]
    assert api.left("addons.v1.k3s.cattle.io") == ["stardock-addon-x"], "the next run goes on"


def test_an_object_that_is_held_is_told_with_its_finalizers(tmp_path: Path) -> None:
    api = Api(tmp_path, addons=[addon("m", "/v1, Kind=ConfigMap")], maps=[thing("m", "m", finalizers=["example.org/hold"])])
    api.state["held"] = {"ConfigMap.v1.": 1000}
    assert "ConfigMap kube-system/m is held by example.org/hold" in api.run(timeout=1)["msg"]


def test_an_api_that_refuses_is_told(tmp_path: Path) -> None:
    api = Api(tmp_path)
    api.state["refuses"] = "the connection to the server was refused"
    assert "no add-on was looked at: the connection to the server was refused" in api.run()["msg"]


def test_what_an_addon_says_of_its_kinds_is_never_an_option_of_kubectl(tmp_path: Path) -> None:
    api = Api(tmp_path, addons=[addon("x", "/v1, Kind=--all", "../v1, Kind=Pod", "nonsense"), thing("stardock-addon---all")])
    assert api.run()["addons"] == ["x"]
    assert "--all " not in (tmp_path / "calls").read_text()


def release(name: str, namespace: str, status: str = "uninstalling", version: int = 1, mark: str = "") -> dict[str, Any]:
    """A Secret of Helm's."""
    own = {"owner": "helm", "name": name, "status": status, "version": str(version), **({"stardock.io/addon": mark} if mark else {})}
    return {"metadata": {"name": f"sh.helm.release.v1.{name}.v{version}", "namespace": namespace, "uid": f"{name}{version}", "labels": own}}


def chart(name: str, namespace: str, addon: str | None = None, **spec: str) -> dict[str, Any]:
    return {**thing(name, addon or name), "spec": {"targetNamespace": namespace, **spec}}


def volume(name: str, driver: str, claim: str | None = "data", phase: str = "Bound", **csi: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"csi": {"driver": driver, **csi}, "persistentVolumeReclaimPolicy": "Delete"}
    named = {"claimRef": {"namespace": "web", "name": claim}} if claim else {}
    return {"metadata": {"name": name, "uid": name}, "spec": {**spec, **named}, "status": {"phase": phase}}


def test_a_chart_whose_uninstall_failed_is_not_gone_with_its_helm_chart_and_is_told_until_it_is(tmp_path: Path) -> None:
    """Its Job succeeds all the same (k3s-io/klipper-helm, entry: `helm uninstall ... || true`)."""
    others = [release("x", "elsewhere"), release("y", "apps")]
    api = Api(tmp_path, addons=[addon("x", HELM)], charts=[chart("x", "apps")], secrets=[release("x", "apps"), *others])
    first, second = api.run(), api.run()
    for answer in (first, second):
        assert "the chart x was not uninstalled (its release is uninstalling), and what it installed runs on" in answer["msg"]
        assert "`helm --namespace apps uninstall x`" in answer["msg"]
        assert api.left("addons.v1.k3s.cattle.io") == ["stardock-addon-x"], "the next run must know of it"
    assert api.left("HelmChart.v1.helm.cattle.io") == []
    api.state["objects"]["Secret.v1."] = others
    assert (api.run()["addons"], api.run()["changed"], api.left("addons.v1.k3s.cattle.io")) == (["x"], False, [])


@pytest.mark.parametrize(
    ("name", "spec", "driver"),
    [
        ("longhorn", {}, "driver.longhorn.io"),
        ("piraeus-operator", {"chart": "oci://ghcr.io/piraeusdatastore/piraeus-operator/piraeus"}, "linstor.csi.linbit.com"),
        ("csi-driver-nfs", {}, "nfs.csi.k8s.io"),
        ("csi-driver-smb", {}, "smb.csi.k8s.io"),
        ("proxmox-csi-plugin", {}, "csi.proxmox.sinextra.dev"),
        ("own", {"chart": "longhorn"}, "driver.longhorn.io"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_storage_is_not_taken_out_while_a_volume_needs_it(
    tmp_path: Path, name: str, spec: dict[str, str], driver: str, check: bool
) -> None:
    volumes = [volume("v1", driver), volume("v2", driver, "old", "Released"), volume("v3", "other.example.org")]
    kinds = {"charts": [chart(name, "s", **spec), chart("x", "apps")], "addons": [addon(name, HELM), addon("x", HELM)]}
    api = Api(tmp_path, volumes=volumes, **kinds)
    said = api.run(check=check)["msg"]
    assert f"no add-on was deleted: {name} has volumes yet" in said
    assert "v1 (kubectl delete persistentvolumeclaim --namespace web data); v2 (kubectl delete persistentvolume v2)" in said
    assert "v3" not in said
    assert (api.deleted, len(api.left("HelmChart.v1.helm.cattle.io"))) == ([], 2)
    api.state["objects"]["PersistentVolume.v1."] = volumes[2:]
    assert api.run(check=check)["addons"] == [name, "x"]


def test_longhorn_that_nobody_allowed_to_go_is_not_deleted(tmp_path: Path) -> None:
    """Its uninstall would fail, and the HelmChart be gone all the same."""
    flag = {"metadata": {"name": "deleting-confirmation-flag", "namespace": "longhorn-system"}, "value": "false"}
    api = Api(tmp_path, addons=[addon("longhorn", HELM)], charts=[chart("longhorn", "longhorn-system")], settings=[flag])
    said = api.run()["msg"]
    assert "kubectl --namespace longhorn-system patch settings.longhorn.io deleting-confirmation-flag --type merge" in said
    assert api.deleted == []
    api.state["objects"]["Setting.v1beta2.longhorn.io"][0]["value"] = "true"
    assert api.run()["addons"] == ["longhorn"]


SMB = "stardock-smb-{}"
STAYS = {"objectset.rio.cattle.io/prune": "false", "stardock.io/addon": "csi-driver-smb-secrets"}


def login(name: str) -> dict[str, Any]:
    return thing(SMB.format(name), labels=STAYS)


def test_the_login_of_a_class_that_went_stays_as_long_as_a_volume_is_mounted_or_deleted_with_it(tmp_path: Path) -> None:
    mounted = volume("v1", "smb.csi.k8s.io", nodeStageSecretRef={"namespace": "kube-system", "name": SMB.format("mounted")})
    kept = volume("v2", "smb.csi.k8s.io")
    word = "volume.kubernetes.io/provisioner-deletion-secret"
    kept["metadata"]["annotations"] = {f"{word}-name": SMB.format("kept"), f"{word}-namespace": "kube-system"}
    secrets = [login(name) for name in ("wished", "mounted", "kept", "spare")]
    api = Api(tmp_path, addons=[addon("csi-driver-smb-secrets", "/v1, Kind=Secret")], secrets=secrets, volumes=[mounted, kept])
    wished = (("", "Secret", "kube-system", SMB.format("wished")),)
    assert api.run("csi-driver-smb-secrets", objects=wished, check=True)["changed"]
    answer = api.run("csi-driver-smb-secrets", objects=wished)
    assert answer["diff"][0]["before"] == "Secret kube-system/stardock-smb-spare\n"
    assert (answer["changed"], api.run("csi-driver-smb-secrets", objects=wished)["changed"]) == (True, False)
    assert api.left("Secret.v1.") == [SMB.format(name) for name in ("wished", "mounted", "kept")]
    assert (api.run()["addons"], api.run()["changed"]) == (["csi-driver-smb-secrets"], False)
    assert api.left("Secret.v1.") == [SMB.format("mounted"), SMB.format("kept")]


RELEASE = {"namespace": "apps", "name": "x", "addon": "chart-x"}


def test_a_release_that_somebody_else_installed_is_refused_with_both_ways(tmp_path: Path) -> None:
    api = Api(tmp_path, secrets=[release("x", "apps", "superseded"), release("x", "apps", "deployed", 2)])
    said = api.run("chart-x", settled=True, releases=[RELEASE])["msg"]
    assert "nothing was handed over. Helm has releases of these names, which no add-on made" in said
    assert "x in apps (deployed): `helm --namespace apps uninstall x`, or `kubectl --namespace apps label secret" in said
    assert "--selector owner=helm,name=x stardock.io/addon=chart-x`" in said


@pytest.mark.parametrize(
    ("charts", "secrets"),
    [
        ([chart("x", "apps")], [release("x", "apps", "deployed")]),
        ([], [release("x", "apps", "deployed", mark="chart-x")]),
        ([], [release("x", "elsewhere", "deployed"), release("y", "apps", "deployed")]),
    ],
)
def test_a_release_of_ours_one_that_was_given_to_us_and_one_of_another_name_are_none_of_others(
    tmp_path: Path, charts: list[Any], secrets: list[Any]
) -> None:
    api = Api(tmp_path, charts=charts, secrets=secrets)
    assert api.run("chart-x", settled=True, releases=[RELEASE])["changed"] is False


def storage(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"stardock.io/addon": "s"}}, "provisioner": "nfs.csi.k8s.io", **more}


@pytest.mark.parametrize("check", [False, True])
def test_a_class_that_kubernetes_would_have_to_change_is_refused_before_anything_is_handed_over(tmp_path: Path, check: bool) -> None:
    there = storage("nas", parameters={"server": "a", "share": "/x"}, reclaimPolicy="Delete", volumeBindingMode="Immediate")
    api = Api(tmp_path, classes=[there, storage("same", reclaimPolicy="Delete", volumeBindingMode="Immediate", mountOptions=["hard"])])
    wished = [storage("nas", parameters={"server": "b", "share": "/x"}, reclaimPolicy="Retain"), storage("same"), storage("new")]
    said = api.run("s", settled=True, classes=wished, check=check)["msg"]
    assert "nas (server: a, wished b, reclaimPolicy: Delete, wished Retain)" in said
    assert "Write another `name` for what you wish now (volumes stay)" in said
    assert "same" not in said
    assert api.run("s", settled=True, classes=wished[1:])["changed"] is False
