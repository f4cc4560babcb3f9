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
label = words[words.index("--selector") + 1].partition("=") if "--selector" in words else ("", "", "")
names = words[words.index("--") + 1:] if "--" in words else []
def chosen(one):
    if names: return one["metadata"]["name"] in names and one["metadata"].get("namespace", namespace) == namespace
    found = one["metadata"].get("labels", {{}})
    return label[0] in found and (not label[1] or found[label[0]] == label[2]) if label[0] else True
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
        if one["metadata"]["name"] == words[2]: one["patched"] = json.loads(words[words.index("--patch") + 1])
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
