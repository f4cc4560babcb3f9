"""Can Proxmox be asked at all?"""

from __future__ import annotations

from collections.abc import Iterator

from stardock.doctor.finding import Finding, ok, problem, warning
from stardock.doctor.scene import Scene

NAME = "connection"


def connection(scene: Scene) -> Iterator[Finding]:
    """Endpoint, certificate, token."""
    endpoint = scene.plan.proxmox.endpoint or "Proxmox"
    if scene.silent:
        cause, cure = scene.silent
        yield problem(NAME, endpoint, f"{cause}; nothing else of Proxmox was looked at", cure)
    elif scene.plan.proxmox.insecure:
        cure = "take `proxmox.insecure` out, and: export SSL_CERT_FILE=pve-root-ca.pem (a copy of /etc/pve/pve-root-ca.pem of any PVE node)"
        yield warning(NAME, endpoint, "its certificate is not verified: whoever is in between gets the token", cure)
    else:
        yield ok(NAME, endpoint, f"answers, is trusted, and accepts the token of {scene.user}")
