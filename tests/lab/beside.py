"""Another cluster's machine in the same lab: for a cluster in it, a machine that is there already."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.lab.cluster import Cluster

OPTIONS = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")


def deployed_beside(
    cluster: Cluster, name: str, address: str, number: int, *, more: dict[str, Any] | None = None, bridge: str = "vmbr0"
) -> Path:
    """The file of a cluster of one machine, NAME1, with a fixed address and a VM id; never bootstrapped. The router is .1."""
    folder = cluster.folder.resolve() / name
    folder.mkdir()
    for key in ("id_ed25519", "id_ed25519.pub"):
        shutil.copy(cluster.folder / key, folder / key)
    there = yaml.safe_load(cluster.file.read_text())
    router = f"{address.rpartition('.')[0]}.1"
    static = {"base": address, "offset": 0, "prefix": 24, "gateway": router}
    machine = {"name": "servers", "role": "server", "machines": [f"{name}1"], "memory": "4GiB", "disk": "40GiB", "vm_id_start": number}
    document = {key: there[key] for key in ("distribution", "proxmox", "image", "ssh")} | {
        "cluster": name,
        "network": {"server": [{"name": "ens18", "bridge": bridge, "static": static, "dns": [router]}]},
        "pools": [machine],
        "protect": False,
    }
    (folder / "cluster.yaml").write_text(json.dumps(document | (more or {}), indent=1))
    cluster.inside("runner", "deploy", "-f", str(folder / "cluster.yaml"), "--yes")
    return folder / "cluster.yaml"


def facts(file: Path) -> dict[str, Any]:
    """What lies beside a cluster file."""
    found: dict[str, Any] = json.loads(file.with_suffix(".facts.json").read_text())
    return found


def told(cluster: Cluster, address: str, script: str, *, check: bool = True) -> str:
    """What a root shell on a machine with that address prints, to the cluster's key."""
    key = str(cluster.folder / "id_ed25519")
    return cluster.inside("ssh", "-i", key, *OPTIONS, f"root@{address}", script, check=check).stdout.strip()
