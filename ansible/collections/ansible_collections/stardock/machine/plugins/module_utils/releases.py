"""Releases of Helm: what an uninstall that failed has left, and those that somebody else installed.

helm-controller's Job says that it is done when `helm uninstall` failed too (k3s-io/klipper-helm, entry, `helm_update`), and upgrades any
release of the name that it finds, whoever installed it. Helm keeps each revision in a Secret (helm/helm, pkg/storage/driver/secrets.go).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.stardock.machine.plugins.module_utils.kubectl import Kubectl, Object, plain

NAMESPACE = "kube-system"
CHART = "HelmChart.v1.helm.cattle.io"
SECRET = "Secret.v1."  # noqa: S105 -- a kind
#: On an Addon that goes: the releases of its charts, since a HelmChart that is gone names none.
MEMORY = "stardock.io/releases"
WORD = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def release_of(chart: Mapping[str, Any]) -> str:
    """Give `NAMESPACE/NAME` of a HelmChart's release; empty where it names none."""
    metadata = chart["metadata"]
    namespace = (chart.get("spec") or {}).get("targetNamespace") or metadata.get("namespace", NAMESPACE)
    return f"{namespace}/{metadata['name']}" if isinstance(namespace, str) and WORD.fullmatch(namespace) else ""


def remembered(addon: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the releases that an Addon names; what is none is passed over."""
    parts = str((addon["metadata"].get("annotations") or {}).get(MEMORY, "")).split(";")
    return tuple(part for part in parts if all(map(WORD.fullmatch, part.split("/"))) and part.count("/") == 1)


def memory(releases: Sequence[str]) -> str:
    """Make the patch that has an Addon name them."""
    return json.dumps({"metadata": {"annotations": {MEMORY: ";".join(releases)}}})


def revisions(kubectl: Kubectl, release: str) -> list[Object]:
    """List the Secrets of a release. Raises KubectlError."""
    namespace, _, name = release.partition("/")
    return kubectl.items(SECRET, "--namespace", namespace, "--selector", f"owner=helm,name={name}")


def left(kubectl: Kubectl, releases: Sequence[str]) -> Iterator[str]:
    """Say of each release that is still there what to do about it. Raises KubectlError."""
    for release in releases:
        found = revisions(kubectl, release)
        if found:
            namespace, _, name = release.partition("/")
            yield (
                f"the chart {name} was not uninstalled (its release is {status(found)}), and what it installed runs on:"
                f" `helm --namespace {namespace} uninstall {name}` tells why, and does it"
            )


def status(found: Sequence[Object]) -> str:
    """Give what Helm says of the last revision."""
    labels = [one["metadata"].get("labels") or {} for one in found]
    newest = max(labels, key=lambda each: int(each["version"]) if str(each.get("version")).isdecimal() else 0)
    return plain(str(newest.get("status", "there")))


def others(kubectl: Kubectl, wished: Sequence[Mapping[str, str]], label: str) -> Iterator[str]:
    """Say of each wished release that is there without a HelmChart what may be done. One with our label was given to us.

    `wished`: `namespace` and `name` of a release, `addon`: its file. Raises KubectlError.
    """
    charts = {one["metadata"]["name"] for one in kubectl.items(CHART, "--namespace", NAMESPACE)} if wished else set()
    for one in wished:
        namespace, name = one["namespace"], one["name"]
        if name in charts or not WORD.fullmatch(namespace) or not WORD.fullmatch(name):
            continue
        found = revisions(kubectl, f"{namespace}/{name}")
        if found and not any(label in (each["metadata"].get("labels") or {}) for each in found):
            yield (
                f"{name} in {namespace} ({status(found)}): `helm --namespace {namespace} uninstall {name}`, or"
                f" `kubectl --namespace {namespace} label secret --selector owner=helm,name={name} {label}={one['addon']}`"
            )
