"""Is everything here that commands start?"""

from __future__ import annotations

from collections.abc import Iterator

from stardock.doctor.finding import Finding, among, ok, problem
from stardock.doctor.scene import Scene

#: What brings each of them.
CURES = {
    "engine": "install OpenTofu or Terraform, or: export TERRAFORM_BINARY_NAME=/path/to/tofu",
    "node": "make setup   # and build/venv/bin first in PATH",
    "ansible-playbook": "make setup   # and build/venv/bin first in PATH",
    "ssh": "apt install openssh-client",
    "sftp": "apt install openssh-client",
}


def tools(scene: Scene) -> Iterator[Finding]:
    """Tried, not only looked for."""
    for name, tried in scene.tools.items():
        if tried.trouble:
            yield problem("tools", name, tried.trouble, CURES.get(name, "make setup"))
    fine = [f"{name} {tried.what}" for name, tried in scene.tools.items() if not tried.trouble]
    if len(fine) == len(scene.tools):
        yield ok("tools", among(scene.tools), "; ".join(fine))
