"""The manifests folder of a server: what lies there is applied.

Facts of k3s: pkg/deploy/controller.go (each *.yaml, *.yml, *.json is applied when its content has changed; NAME.skip keeps it from that; a
file that is taken away deletes nothing; an object that a file lost is deleted; an Addon of each file in kube-system, under the file's name
up to its first point, has the kinds of its objects in an annotation), pkg/server/server.go (helm-controller is part of the service; its
Jobs are cluster-admin).
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .controllers import API
from .credfiles import kubeconfig
from .journal import log
from .paths import Paths, write
from .programs import environment
from .release_images import HELM

PAUSE_SECONDS = 1.0
SECONDS = 60.0
KINDS = {".yaml", ".yml", ".json"}
GVKS = "addon.k3s.cattle.io/gvks"
ADDONS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "addons.k3s.cattle.io"},
    "spec": {
        "group": "k3s.cattle.io",
        "names": {"kind": "Addon", "plural": "addons", "singular": "addon", "listKind": "AddonList"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}

Object = dict[str, Any]
#: kind as kubectl takes it, namespace (empty: none), name
Identity = tuple[str, str, str]


def write_packaged(paths: Paths, manifests: Mapping[str, str]) -> None:
    """Write what RKE2 brings, and the administrator's kubeconfig for what applies it."""
    write(_admin(paths), kubeconfig(API, paths.tls / "server-ca.crt", paths.tls / "client-admin"))
    for name, text in manifests.items():
        write(paths.server / f"manifests/{name}.yaml", text)


def helm_controller(paths: Paths, node: str) -> list[str]:
    """The command line of helm-controller; those of several servers agree on a leader."""
    return [
        str(paths.tools / "helm-controller"), f"--kubeconfig={_admin(paths)}", f"--node-name={node}", "--controller-name=helm-controller",
        "--job-cluster-role=cluster-admin", f"--default-job-image={HELM}",
    ]  # fmt: skip


class Deployer:
    """Looks at the folder again and again until `ending`."""

    def __init__(self, paths: Paths, ending: threading.Event) -> None:
        self._paths = paths
        self._ending = ending
        self._applied: dict[Path, str] = {}
        self._told: dict[Path, str] = {}
        self._objects: dict[Path, set[Identity]] = {}
        self._has_addons = False

    def start(self) -> None:
        """Begin, once the API answers."""
        threading.Thread(target=self._run, name="deploy", daemon=True).start()

    def _run(self) -> None:
        while not self._ending.wait(PAUSE_SECONDS):
            for file in sorted((self._paths.server / "manifests").rglob("*")):
                if file.suffix in KINDS and file.is_file() and not file.with_name(f"{file.name}.skip").exists():
                    self._look(file)

    def _look(self, file: Path) -> None:
        try:
            self._apply(file)
        except (OSError, subprocess.TimeoutExpired) as error:  # gone since, or an API that does not answer: the next look tells
            self._tell(file, f"Failed to process config: failed to process {file}: {error}")

    def _apply(self, file: Path) -> None:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if self._applied.get(file) == digest:
            return
        done = self._kubectl(*_APPLY, f"--filename={file}", "--output=json")
        if done.returncode:
            self._tell(file, f"Failed to process config: failed to process {file}: {done.stderr.strip()}")
        elif self._remembered(file, list(_read(done.stdout)), digest):
            log("info", f"Applied manifest at {str(file)!r}")
            self._applied[file] = digest

    def _remembered(self, file: Path, objects: list[Object], digest: str) -> bool:
        """What the file lost is deleted, and the Addon says what it has now."""
        now = {_identity(one) for one in objects}
        for kind, namespace, name in self._objects.get(file, set()) - now:
            self._kubectl("delete", kind, name, *([f"--namespace={namespace}"] if namespace else []), "--ignore-not-found", "--wait=false")
        self._objects[file] = now
        self._has_addons = self._has_addons or self._kubectl(*_APPLY, "--filename=-", given=ADDONS).returncode == 0
        kinds = dict.fromkeys(f"{'/' * ('/' not in one['apiVersion'])}{one['apiVersion']}, Kind={one['kind']}" for one in objects)
        metadata = {"name": file.name.partition(".")[0], "namespace": "kube-system", "annotations": {GVKS: ";".join(kinds)}}
        addon = {"apiVersion": "k3s.cattle.io/v1", "kind": "Addon", "metadata": metadata}
        spec = {"source": str(file), "checksum": digest}
        return self._kubectl(*_APPLY, "--filename=-", given={**addon, "spec": spec}).returncode == 0

    def _kubectl(self, *words: str, given: Object | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._paths.tools / "kubectl"), f"--kubeconfig={_admin(self._paths)}", *words],
            input=json.dumps(given) if given else "", capture_output=True, text=True, check=False, timeout=SECONDS,
            env=environment(self._paths),
        )  # fmt: skip

    def _tell(self, file: Path, trouble: str) -> None:
        """Once: a HelmChart is refused again and again until helm-controller has made its kind."""
        if self._told.get(file) != trouble:
            log("error", trouble)
        self._told[file] = trouble


_APPLY = ("apply", "--server-side", "--force-conflicts", "--field-manager=deploy")


def _read(text: str) -> list[Object]:
    """What kubectl applied: an object, or a List of several."""
    found: Object = json.loads(text or '{"items": []}')
    items: list[Object] = found.get("items", [found])
    return items


def _identity(one: Object) -> Identity:
    group, _, version = one["apiVersion"].rpartition("/")
    return f"{one['kind']}.{version}.{group}", one["metadata"].get("namespace", ""), one["metadata"]["name"]


def _admin(paths: Paths) -> Path:
    return paths.server / "cred/admin.kubeconfig"
