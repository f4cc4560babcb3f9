"""PVE nodes: are they there, on, of one mind, of a version that we know, and of one time?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stardock.doctor.finding import Finding, among, ok, problem, warning
from stardock.doctor.scene import Scene
from stardock.nearest import nearest

#: VM.GuestAgent.* and the role that names them exist from here on; nothing older was tried.
OLDEST = (9, 0)
#: Seconds. TLS certificates and etcd leases begin to suffer long before a minute; whole seconds are all that PVE tells.
SLOPPY_SECONDS, WRONG_SECONDS = 3.0, 30.0


def nodes(scene: Scene) -> Iterator[Finding]:
    """Names as Proxmox has them, and state."""
    known = {str(item["node"]): item.get("status") for item in scene.asked.listed("node")}
    if scene.asked.resources.refused:
        yield warning(
            "nodes", scene.plan.proxmox.endpoint or "", f"PVE nodes are not listed: {scene.asked.resources.refused}", "runner proxmox-role"
        )
        return
    carrying = {node.name for node in scene.used()}
    wrong = [node.name for node in scene.plan.proxmox.nodes if known.get(node.name) != "online"]
    for name in wrong:
        judge = problem if name in carrying else warning
        if name in known:
            yield judge("nodes", name, f"is {known[name]}", f"start it, or see why it left the cluster: ssh root@{name} pvecm status")
        else:
            near = nearest(name, known)
            meant = f"write {near} under proxmox.nodes" if near else f"write one of {among(sorted(known))} under proxmox.nodes"
            yield judge("nodes", name, "Proxmox has no node of that name", f"{meant}; the names: pvesh get /nodes")
    if not wrong:
        yield ok("nodes", among(node.name for node in scene.plan.proxmox.nodes), "online")


def quorum(scene: Scene) -> Iterator[Finding]:
    """Without it, /etc/pve is read-only: no VM is made or changed."""
    answer = scene.asked.status
    cluster = next((item for item in answer.value or () if item.get("type") == "cluster"), None)
    if answer.refused:
        yield warning("quorum", "/cluster/status", f"cannot be looked at: {answer.refused}", "runner proxmox-role")
    elif cluster and not cluster.get("quorate"):
        cure = "bring PVE nodes back until most are on: pvecm status"
        yield problem("quorum", str(cluster.get("name")), "the Proxmox cluster has no quorum, so nothing can be made or changed", cure)
    else:
        yield ok("quorum", str(cluster.get("name")) if cluster else "one node", "Proxmox takes changes")


def versions(scene: Scene) -> Iterator[Finding]:
    """Old ones lack privileges and content types that we use; during an upgrade they differ."""
    told = {node.name: str(scene.asked.versions[node.name].value or "") for node in scene.up()}
    old = [name for name, text in told.items() if text and _numbers(text) < OLDEST]
    for name in old:
        yield problem(
            "version",
            name,
            f"Proxmox VE {told[name]}; its privileges for guest agents come with {'.'.join(map(str, OLDEST))}, and nothing older was tried",
            f"ssh root@{name} pve8to9 --full   # then upgrade it as the Proxmox wiki says",
        )
    different = sorted({".".join(map(str, _numbers(text)[:2])) for text in told.values() if text})
    if len(different) > 1 and not old:
        yield warning("version", among(told), f"PVE nodes run {', '.join(different)}", "apt update && apt full-upgrade   # on those behind")
    elif not old:
        yield ok("version", among(told), f"Proxmox VE {scene.asked.version}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def clocks(scene: Scene) -> Iterator[Finding]:
    """Against this machine's; what the network takes is not counted."""
    fine = True
    for node in scene.up():
        answer = scene.asked.clocks[node.name]
        if answer.refused:
            fine = False
            yield warning("clock", node.name, f"cannot be looked at: {answer.refused}", "runner proxmox-role")
            continue
        off = _skew(*answer.value)
        if abs(off) >= SLOPPY_SECONDS:
            fine = False
            words = f"is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} this machine's"
            cure = f"ssh root@{node.name} 'systemctl restart chrony && chronyc -a makestep'   # or set this machine's: timedatectl"
            yield (problem if abs(off) >= WRONG_SECONDS else warning)("clock", node.name, words, cure)
    if fine:
        yield ok("clock", among(node.name for node in scene.up()), f"within {SLOPPY_SECONDS:.0f} s of this machine's")


def _skew(there: float, before: float, after: float) -> float:
    """Seconds that a clock is ahead at least: it told whole seconds, at some moment between the question and the answer."""
    if there > after:
        return there - after
    return min(there + 1 - before, 0.0)
