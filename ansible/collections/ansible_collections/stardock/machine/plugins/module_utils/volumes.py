"""Volumes of a cluster: those that a driver must stay for, Secrets that they name, and classes that Kubernetes cannot change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.stardock.machine.plugins.module_utils.kubectl import Kubectl, Object, plain

VOLUMES = "PersistentVolume.v1."
CLASSES = "StorageClass.v1.storage.k8s.io"
SETTINGS = "Setting.v1beta2.longhorn.io"
FLAG = "deleting-confirmation-flag"
LONGHORN = "driver.longhorn.io"
#: Name of a chart or of its release -> its driver, which its volumes name.
DRIVERS = {
    "longhorn": LONGHORN,
    "piraeus": "linstor.csi.linbit.com",
    "piraeus-operator": "linstor.csi.linbit.com",
    "csi-driver-nfs": "nfs.csi.k8s.io",
    "csi-driver-smb": "smb.csi.k8s.io",
    "proxmox-csi-plugin": "csi.proxmox.sinextra.dev",
}
#: kubernetes/kubernetes, pkg/apis/storage/validation, `ValidateStorageClassUpdate`: what cannot be changed, and what it is unwritten.
FIXED: Mapping[str, Any] = {"provisioner": "", "parameters": {}, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}
#: kubernetes-csi/external-provisioner, pkg/controller/controller.go: where a volume keeps which Secret deletes it.
DELETION = "volume.kubernetes.io/provisioner-deletion-secret"
MOST = 5


def driver_of(chart: Mapping[str, Any]) -> str:
    """Give the driver that a HelmChart brings, as far as it is known; empty for all others."""
    whole = str((chart.get("spec") or {}).get("chart") or "")
    last = whole.rstrip("/").rpartition("/")[2].partition(":")[0]
    return DRIVERS.get(last) or DRIVERS.get(chart["metadata"]["name"], "")


def still_needed(kubectl: Kubectl, charts: Iterable[Object]) -> Iterator[str]:
    """Say of each chart that may not go why, and what to do. Raises KubectlError."""
    wanted = [(one, driver) for one in charts if (driver := driver_of(one))]
    volumes = kubectl.items(VOLUMES) if wanted else []
    for chart, driver in wanted:
        name = chart["metadata"]["name"]
        found = [one for one in volumes if ((one.get("spec") or {}).get("csi") or {}).get("driver") == driver]
        if found:
            more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
            yield (
                f"{name} has volumes yet, which nobody could mount or delete without it: {'; '.join(map(cure, found[:MOST]))}{more}."
                " Or write the add-on into cluster.yaml again"
            )
        elif driver == LONGHORN:
            yield from unconfirmed(kubectl, name, (chart.get("spec") or {}).get("targetNamespace") or "longhorn-system")


def cure(volume: Mapping[str, Any]) -> str:
    """Give the commands by which a volume goes."""
    name, claim = volume["metadata"]["name"], (volume.get("spec") or {}).get("claimRef") or {}
    gone = (volume.get("status") or {}).get("phase") in {"Released", "Failed", "Available"}
    if not claim or gone:
        return f"{name} (kubectl delete persistentvolume {name})"
    where = f"--namespace {claim.get('namespace')} {claim.get('name')}"
    keeps = "" if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete" else f", then kubectl delete persistentvolume {name}"
    return f"{name} (kubectl delete persistentvolumeclaim {where}{keeps})"


def unconfirmed(kubectl: Kubectl, name: str, namespace: str) -> Iterator[str]:
    """Longhorn's own uninstall fails until somebody allowed it (longhorn.io/docs, "Uninstall Longhorn"). Raises KubectlError."""
    found = kubectl.named(SETTINGS, namespace, [FLAG])
    if found and found[0].get("value") != "true":
        command = f'kubectl --namespace {namespace} patch settings.longhorn.io {FLAG} --type merge --patch \'{{"value":"true"}}\''
        yield f"{name} lets nobody uninstall it, since all its data goes with it: {command}, then bootstrap again"


def secrets_of(volumes: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Give namespace and name of each Secret that a volume is mounted, grown or deleted with."""
    named: set[tuple[str, str]] = set()
    for one in volumes:
        csi, notes = (one.get("spec") or {}).get("csi") or {}, one["metadata"].get("annotations") or {}
        references = [value for key, value in csi.items() if key.endswith("SecretRef") and isinstance(value, dict)]
        named |= {(str(each.get("namespace")), str(each.get("name"))) for each in references}
        named.add((str(notes.get(f"{DELETION}-namespace")), str(notes.get(f"{DELETION}-name"))))
    return named


def unlike(kubectl: Kubectl, wished: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say of each wished class that is there with other words what differs. Raises KubectlError."""
    live = {one["metadata"]["name"]: one for one in kubectl.items(CLASSES)} if wished else {}
    for one in wished:
        name = one["metadata"]["name"]
        differing = [*differences(live[name], one)] if name in live else []
        if differing:
            yield f"{name} ({', '.join(differing)})"


def differences(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """Name what Kubernetes would have to change, and cannot."""
    for key, default in FIXED.items():
        old, new = there.get(key) or default, wanted.get(key) or default
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            yield from (
                f"{word}: {told(old, word)}, wished {told(new, word)}" for word in sorted({*old, *new}) if old.get(word) != new.get(word)
            )
        else:
            yield f"{key}: {plain(str(old))}, wished {plain(str(new))}"


def told(parameters: Mapping[str, Any], word: str) -> str:
    """Give a parameter for people."""
    return plain(str(parameters[word])) if word in parameters else "none"
