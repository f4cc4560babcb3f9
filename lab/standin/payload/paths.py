"""Where things lie: the real program's places, below a root that tests may move."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .flavor import OURS
from .release import VERSION


@dataclass(frozen=True, slots=True)
class Paths:
    """All places of one machine. `root` is / unless STANDIN_ROOT says otherwise."""

    root: Path
    tools: Path
    data: Path

    @classmethod
    def from_environment(cls, data: str = OURS.data) -> Paths:
        """Read STANDIN_ROOT and STANDIN_TOOLS (the folder of etcd, kube-apiserver, kubectl)."""
        root = Path(os.environ.get("STANDIN_ROOT", "/"))
        tools = Path(os.environ.get("STANDIN_TOOLS", "/opt/stardock-lab/bin"))
        return cls(root, tools, root / data.lstrip("/"))

    @property
    def images(self) -> Path:
        """The lab's tarballs of images: what a registry of the internet would have."""
        return self.tools.parent / "images"

    @property
    def version(self) -> str:
        """The release that this machine runs."""
        return VERSION

    @property
    def config(self) -> Path:
        """The folder of config.yaml and config.yaml.d."""
        return self.root / f"etc/rancher/{OURS.name}"

    @property
    def password(self) -> Path:
        """This machine's node password, which its Node's name is bound to."""
        return self.root / "etc/rancher/node/password"

    @property
    def server(self) -> Path:
        """What a server keeps: tokens, tls, db."""
        return self.data / "server"

    @property
    def tls(self) -> Path:
        """Authorities and certificates of a server."""
        return self.server / "tls"

    @property
    def etcd(self) -> Path:
        """The data of etcd, and the file `name` with this member's name."""
        return self.server / "db/etcd"

    @property
    def agent(self) -> Path:
        """What every machine keeps for its node: the kubelet's certificate, the list of servers, logs."""
        return self.data / "agent"

    @property
    def pods(self) -> Path:
        """The output of containers, static pods' included."""
        return self.root / "var/log/pods"

    @property
    def cni(self) -> Path:
        """Where the container runtime looks for the configuration of the distribution's own CNI."""
        folder = OURS.cni_folder
        return self.root / folder.lstrip("/") if folder.startswith("/") else self.data / folder

    @property
    def foreign_cni(self) -> Path:
        """Where it looks for another one's."""
        return self.root / "etc/cni/net.d"

    @property
    def programs(self) -> Path:
        """The distribution's own folder of programs."""
        return self.data / OURS.programs

    @property
    def logs(self) -> Path:
        """The kubelet's log."""
        return self.agent / "logs"

    def prepare(self) -> None:
        """Make the folders that are made first, in their modes (rke2, pkg/cli/defaults); one that is there keeps its own."""
        own = ((self.logs, 0o750),) if OURS.static_pods else ()
        for folder, mode in ((self.data, 0o755), (self.agent, 0o750), *own):
            if not folder.is_dir():
                folder.mkdir(parents=True)
                folder.chmod(mode)

    def has_etcd_data(self) -> bool:
        """Whether etcd ever ran here: the test that makes `server:` void (k3s looks for the same folder)."""
        return (self.etcd / "member/wal").is_dir()


def write(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a file at once: readers see the old content or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    fresh.chmod(mode)  # the umask may have taken bits away
    fresh.replace(path)
