"""StorageClasses: by what a PersistentVolumeClaim names the storage that it wants.

Provisioner, parameters, what becomes of volumes and when they are made cannot be changed later (kubernetes,
pkg/apis/storage/validation, `ValidateStorageClassUpdate`): the stage refuses that before anything is handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: The annotation of a default class.
DEFAULT = "storageclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """What all of them have. `reclaim`: what becomes of a volume whose claim goes."""

    name: str
    default: bool = False
    reclaim: str = "delete"
    mount_options: tuple[str, ...] = ()


def storage_class(one: Class, provisioner: str, parameters: Mapping[str, str], *, waits: bool, expands: bool) -> dict[str, Any]:
    """The object. `waits`: a volume is made where its first pod runs."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": one.name, **({"annotations": {DEFAULT: "true"}} if one.default else {})},
        "provisioner": provisioner,
        "parameters": dict(parameters),
        "reclaimPolicy": one.reclaim.capitalize(),
        "volumeBindingMode": "WaitForFirstConsumer" if waits else "Immediate",
        **({"allowVolumeExpansion": True} if expands else {}),
        **({"mountOptions": list(one.mount_options)} if one.mount_options else {}),
    }
