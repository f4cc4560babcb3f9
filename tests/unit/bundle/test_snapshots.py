"""`snapshots`: options of servers, and the Secret for S3 (parity 119)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from stardock.bundle.inventory import inventory_files
from stardock.errors import InputErrors
from stardock.model.facts import Facts
from stardock.spec import load_spec
from stardock.workspace.lock import to_json
from stardock.yamltext import yaml_text
from tests.hostile_texts import CERTIFICATE
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit

MANIFEST = "/var/lib/rancher/rke2/server/manifests/stardock-etcd-s3.yaml"
S3: dict[str, Any] = {
    "endpoint": "s3.home.arpa:9000",
    "bucket": "etcd",
    "folder": "home",
    "ca": CERTIFICATE,
    "access_key_from": {"env": "S3_ACCESS"},
    "secret_key_from": {"env": "S3_SECRET"},
}


def host(snapshots: dict[str, Any] | None, name: str) -> dict[str, Any]:
    plan, _ = plan_of(document() | ({"snapshots": snapshots} if snapshots else {}))
    return inventory_files(plan, Facts(cluster="quickstart"))[f"host_vars/{name}.yml"]


def etcd(snapshots: dict[str, Any] | None, name: str = "server1") -> dict[str, Any]:
    return {key: value for key, value in host(snapshots, name)["kubernetes_config"].items() if "etcd" in key}


@pytest.mark.proves("feature snapshots")
def test_schedule_number_and_compression_are_options_of_servers_alone() -> None:
    wanted = {"schedule": "0 */6 * * *", "keep": 10, "compress": True}
    assert etcd(wanted) == {"etcd-snapshot-schedule-cron": "0 */6 * * *", "etcd-snapshot-retention": 10, "etcd-snapshot-compress": True}
    assert etcd(wanted, "agent1") == {}
    assert etcd(None) == {}
    assert etcd({"enabled": False}) == {"etcd-disable-snapshots": True}


@pytest.mark.proves("feature snapshots")
def test_credentials_of_s3_are_in_a_secret_and_in_no_config_yaml() -> None:
    assert etcd({"s3": S3, "keep": 10}) == {
        "etcd-snapshot-retention": 10,
        "etcd-s3": True,
        "etcd-s3-config-secret": "stardock-etcd-s3",
    }, "any other option of S3 in config.yaml would hide the Secret"
    (file,) = host({"s3": S3, "keep": 10}, "server1")["machine_secret_files"]
    assert (file["path"], file["mode"], "applies" in file) == (MANIFEST, "0600", False)
    marks = {fill["source"]: fill["mark"] for fill in file["fills"]}
    assert yaml.safe_load(file["content"]) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "stardock-etcd-s3", "namespace": "kube-system"},
        "type": "etcd.k3s.cattle.io/s3-config-secret",
        "stringData": {
            "etcd-s3-endpoint": "s3.home.arpa:9000",
            "etcd-s3-endpoint-ca": CERTIFICATE,
            "etcd-s3-bucket": "etcd",
            "etcd-s3-folder": "home",
            "etcd-s3-retention": "10",
            "etcd-s3-access-key": marks["env:S3_ACCESS"],
            "etcd-s3-secret-key": marks["env:S3_SECRET"],
        },
    }
    assert host({"s3": S3}, "agent1")["machine_secret_files"] == []


def test_the_folder_of_a_servers_keys_is_made_for_root_alone() -> None:
    files = host({"s3": S3}, "server1")["machine_files"]
    assert {"path": "/var/lib/rancher/rke2/server", "state": "directory", "mode": "0700"} in files


def test_without_s3_the_manifest_goes_and_no_lock_knows_it() -> None:
    assert {"path": MANIFEST, "state": "absent"} in host(None, "server1")["machine_files"]
    plan, lock = plan_of(document() | {"snapshots": {"s3": S3}})
    assert plan.secret_sources == {"env:S3_ACCESS", "env:S3_SECRET"}
    assert "S3_ACCESS" not in to_json(lock)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("etcd-snapshot-retention", 3, "`etcd-snapshot-retention` is what `snapshots.keep` says (line "),
        ("etcd-s3", True, "`etcd-s3` is what `snapshots.s3` says (line "),
        ("etcd-s3-region", "x", "`etcd-s3-region` would hide the Secret that `snapshots.s3` becomes"),
    ],
)
def test_what_is_told_twice_or_hides_the_secret_is_refused_at_the_option(tmp_path: Path, option: str, value: Any, message: str) -> None:
    data = document() | {"snapshots": {"keep": 5, "s3": S3}}
    data["distribution"] = {"name": "rke2", "options": {option: value}}
    (tmp_path / "cluster.yaml").write_text(yaml_text(data))
    with pytest.raises(InputErrors) as caught:
        load_spec(tmp_path / "cluster.yaml")
    (problem,) = caught.value.problems
    assert message in problem.message
    assert problem.path == f"distribution.options.{option}"
