"""The manifests folder: what RKE2 puts there, and what is applied when."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import yaml

from lab.standin.payload.config import Config
from lab.standin.payload.manifests import Deployer, write_packaged
from lab.standin.payload.paths import Paths
from tests import waiting

KUBECTL = """\
#!/bin/sh
for word; do file=${word#--filename=}; done
cat "$file" >>"${0%/*}/applied"
"""

pytestmark = pytest.mark.unit


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "kubectl").write_text(KUBECTL)
    (tools / "kubectl").chmod(0o755)
    return Paths(tmp_path, tools, tmp_path / "data")


def kinds(file: Path) -> list[str]:
    return [document["kind"] for document in yaml.safe_load_all(file.read_text())]


def test_the_cni_and_dns_of_a_server_are_manifests_with_the_clusters_values(paths: Paths) -> None:
    write_packaged(paths, Config("server", {"cluster-cidr": ("10.1.0.0/16",), "service-cidr": ("10.2.0.0/16",)}), "canal")
    folder = paths.server / "manifests"
    assert "DaemonSet" in kinds(folder / "rke2-canal.yaml")
    assert '"Network": "10.1.0.0/16"' in (folder / "rke2-canal.yaml").read_text()
    assert "clusterIP: 10.2.0.10" in (folder / "rke2-coredns.yaml").read_text()


def test_a_dual_stack_cluster_has_a_network_of_each_version(paths: Paths) -> None:
    write_packaged(paths, Config("server", {"cluster-cidr": ("10.1.0.0/16", "fd01::/56")}), "canal")
    text = (paths.server / "manifests/rke2-canal.yaml").read_text()
    assert '"EnableIPv4": true, "EnableIPv6": true' in text
    assert '"IPv6Network": "fd01::/56"' in text


def test_disabled_dns_and_no_cni_are_not_written(paths: Paths) -> None:
    write_packaged(paths, Config("server", {"disable": ("rke2-coredns",)}), "none")
    assert not list((paths.server / "manifests").glob("*"))


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
