"""Shares of NFS and SMB servers: classes, and who logs in, whose password no plan, bundle or values hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stardock.bundle import write_bundle
from stardock.cli.addon_lines import addon_lines
from stardock.model.facts import Facts
from stardock.yamltext import yaml_text
from tests.plans import document, spec_of
from tests.unit.addons.planning import inventory, manifests, planned, problem
from tests.unit.addons.test_addons import GOLDEN

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature storage add-ons")]

NFS: dict[str, Any] = {
    "classes": [
        {"name": "nas", "server": "nas.home.arpa", "share": "/export/volumes", "mount_options": ["nfsvers=4.2"], "reclaim": "retain"},
        {"name": "scratch", "server": "192.0.2.5", "share": "/scratch", "folder": "${pvc.metadata.namespace}/${pvc.metadata.name}"},
    ]
}
BAND = {
    "name": "recordings",
    "source": "//nas.home.arpa/band",
    "user": "k8s",
    "password_from": {"env": "SMB_PASSWORD"},
    "domain": "HOME",
    "default": True,
}
SMB: dict[str, Any] = {"classes": [BAND, {**BAND, "name": "other", "password_from": {"file": "smb"}, "default": False}]}


@pytest.mark.parametrize(("name", "wanted"), [("nfs_csi", NFS), ("smb_csi", SMB)])
def test_each_is_written_as_it_was(name: str, wanted: dict[str, Any]) -> None:
    text = yaml_text(manifests(planned({name: wanted})))
    golden = GOLDEN / f"{name}.yaml"
    assert text == golden.read_text(), f"if that is meant, write it into {golden}"


def test_a_driver_without_classes_is_its_chart_alone() -> None:
    assert list(manifests(planned({"smb_csi": {}, "nfs_csi": {}}))) == ["csi-driver-nfs", "csi-driver-smb"]


def test_passwords_are_named_by_their_source_in_the_bundle_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMB_PASSWORD", "geheim-4711")
    plan = planned({"smb_csi": SMB})
    write_bundle(plan, Facts(cluster="quickstart"), tmp_path / "bundle")
    texts = {path: path.read_text() for path in (tmp_path / "bundle").rglob("*") if path.is_file() and path.suffix in {".yml", ".md"}}
    assert not [path for path, text in texts.items() if "geheim-4711" in text]
    (file,) = inventory(plan)["group_vars/server.yml"]["kubernetes_secret_addons"]
    assert [(fill["source"], fill["kind"]) for fill in file["fills"]] == [("env:SMB_PASSWORD", "yaml"), ("file:smb", "yaml")]
    assert all(fill["mark"] in file["content"] for fill in file["fills"])
    assert plan.secret_sources == plan.addon_secret_sources == {"env:SMB_PASSWORD", "file:smb"}


def test_a_plan_shows_where_secrets_come_from_and_none_of_them() -> None:
    lines = list(addon_lines(planned({"smb_csi": SMB}).addons))
    assert lines[-1] == "    secrets from env:SMB_PASSWORD, file:smb: bootstrap puts them on servers, nobody else sees them"
    assert not [line for line in lines if "StardockSecret" in line]


def test_two_default_classes_are_refused_whoever_brings_them() -> None:
    nfs = {"classes": [{"name": "nas", "server": "nas", "share": "/x", "default": True}]}
    found = problem({"nfs_csi": nfs, "smb_csi": SMB})
    assert (found.path, found.message) == (
        "addons.smb_csi.classes[0].default",
        "`addons.nfs_csi.classes[0].default` is the default class already",
    )


def test_two_classes_of_one_name_are_refused_whoever_brings_them() -> None:
    nfs = {"classes": [{"name": "recordings", "server": "nas", "share": "/x"}]}
    assert "StorageClass recordings" in problem({"nfs_csi": nfs, "smb_csi": SMB}).message


def test_a_password_of_an_add_on_is_looked_for_where_cluster_yaml_says() -> None:
    from stardock.spec.secret_sources import secret_places  # noqa: PLC0415

    places = list(secret_places(spec_of(document() | {"addons": {"smb_csi": SMB}})))
    assert [(place.keys, place.source.name) for place in places] == [
        (("addons", "smb_csi", "classes", 0, "password_from"), "env:SMB_PASSWORD"),
        (("addons", "smb_csi", "classes", 1, "password_from"), "file:smb"),
    ]


def test_the_login_of_a_class_outlives_it_in_a_file_that_stays() -> None:
    """Each volume names it; the deploy controller would prune it (rancher/wrangler, pkg/apply/desiredset_process.go, `shouldPrune`)."""
    secrets = manifests(planned({"smb_csi": SMB}))["csi-driver-smb-secrets"]
    assert [one["metadata"]["labels"]["objectset.rio.cattle.io/prune"] for one in secrets] == ["false", "false"]


def test_classes_and_releases_are_told_so_that_the_cluster_is_asked_for_them() -> None:
    token = {"token_id": "k@pve!c", "token_secret_from": {"env": "S"}, "region": "home"}
    disks = {**token, "classes": [{"name": "fast", "datastore": "nvme", "filesystem": "xfs"}]}
    variables = inventory(planned({"smb_csi": SMB, "proxmox_csi": disks}))["group_vars/server.yml"]
    classes = {one["metadata"]["name"]: one for one in variables["kubernetes_addon_classes"]}
    assert list(classes) == ["recordings", "other", "fast"]
    assert classes["fast"]["parameters"] == {"csi.storage.k8s.io/fstype": "xfs", "storage": "nvme"}
    assert variables["kubernetes_addon_releases"] == [
        {"namespace": "kube-system", "name": "csi-driver-smb", "addon": "csi-driver-smb"},
        {"namespace": "csi-proxmox", "name": "proxmox-csi-plugin", "addon": "proxmox-csi-plugin"},
    ]
