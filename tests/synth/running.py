"""Synthesizes: by main.py as cdktf does, a process of its own in an environment without secrets; or by its steps, in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import main
from lab.patience import patient
from stardock.workspace.workspace import commit_lock, open_workspace

ROOT = Path(__file__).parents[2]
KEPT = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


def run_main(cluster_file: Path, *, checkout: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Synthesize beside the cluster file, in `cdktf.out`; STARDOCK_FILE is given as a user would give it."""
    folder = cluster_file.parent
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    # A checkout's own constructs/ must win over the installed project's.
    kept |= {"STARDOCK_FILE": cluster_file.name, "STARDOCK_LOCK": "write", "PYTHONPATH": str(checkout / "constructs")}
    command = [sys.executable, "-O", str(checkout / "main.py")]
    return subprocess.run(command, cwd=folder, env=kept | environment, capture_output=True, text=True, check=False, timeout=patient(120))


def write_cluster(folder: Path, data: dict[str, Any]) -> Path:
    """Write a cluster.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "cluster.yaml"
    with path.open("w", encoding="utf-8") as stream:
        YAML().dump(data, stream)
    return path


@dataclass(frozen=True)
class Synthesized:
    """What one run made."""

    path: Path
    text: str

    @property
    def json(self) -> Any:
        """The JSON."""
        return json.loads(self.text)

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of a type, by name."""
        found: dict[str, dict[str, Any]] = self.json["resource"][kind]
        return found

    @property
    def machines(self) -> dict[str, dict[str, Any]]:
        """The VMs, by name."""
        return self.resources("proxmox_virtual_environment_vm")

    @property
    def snippets(self) -> dict[str, dict[str, Any]]:
        """The snippets, by name."""
        return self.resources("proxmox_virtual_environment_file")

    @property
    def images(self) -> dict[str, dict[str, Any]]:
        """The images, by name."""
        return self.resources("proxmox_download_file")


def synthesize(cluster_file: Path) -> Synthesized:
    """The steps of main.py, in this process: bindings are imported and Node is started once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STARDOCK_LOCK", "write")
        workspace = open_workspace(cluster_file)
        commit_lock(workspace)
        main.synthesize(workspace, cluster_file.parent / main.OUTDIR)
    return _synthesized(cluster_file)


def synthesize_by_command(cluster_file: Path, *, checkout: Path = ROOT, **environment: str) -> Synthesized:
    """Run main.py and read what it wrote; fails with its words."""
    done = run_main(cluster_file, checkout=checkout, **environment)
    assert done.returncode == 0, done.stderr
    return _synthesized(cluster_file)


def _synthesized(cluster_file: Path) -> Synthesized:
    (path,) = (cluster_file.parent / main.OUTDIR / "stacks").glob("*/cdk.tf.json")
    return Synthesized(path, path.read_text(encoding="utf-8"))
