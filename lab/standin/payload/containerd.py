"""containerd: its configuration where RKE2 puts it, and the images that it has before anybody asks for them.

Facts of k3s: pkg/agent/templates (config.toml), pkg/agent/containerd (images of agent/images are imported at each start). What differs
serves the lab: `native` copies instead of mounting an overlay on an overlay, a container's oom_score_adj may not be lowered, there is no
session keyring, and no image is looked for on the internet that the lab's own folder has.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from . import networks, registries
from .config import Config
from .journal import log
from .paths import Paths, write
from .programs import environment
from .release_images import PAUSE

SOCKET = "/run/k3s/containerd/containerd.sock"
SNAPSHOTTER = "native"
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst")
UNUSED = (
    "io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
)  # fmt: skip
ANSWER_SECONDS, IMPORT_SECONDS = 10.0, 300.0
SETTINGS = """\
version = 3
root = "{root}"
state = "/run/k3s/containerd"
disabled_plugins = [{unused}]

[grpc]
  address = "{socket}"

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "{snapshotter}"

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "{pause}"

[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = "{hosts}"

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["{plugins}"]
  conf_dir = "{cni}"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = "{runc}"
  NoNewKeyring = true
"""


def configure(paths: Paths, config: Config) -> None:
    """Write config.toml, and the folder of registries that it names. Raises FatalError."""
    programs, networks_folder = networks.places(paths, config)
    known, folder = registries.read(paths, config), paths.agent / "etc/containerd/certs.d"
    registries.configure(folder, known, no_default=config.flag("disable-default-registry-endpoint"))
    content = SETTINGS.format(
        root=paths.agent / "containerd", socket=SOCKET, snapshotter=SNAPSHOTTER, pause=PAUSE, runc=paths.tools / "runc",
        hosts=folder, unused=", ".join(f'"{name}"' for name in UNUSED),
        plugins=programs, cni=networks_folder,
    )  # fmt: skip
    write(_settings(paths), content + registries.logins(known))


def command(paths: Paths) -> list[str]:
    """Its command line."""
    return [str(paths.tools / "containerd"), "--config", str(_settings(paths))]


def answers(paths: Paths) -> bool:
    """Whether it serves its socket."""
    try:
        return Path(SOCKET).is_socket() and _ctr(paths, "version", seconds=ANSWER_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def load_images(paths: Paths) -> None:
    """Import the tarballs of agent/images, and those of the lab, which stand for the registries of the internet."""
    folders = (paths.agent / "images", paths.images)
    for file in (file for folder in folders for file in sorted(folder.glob("*")) if file.name.endswith(ARCHIVES)):
        trouble = _imported(paths, file)
        log("error", f"Failed to import {file}: {trouble}") if trouble else log("info", f"Imported images from {file}")


def _imported(paths: Paths, file: Path) -> str:
    """Why a tarball could not be imported; nothing when it was."""
    try:
        done = _ctr(paths, "images", "import", "--local", "--snapshotter", SNAPSHOTTER, str(file))
    except subprocess.TimeoutExpired as error:
        return str(error)
    return done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}" if done.returncode else ""


def _ctr(paths: Paths, *words: str, seconds: float = IMPORT_SECONDS) -> subprocess.CompletedProcess[bytes]:
    command = [str(paths.tools / "ctr"), "--address", SOCKET, "--namespace", "k8s.io", *words]
    return subprocess.run(command, capture_output=True, check=False, timeout=seconds, env=environment(paths))


def _settings(paths: Paths) -> Path:
    return paths.agent / "etc/containerd/config.toml"
