"""The Secret by which servers copy snapshots of etcd to S3, as a manifest on each of them.

k3s reads it anew for each snapshot (docs.k3s.io/cli/etcd-snapshot, "S3 Configuration Secret Support": where any other `etcd-s3-*` option
stands in config.yaml, the Secret is ignored). Taking the manifest away leaves the Secret in the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stardock.bundle.secret_text import Marks
from stardock.distributions import distribution
from stardock.distributions.model import S3_SECRET_TYPE
from stardock.model.plan import Plan
from stardock.model.settings import S3
from stardock.systems import HEAD
from stardock.yamltext import yaml_text

_FILE = "stardock-etcd-s3.yaml"

Files = tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]


def snapshot_files(plan: Plan) -> Files:
    """A server's files about S3: the folder or a file that goes, and the manifest with its secrets."""
    own = distribution(plan.distribution.name)
    path = f"{own.manifests}/{_FILE}"
    if plan.s3 is None:
        return [{"path": path, "state": "absent"}], []
    folder = {"path": own.server_dir, "state": "directory", "mode": "0700"}
    marks = Marks()
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": plan.s3.secret, "namespace": "kube-system"},
        "type": S3_SECRET_TYPE,
        "stringData": {f"etcd-s3-{key}": value for key, value in _settings(plan.s3, marks).items() if value},
    }
    return [folder], [marks.file(path, HEAD + yaml_text(secret), directory_mode="0700")]


def _settings(s3: S3, marks: Marks) -> dict[str, str | None]:
    """All values of a Secret are texts."""
    return {
        "endpoint": s3.endpoint,
        "endpoint-ca": s3.ca,
        "bucket": s3.bucket,
        "folder": s3.folder,
        "region": s3.region,
        "insecure": "true" if s3.insecure else None,
        "retention": str(s3.keep) if s3.keep else None,
        "access-key": marks.of(s3.access_key_source, "yaml"),
        "secret-key": marks.of(s3.secret_key_source, "yaml"),
    }
