"""What a machine sees below the lab's folder: where a real one would reach a registry."""

from __future__ import annotations

from pathlib import Path

from lab.cache import NODE_PROGRAMS, PROGRAMS, built
from lab.machines.image import programs_of
from lab.standin.images import tarballs

HERE = Path(__file__).parent
IPTABLES = tuple(f"{family}{what}" for family in ("iptables", "ip6tables") for what in ("", "-save", "-restore"))


def machine_files(root: Path, *, real_nodes: bool) -> dict[str, Path]:
    """Path there -> file here. A machine that finds a kubelet is a node for real; `root` is the image that it boots from."""
    files = built(PROGRAMS)
    if real_nodes:
        programs = programs_of(root)
        images = {f"images/{name}": file for name, file in tarballs(programs / "bin/busybox").items()}
        iptables = {f"bin/{name}": HERE / "iptables" for name in IPTABLES}
        own = {"bin/runc": programs / "usr/sbin/runc", "bin/flannel": HERE / "flannel-cni", "usr": programs / "usr"}
        files |= {**built(NODE_PROGRAMS), **images, **iptables, **own}
    return files
