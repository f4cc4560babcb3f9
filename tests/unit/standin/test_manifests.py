"""The manifests folder: what RKE2 puts there, and what is applied when."""

from __future__ import annotations

import base64
import io
import json
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest

from lab.standin.payload.charts import packaged
from lab.standin.payload.config import Config
from lab.standin.payload.manifests import Deployer
from lab.standin.payload.paths import Paths
from tests import waiting

KUBECTL = """\
#!/bin/sh
for word; do case "$word" in --filename=*) file=${word#--filename=} ;; esac; done
test "$file" = - || cat "$file" >>"${0%/*}/applied"
"""

#: Makes an object of each line of a file, `KIND NAME`, and tells what it was asked and given.
LISTING = """#!{python}
import json, sys
file = next((word.partition("=")[2] for word in sys.argv if word.startswith("--filename=")), "")
given = sys.stdin.read() if file == "-" else ""
groups = {{"HelmChart": "helm.cattle.io/v1"}}
lines = [line.split() for line in open(file)] if file and file != "-" else []
def made(kind, name):
    metadata = {{"name": name, "namespace": "kube-system"}}
    return {{"apiVersion": groups.get(kind, "v1"), "kind": kind, "metadata": metadata}}
items = [made(*line) for line in lines]
open("{calls}", "a").write(" ".join(sys.argv[2:]) + chr(10) + given + chr(10))
print(json.dumps({{"items": items}}))
"""

pytestmark = pytest.mark.unit


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "kubectl").write_text(KUBECTL)
    (tools / "kubectl").chmod(0o755)
    return Paths(tmp_path, tools, tmp_path / "data")


def chart(text: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The values of a HelmChart, and the files of its chart."""
    spec = json.loads(text)["spec"]
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(spec["chartContent"]))) as archive:
        files = {entry.name: stream.read() for entry in archive if (stream := archive.extractfile(entry))}
    return json.loads(spec["valuesContent"]), files


def test_the_cni_and_dns_of_a_server_are_charts_with_the_clusters_values(paths: Paths) -> None:
    values = {"cluster-cidr": ("10.1.0.0/16", "fd01::/56"), "service-cidr": ("10.2.0.0/16",)}
    found = packaged(paths, Config("server", values), "canal")
    given, files = chart(found["rke2-canal"])
    assert {"rke2-canal/Chart.yaml", "rke2-canal/values.yaml", "rke2-canal/templates/canal.yaml"} == set(files)
    assert (given["network"]["Network"], given["network"]["IPv6Network"]) == ("10.1.0.0/16", "fd01::/56")
    assert chart(found["rke2-coredns"])[0]["service"] == {"clusterIP": "10.2.0.10"}


def test_disabled_dns_and_no_cni_are_not_written(paths: Paths) -> None:
    assert packaged(paths, Config("server", {"disable": ("rke2-coredns",)}), "none") == {}


def test_a_file_is_applied_when_its_content_changes_and_a_skipped_one_never(paths: Paths) -> None:
    folder, ending = paths.server / "manifests", threading.Event()
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("first\n")
    (folder / "b.yaml").write_text("never\n")
    (folder / "b.yaml.skip").touch()
    (folder / "note.txt").write_text("never\n")
    applied = paths.tools / "applied"
    deployer = Deployer(paths, ending)
    try:
        deployer.start()
        waiting.until(lambda: applied.exists() and "first" in applied.read_text(), "the file to be applied")
        (folder / "a.yaml").write_text("second\n")
        waiting.until(lambda: "second" in applied.read_text(), "the change to be applied")
    finally:
        ending.set()
    assert applied.read_text() == "first\nsecond\n"


def test_an_addon_of_each_file_has_the_kinds_in_it_and_what_a_file_lost_is_deleted(paths: Paths) -> None:
    """k3s, pkg/deploy/controller.go: `getGVKString`, `basename`, and the objects that an apply of the next content lacks."""
    calls = paths.tools / "calls"
    (paths.tools / "kubectl").write_text(LISTING.format(python=sys.executable, calls=calls))
    folder, ending = paths.server / "manifests", threading.Event()
    folder.mkdir(parents=True)
    file = folder / "stardock-addon-x.v1.yaml"
    file.write_text("ConfigMap a\nHelmChart b\n")
    try:
        Deployer(paths, ending).start()
        waiting.until(lambda: '"Addon", "metadata"' in said(calls), "the Addon")
        addon = json.loads(next(line for line in said(calls).splitlines() if '"Addon", "metadata"' in line))
        kinds = "/v1, Kind=ConfigMap;helm.cattle.io/v1, Kind=HelmChart"
        assert addon["metadata"]["name"] == "stardock-addon-x"
        assert addon["metadata"]["annotations"] == {"addon.k3s.cattle.io/gvks": kinds}
        assert "CustomResourceDefinition" in said(calls)
        file.write_text("ConfigMap a\n")
        waiting.until(lambda: "delete HelmChart.v1.helm.cattle.io b --namespace=kube-system" in said(calls), "the object that went")
    finally:
        ending.set()


def said(calls: Path) -> str:
    return calls.read_text() if calls.exists() else ""
