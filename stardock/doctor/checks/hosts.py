"""Hosts that exist already: does an sshd answer there? Nobody logs in, and Proxmox is not asked."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from stardock.doctor.finding import Finding, among, ok, warning
from stardock.doctor.scene import Scene


def hosts(scene: Scene) -> Iterator[Finding]:
    """A deploy needs none of them, a bootstrap does."""
    for host in (host for host in scene.plan.hosts if host.name in scene.hosts):
        tried = scene.hosts[host.name]
        if tried.trouble:
            port = host.ssh_port or scene.plan.ssh.port
            place = quote(f"{host.ssh_user or scene.plan.ssh.user}@{host.reached_at}")
            cure = f"`address` and `ssh_port` in cluster.yaml; by hand: ssh -v -p {port} {place}"
            yield warning("hosts", host.name, f"{tried.what}: {tried.trouble}", cure)
    well = [name for name, tried in scene.hosts.items() if not tried.trouble]
    if well:
        yield ok("hosts", among(well), "an sshd answers; bootstrap looks at the rest")
    behind = {host.name: jump for host in scene.plan.hosts if (jump := scene.plan.ssh.jumps.get(host.name))}
    if behind:
        jump = next(iter(behind.values()))
        yield warning("hosts", among(behind), f"not checked: behind the jump host {jump}", f"ssh -v -J {quote(jump.place)} HOST")
