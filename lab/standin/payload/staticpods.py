"""Manifests of static pods, in the kubelet's folder.

Facts of rke2: pkg/podtemplate (the pod's shape, host network, mounts of the files that the arguments name), pkg/executor/staticpod
(writeTemplate: an unchanged manifest is left alone, so that its pod goes on; its uid is a hash of the manifest, which has one of the files
that arguments name). The image has no program: the lab's folder is mounted.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import etcd
from .paths import Paths, write
from .pods import NAMESPACE, Pod
from .programs import environment
from .release_images import ETCD, KUBERNETES

#: user and group, by number
Account = tuple[int, int]
IMAGES = {"etcd": ETCD}  # all others are Kubernetes' own


def write_manifest(
    paths: Paths, name: str, node: str, command: Sequence[str], instead: Sequence[str] = (), *, account: Account | None = None
) -> None:
    """Write the manifest of a pod that runs `command`, or `instead` of it; nothing happens where the same one is there.

    With an `account` etcd runs under that, which then owns its data and its keys.
    """
    if account:
        _give([*paths.etcd.rglob("*"), paths.etcd, *map(Path, _named_files(command))], account)
    pod = Pod(paths.pods, name, node, [*command[1:], *instead, _hash(_named_files(command)), *map(str, account or ())])
    file = _file(paths, name)
    if file.is_file() and json.loads(file.read_text())["metadata"].get("uid") == pod.uid:
        return
    write(file, json.dumps(_manifest(paths, pod, list(instead or command), account), indent=1) + "\n")


def remove_manifest(paths: Paths, name: str) -> None:
    """The kubelet ends the pod."""
    _file(paths, name).unlink(missing_ok=True)


def _file(paths: Paths, name: str) -> Path:
    return paths.agent / f"pod-manifests/{name}.yaml"


def _give(files: Iterable[Path], account: Account) -> None:
    for file in files:
        with suppress(FileNotFoundError):  # etcd runs, and its files come and go
            os.chown(file, *account)


def _manifest(paths: Paths, pod: Pod, command: list[str], account: Account | None) -> dict[str, Any]:
    mounts = _mounts(paths, pod.name, command)
    container = {
        "name": pod.name, "image": IMAGES.get(pod.name, KUBERNETES), "imagePullPolicy": "IfNotPresent",
        "command": command[:1], "args": command[1:],
        "env": [{"name": name, "value": value} for name, value in environment(paths).items()],
        "volumeMounts": [{"name": f"m{number}", **mount} for number, (mount, _) in enumerate(mounts)],
    }  # fmt: skip
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": pod.name, "namespace": NAMESPACE, "uid": pod.uid, "labels": {"component": pod.name, "tier": "control-plane"}},
        "spec": {
            "hostNetwork": True, "priorityClassName": "system-cluster-critical", "containers": [container],
            **({"securityContext": {"runAsUser": account[0], "runAsGroup": account[1]}} if account else {}),
            "volumes": [{"name": f"m{number}", "hostPath": source} for number, (_, source) in enumerate(mounts)],
        },
    }  # fmt: skip


def _mounts(paths: Paths, name: str, command: Sequence[str]) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """The server's folder or etcd's own, the lab's programs, and each file that an argument names."""
    files = _named_files(command)
    own = paths.etcd if name == "etcd" else paths.server
    folders = [(str(own), False), (str(paths.tools), True)]
    outside = [file for file in files if not Path(file).is_relative_to(own)]
    return [
        *(({"mountPath": folder, "readOnly": fixed}, {"path": folder, "type": "DirectoryOrCreate"}) for folder, fixed in folders),
        *(({"mountPath": file, "readOnly": True}, {"path": file, "type": "File"}) for file in outside),
    ]


def _named_files(command: Sequence[str]) -> list[str]:
    values = [word.partition("=")[2] for word in command[1:]]
    files = {value for value in values if value.startswith(os.sep) and Path(value).is_file()}
    return sorted(files.union(etcd.named_files(command)))


def _hash(files: Sequence[str]) -> str:
    """Another content makes another pod."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(Path(file).read_bytes())
    return whole.hexdigest()
