"""Manifests of add-ons, for the stage `addons`: all that lie on servers under a name of ours are these and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stardock.addons.smb_csi import OF_VOLUMES
from stardock.distributions import distribution
from stardock.model.addons import Addon
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
    files = [
        {"path": f"{folder}/{PREFIX}{name}.yaml", "mode": "0600", "directory_mode": "0700", **_content(addon, name, objects)}
        for addon in plan.addons
        for name, objects in addon.files.items()
    ]
    return {
        "kubernetes_manifests": folder,
        "kubernetes_addons": [file for file in files if "fills" not in file],
        "kubernetes_secret_addons": [file for file in files if "fills" in file],
        "kubernetes_addon_prefix": PREFIX,
        "kubernetes_addon_names": [name for addon in plan.addons for name in addon.files],
        "kubernetes_addon_objects": [
            _identity(name, one) for addon in plan.addons for name, objects in addon.files.items() for one in objects
        ],
        "kubernetes_addon_classes": [*_classes(plan)],
        "kubernetes_addon_releases": [*_releases(plan)],
        "kubernetes_former_addons": [f"{folder}/{_FORMER}.yaml"],
    }


def _classes(plan: Plan) -> Iterator[Mapping[str, Any]]:
    """All StorageClasses, in files and made by charts."""
    for addon in plan.addons:
        yield from (one for objects in addon.files.values() for one in objects if one["kind"] == "StorageClass")
        yield from addon.classes


def _releases(plan: Plan) -> Iterator[dict[str, str]]:
    """What HelmCharts become, each with its file. Where none is named it is beside it (k3s-io/helm-controller, pkg/controllers/chart)."""
    for addon in plan.addons:
        for file, objects in addon.files.items():
            for one in (one for one in objects if one["kind"] == "HelmChart"):
                spec, metadata = one.get("spec") or {}, one["metadata"]
                namespace = str(spec.get("targetNamespace") or metadata.get("namespace") or "default")
                yield {"namespace": namespace, "name": metadata["name"], "addon": file}


def _content(addon: Addon, name: str, objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A file's text; where a Secret is among its objects, also what comes in the place of each mark in it."""
    text = HEAD + "---\n".join(yaml_text(_labelled(name, one)) for one in objects)
    if not any(one["kind"] == "Secret" for one in objects):
        return {"content": text}
    fills = [{"mark": mark, "source": source, "kind": "yaml"} for mark, source in addon.secrets.items() if mark in text]
    return {"content": text, "fills": fills}


def _identity(file: str, one: Mapping[str, Any]) -> dict[str, str]:
    """By what an object is known, and the file that it is in."""
    metadata = one["metadata"]
    group, _, version = one["apiVersion"].rpartition("/")
    known = {"kind": one["kind"], "namespace": metadata.get("namespace") or "", "name": metadata["name"]}
    return {"group": group, "version": version, **known, "addon": file}


def _labelled(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    metadata = one["metadata"]
    stays = _STAYS if one["kind"] in _KEPT or _is_of_volumes(one) else {}
    return {**one, "metadata": {**metadata, "labels": {**stays, **(metadata.get("labels") or {}), LABEL: name}}}


def _is_of_volumes(one: Mapping[str, Any]) -> bool:
    """Whether volumes name it: it stays until none does, whatever becomes of its class (`stardock.machine.addons`)."""
    return bool(one["kind"] == "Secret" and one["metadata"]["name"].startswith(OF_VOLUMES))
