"""The manifests folder of a server: what lies there is applied.

Facts of k3s: pkg/deploy/controller.go (each *.yaml, *.yml, *.json is applied when its content has changed; NAME.skip keeps it from that; a
file that is taken away deletes nothing), pkg/server/server.go (helm-controller is part of the service; its Jobs are cluster-admin).
"""

from __future__ import annotations

import hashlib
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from .controllers import API
from .credfiles import kubeconfig
from .journal import log
from .paths import Paths, write
from .programs import environment
from .release_images import HELM

PAUSE_SECONDS = 1.0
SECONDS = 60.0
KINDS = {".yaml", ".yml", ".json"}


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
        variables = environment(self._paths)
        done = subprocess.run(self._command(file), capture_output=True, text=True, check=False, timeout=SECONDS, env=variables)
        if done.returncode:
            self._tell(file, f"Failed to process config: failed to process {file}: {done.stderr.strip()}")
        else:
            log("info", f"Applied manifest at {str(file)!r}")
            self._applied[file] = digest

    def _tell(self, file: Path, trouble: str) -> None:
        """Once: a HelmChart is refused again and again until helm-controller has made its kind."""
        if self._told.get(file) != trouble:
            log("error", trouble)
        self._told[file] = trouble

    def _command(self, file: Path) -> list[str]:
        return [
            str(self._paths.tools / "kubectl"), f"--kubeconfig={_admin(self._paths)}", "apply", "--server-side", "--force-conflicts",
            "--field-manager=deploy", f"--filename={file}",
        ]  # fmt: skip


def _admin(paths: Paths) -> Path:
    return paths.server / "cred/admin.kubeconfig"
