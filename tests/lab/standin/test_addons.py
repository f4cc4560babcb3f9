"""Add-ons over a real API: the stand-in's deploy controller applies their manifests, `stardock.machine.addons` deletes what goes.

Nobody installs charts here: a HelmChart is an object with the finalizer that helm-controller gives it (pkg/controllers/chart/chart.go).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.standin.payload.manifests import Deployer
from lab.standin.payload.paths import Paths, write
from stardock.bundle.addons import addon_variables
from tests.lab.standin.processes import AGENT_TOKEN, TOKEN, Lab, Machine, until
from tests.plans import ROOT, document, plan_of

pytestmark = [pytest.mark.lab, pytest.mark.one_life("stand-in, add-ons"), pytest.mark.slow]

MODULE = ROOT / "ansible/collections/ansible_collections/stardock/machine/plugins/modules/addons.py"
WANTED = {"kured": {}, "system_upgrade_controller": {}, "metrics_server": {"values": {"replicas": 2}}}
NAMES = ["kured", "metrics-server", "system-upgrade-controller"]
FINALIZER = {"metadata": {"finalizers": ["wrangler.cattle.io/on-helm-chart-remove"]}}


def kind(name: str) -> dict[str, Any]:
    """A CustomResourceDefinition of helm-controller's, without its schema."""
    plural = f"{name.lower()}s"
    open_schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": open_schema}
    names = {"kind": name, "plural": plural, "singular": name.lower(), "listKind": f"{name}List"}
    spec = {"group": "helm.cattle.io", "names": names, "scope": "Namespaced", "versions": [version]}
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    return {**head, "metadata": {"name": f"{plural}.helm.cattle.io"}, "spec": spec}


class Api:
    """A server's API, its folder of manifests, and a kubectl that both the deploy controller and the module call."""

    def __init__(self, folder: Path, server: Machine) -> None:
        tools = folder / "tools"
        tools.mkdir()
        self.words = server._kubectl()
        self.kubectl = tools / "kubectl"
        self.kubectl.write_text(f'#!/bin/sh\nshift\nexport HOME={folder}\nexec {" ".join(self.words)} "$@"\n')
        self.kubectl.chmod(0o755)
        self.paths = Paths(folder, tools, folder / "data")
        self.manifests = self.paths.server / "manifests"
        self.objects: list[dict[str, str]] = []
        self.ending = threading.Event()
        write(self.paths.server / "cred/admin.kubeconfig", "kubectl has its own")

    def __call__(self, *words: str, given: dict[str, Any] | None = None) -> str:
        text = json.dumps(given) if given else None
        return subprocess.run([*self.words, *words], input=text, capture_output=True, text=True, check=True).stdout

    def put(self, addons: dict[str, Any]) -> None:
        """Have these manifests in the folder, and no others, as the role does."""
        wanted = addon_variables(plan_of(document() | {"addons": addons})[0])
        self.objects = wanted["kubernetes_addon_objects"]
        files = {Path(file["path"]).name: file["content"] for file in wanted["kubernetes_addons"]}
        for path in self.manifests.glob("*"):
            path.unlink()
        for name, text in files.items():
            write(self.manifests / name, text)

    def withdraw(self, *wished: str, check: bool = False, timeout: int = 60) -> dict[str, Any]:
        """What the module answers."""
        kubectl = [str(self.kubectl), "--kubeconfig=its-own"]
        given = {"wished": list(wished), "objects": self.objects, "prefix": "stardock-addon-", "kubectl": kubectl, "timeout": timeout}
        arguments = json.dumps({"ANSIBLE_MODULE_ARGS": {**given, "_ansible_check_mode": check, "_ansible_diff": True}})
        paths = {**os.environ, "PYTHONPATH": str(ROOT / "ansible/collections")}
        done = subprocess.run([sys.executable, str(MODULE)], input=arguments, env=paths, capture_output=True, text=True, check=False)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def addons(self) -> list[str]:
        """The names of our Addons; none before their kind is there."""
        words = [*self.words, "get", "addons", "--namespace=kube-system", "--output=json"]
        found = subprocess.run(words, capture_output=True, text=True, check=False)
        names = [one["metadata"]["name"] for one in json.loads(found.stdout)["items"]] if found.returncode == 0 else []
        return sorted(name.removeprefix("stardock-addon-") for name in names)

    def labelled(self) -> list[str]:
        """All that has our label."""
        kinds = "helmcharts,helmchartconfigs,configmaps,deployments,clusterroles,roles,serviceaccounts,namespaces"
        return self("get", kinds, "--all-namespaces", "--selector=stardock.io/addon", "--output=name").split()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("addons")
    lab = Lab(folder / "lab")
    server = lab.machine("server1", 11)
    server.configure(token=TOKEN, agent_token=AGENT_TOKEN)
    server.start("server")
    until("the server is ready", server.ready, 60, {"server1": server})
    api = Api(folder, server)
    for name in ("HelmChart", "HelmChartConfig"):
        api("apply", "--filename=-", given=kind(name))
    Deployer(api.paths, api.ending).start()
    yield api
    api.ending.set()
    lab.close()
    shutil.rmtree(folder / "data")


@pytest.mark.proves("feature add-ons")
def test_manifests_become_objects_and_an_addon_each(api: Api) -> None:
    assert api.withdraw() == {**api.withdraw(), "changed": False, "addons": []}
    api.put(WANTED)
    until("all are applied", lambda: api.addons() == NAMES, 60)
    assert "helmchart.helm.cattle.io/kured" in api.labelled()
    assert "deployment.apps/system-upgrade-controller" in api.labelled()
    assert api.withdraw(*NAMES)["changed"] is False


@pytest.mark.proves("feature add-ons")
def test_what_is_not_wished_goes_and_one_that_hangs_is_named_until_the_next_run(api: Api) -> None:
    api("patch", "helmchart", "kured", "--namespace=kube-system", "--type=merge", f"--patch={json.dumps(FINALIZER)}")
    api.put({"metrics_server": WANTED["metrics_server"]})
    shown = api.withdraw("metrics-server", check=True)
    assert (shown["changed"], shown["addons"], api.addons()) == (True, ["kured", "system-upgrade-controller"], NAMES)
    refused = api.withdraw("metrics-server", timeout=2)
    assert "HelmChart kube-system/kured waits for its Job helm-delete-kured: it has no pod" in refused["msg"]
    assert api.addons() == NAMES, "the memory of it goes last"
    api("patch", "helmchart", "kured", "--namespace=kube-system", "--type=merge", '--patch={"metadata": {"finalizers": null}}')
    assert api.withdraw("metrics-server")["changed"]
    assert api.addons() == ["metrics-server"]
    assert api.labelled() == ["helmchartconfig.helm.cattle.io/rke2-metrics-server", "namespace/system-upgrade"]
    again = api.withdraw("metrics-server")
    assert (again["changed"], again["addons"]) == (False, [])
