"""Can PVE nodes fetch the images, and would they notice another content?"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from stardock.doctor.finding import Finding, among, ok, problem, warning
from stardock.doctor.scene import Scene

NAME = "images"


def images(scene: Scene) -> Iterator[Finding]:
    """By URL, asked by the PVE nodes that will download it; by file, looked at here."""
    up, fine = {node.name for node in scene.up()}, True
    for (node, url), answer in scene.asked.images.items():
        if answer.refused and node in up:
            fine = False
            yield problem(NAME, url, f"{node} does not get it: {answer.refused}", _cure(node, url, answer.refused))
    for file, tried in scene.local_images.items():
        if tried.trouble:
            fine = False
            yield problem(NAME, file, tried.trouble, "image.file in cluster.yaml, relative to it")
    for url in sorted({machine.image.url for machine in scene.missing() if machine.image.url and not machine.image.checksum}):
        fine = False
        yield warning(
            NAME, url, "has no checksum: whatever is downloaded is booted", "runner image pin   # or image.checksum in cluster.yaml"
        )
    if fine:
        yield ok(
            NAME, among(sorted({url for _, url in scene.asked.images} | set(scene.local_images))), "can be fetched; checksums are given"
        )


def _cure(node: str, url: str, refused: str) -> str:
    if refused.startswith("403") or "may not" in refused:
        return "runner proxmox-role"
    return (
        f"ssh root@{node} {quote(f'curl -sSIL {quote(url)}')}   # then image.url or image.mirror in cluster.yaml, or the way out of {node}"
    )
