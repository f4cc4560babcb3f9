"""Add-ons of one's own on a machine that is a node for real: added, changed and taken out by edits of cluster.yaml and `runner bootstrap`.

The real helm-controller installs, upgrades and uninstalls the chart; the deploy controller is the stand-in's (docs/stand-in.md).
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

import pytest

from tests.lab.cluster import Cluster, bootstrapped_single, changed
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.timeout(900), pytest.mark.one_life("addons")]

CHART = "apiVersion: v2\nname: greeter\nversion: 0.1.0\n"
TEMPLATE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeter}\ndata: {greeting: {{ .Values.greeting }}}\n"
NOTE = """\
apiVersion: v1
kind: Namespace
metadata: {name: notes}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: note, namespace: notes}
data: {text: first}
"""
ADDONS = """
addons:
  charts:
    - {name: greeter, archive: greeter.tgz, namespace: greetings, values: {greeting: hello}}
  manifests: [notes]
"""
MANIFESTS = "/var/lib/rancher/rke2/server/manifests"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with bootstrapped_single("addons", tmp_path_factory.mktemp("addons"), "protect: false", "real") as cluster:
        yield cluster


def packed() -> bytes:
    """The chart as `helm package` packs it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in (("Chart.yaml", CHART), ("values.yaml", "greeting: none\n"), ("templates/greeting.yaml", TEMPLATE)):
            entry = tarfile.TarInfo(f"greeter/{path}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def greeting(cluster: Cluster) -> str:
    return cluster.kubectl("-n", "greetings", "get", "configmap", "greeter", "-o", "jsonpath={.data.greeting}", check=False).stdout


def named(cluster: Cluster) -> list[str]:
    """What the API has of ours."""
    kinds = "helmcharts.helm.cattle.io,addons.k3s.cattle.io"
    listed = cluster.kubectl("-n", "kube-system", "get", kinds, "-o", "name").stdout.split()
    return sorted(name.partition("/")[2] for name in listed if "greeter" in name or "addon-" in name)


@pytest.mark.proves("feature charts and manifests of one's own")
def test_a_chart_and_a_manifest_that_are_named_are_there_and_a_second_run_changes_nothing(cluster: Cluster) -> None:
    (cluster.folder / "greeter.tgz").write_bytes(packed())
    (cluster.folder / "notes").mkdir()
    (cluster.folder / "notes/note.yaml").write_text(NOTE)
    cluster.file.write_text(cluster.file.read_text() + ADDONS)
    assert changed(cluster.bootstrap().stdout) == ["addons"]
    until(lambda: greeting(cluster) == "hello", "the chart to be installed", 120)
    until(lambda: len(named(cluster)) == len(("greeter", "chart", "manifest")), "their Addons", 30)
    assert cluster.kubectl("-n", "notes", "get", "configmap", "note", "-o", "jsonpath={.data.text}").stdout == "first"
    assert changed(cluster.bootstrap().stdout) == []


@pytest.mark.proves("feature charts and manifests of one's own")
def test_values_and_manifests_that_are_edited_reach_the_cluster(cluster: Cluster) -> None:
    cluster.edit("greeting: hello", "greeting: goodbye")
    (cluster.folder / "notes/note.yaml").write_text(NOTE.replace("first", "second"))
    assert changed(cluster.bootstrap().stdout) == ["addons"]
    until(lambda: greeting(cluster) == "goodbye", "the chart to be upgraded", 120)
    text = ("-n", "notes", "get", "configmap", "note", "-o", "jsonpath={.data.text}")
    until(lambda: cluster.kubectl(*text).stdout == "second", "the manifest to be applied", 30)


@pytest.mark.proves("feature charts and manifests of one's own")
def test_what_is_taken_out_is_deleted_by_the_next_bootstrap_which_waits_for_it(cluster: Cluster) -> None:
    cluster.file.write_text(cluster.file.read_text().partition("addons:")[0])
    cluster.bootstrap("--check")
    assert len(named(cluster)) == len(("greeter", "chart", "manifest")), "--check deletes nothing"
    assert changed(cluster.bootstrap().stdout) == ["addons"]
    assert (greeting(cluster), named(cluster)) == ("", [])
    assert cluster.kubectl("-n", "notes", "get", "configmap", "note", check=False).returncode
    assert cluster.kubectl("get", "namespace", "notes", "-o", "name").stdout.strip() == "namespace/notes", "others may keep something there"
    assert "stardock-addon" not in cluster.ssh("server1", f"ls {MANIFESTS}")
    assert changed(cluster.bootstrap().stdout) == []
