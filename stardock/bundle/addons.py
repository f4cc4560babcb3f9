"""Manifests of add-ons, for the stage `addons`: all that lie on servers under a name of ours are these and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stardock.distributions import distribution
from stardock.model.plan import Plan
from stardock.systems import HEAD
from stardock.yamltext import yaml_text

#: How their files begin, and the Addons that the distribution's deploy controller makes of them (k3s, pkg/deploy/controller.go).
PREFIX = "stardock-addon-"
#: On each object: of which file it is. What goes is found by it.
LABEL = "stardock.io/addon"
#: Kinds that stay, with what others keep in them, and the label that keeps the deploy controller from deleting one that a
#: file lost (rancher/wrangler, pkg/apply/desiredset_process.go, `shouldPrune`).
_KEPT = frozenset({"Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim"})
_STAYS = {"objectset.rio.cattle.io/prune": "false"}
#: A file of kured's that earlier checkouts wrote; the object in it is the add-on's own now.
_FORMER = "stardock-kured"


def addon_variables(plan: Plan) -> dict[str, Any]:
    """The same for all servers."""
    folder = distribution(plan.distribution.name).manifests
    files = {name: text for addon in plan.addons for name, text in _files(addon.files)}
    return {
        "kubernetes_manifests": folder,
        "kubernetes_addons": [
            {"path": f"{folder}/{PREFIX}{name}.yaml", "content": text, "mode": "0600", "directory_mode": "0700"}
            for name, text in files.items()
        ],
        "kubernetes_addon_prefix": PREFIX,
        "kubernetes_addon_names": list(files),
        "kubernetes_addon_objects": [_identity(one) for addon in plan.addons for objects in addon.files.values() for one in objects],
        "kubernetes_former_addons": [f"{folder}/{_FORMER}.yaml"],
    }


def _files(files: Mapping[str, tuple[Mapping[str, Any], ...]]) -> Iterator[tuple[str, str]]:
    for name, objects in files.items():
        yield name, HEAD + "---\n".join(yaml_text(_labelled(name, one)) for one in objects)


def _identity(one: Mapping[str, Any]) -> dict[str, str]:
    """By what an object is known, whichever file it is in."""
    metadata = one["metadata"]
    group = one["apiVersion"].rpartition("/")[0]
    return {"group": group, "kind": one["kind"], "namespace": metadata.get("namespace") or "", "name": metadata["name"]}


def _labelled(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    metadata = one["metadata"]
    stays = _STAYS if one["kind"] in _KEPT else {}
    return {**one, "metadata": {**metadata, "labels": {**stays, **(metadata.get("labels") or {}), LABEL: name}}}
