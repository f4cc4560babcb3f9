"""The manifests folder of a server: what lies there is applied, and what RKE2 puts there itself.

Facts of k3s: pkg/deploy/controller.go (each *.yaml, *.yml, *.json is applied when its content has changed; NAME.skip keeps it from that; a
file that is taken away deletes nothing); `disable` keeps a packaged one out. Charts of RKE2 are plain manifests here.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from importlib.resources import files
from ipaddress import ip_network
from pathlib import Path
from string import Template

from .apiserver import DOMAIN
from .config import Config
from .journal import log
from .kubelet_settings import cluster_cidr, cluster_dns
from .paths import Paths, write
from .programs import environment

PAUSE_SECONDS = 1.0
SECONDS = 60.0
KINDS = {".yaml", ".yml", ".json"}
NETWORKS = {"canal", "flannel"}  # those that can run here: both are flannel


def write_packaged(paths: Paths, config: Config, network: str) -> None:
    """Write what RKE2 brings: the CNI, and CoreDNS unless it is disabled."""
    values = {
        "lab": str(paths.tools.parent), "tools": str(paths.tools), "network": json.dumps(_network(config)),
        "cluster_dns": cluster_dns(config), "cluster_domain": config.text("cluster-domain", DOMAIN),
    }  # fmt: skip
    wanted = {"rke2-canal": network in NETWORKS, "rke2-coredns": "rke2-coredns" not in config.items("disable")}
    for name in (name for name, yes in wanted.items() if yes):
        text = files(__package__).joinpath(f"manifests/{name}.yaml").read_text()
        write(paths.server / f"manifests/{name}.yaml", Template(text).substitute(values))


def _network(config: Config) -> dict[str, object]:
    """The net-conf.json of flannel (flannel-io/flannel, Documentation/configuration.md): one network of each IP version."""
    networks = {ip_network(text).version: text for text in cluster_cidr(config).split(",")}
    four, six = networks.get(4), networks.get(6)
    return {
        "EnableIPv4": four is not None, "EnableIPv6": six is not None, "EnableNFTables": True, "Backend": {"Type": "vxlan"},
        **({"Network": four} if four else {}), **({"IPv6Network": six} if six else {}),
    }  # fmt: skip


class Deployer:
    """Looks at the folder again and again until `ending`."""

    def __init__(self, paths: Paths, ending: threading.Event) -> None:
        self._paths = paths
        self._ending = ending
        self._applied: dict[Path, str] = {}

    def start(self) -> None:
        """Begin, once the API answers."""
        threading.Thread(target=self._run, name="deploy", daemon=True).start()

    def _run(self) -> None:
        while not self._ending.wait(PAUSE_SECONDS):
            for file in sorted((self._paths.server / "manifests").rglob("*")):
                if file.suffix in KINDS and file.is_file() and not file.with_name(f"{file.name}.skip").exists():
                    self._look(file)

    def _look(self, file: Path) -> None:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if self._applied.get(file) == digest:
            return
        done = subprocess.run(
            self._command(file), capture_output=True, text=True, check=False, timeout=SECONDS, env=environment(self._paths)
        )
        if done.returncode:
            log("error", f"Failed to process config: failed to process {file}: {done.stderr.strip()}")
        else:
            log("info", f"Applied manifest at {str(file)!r}")
            self._applied[file] = digest

    def _command(self, file: Path) -> list[str]:
        tls = self._paths.tls
        return [
            str(self._paths.tools / "kubectl"), "--server=https://127.0.0.1:6443", f"--certificate-authority={tls}/server-ca.crt",
            f"--client-certificate={tls}/client-admin.crt", f"--client-key={tls}/client-admin.key", "apply", "--server-side",
            "--force-conflicts", "--field-manager=deploy", f"--filename={file}",
        ]  # fmt: skip
