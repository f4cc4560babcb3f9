"""First-boot files and images on datastores.

The API of Proxmox tells a snippet's size and never its content; that is read over SFTP, where somebody asked for it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from shlex import quote

from stardock.drift.finding import Finding
from stardock.drift.scene import Place, Scene
from stardock.estate.configs import Config
from stardock.estate.hardware import properties
from stardock.estate.machines import EstateMachine
from stardock.firstboot import Documents, documents
from stardock.model.file_names import DOCUMENTS, Document, image_file, snippet_file
from stardock.model.machine import Machine


def volumes(cluster: str, machine: Machine) -> dict[str, str]:
    """Document -> volume id of Stardock's own snippets."""
    return {kind: f"{machine.snippet_datastore}:snippets/{snippet_file(cluster, machine.name, kind)}" for kind in DOCUMENTS}


def image_volume(cluster: str, machine: Machine) -> str:
    """The volume id of the image that the machine was made from."""
    return f"{machine.image.datastore}:import/{image_file(cluster, machine.image.file_name)}"


def check(scene: Scene) -> Iterator[Finding]:
    """First-boot files of every machine that exists, then images."""
    for machine, seen, config in scene.existing():
        yield from _attached(scene, machine, seen, config)
        yield from _snippets(scene, machine)
    yield from _images(scene)


def _attached(scene: Scene, machine: Machine, seen: EstateMachine, config: Config) -> Iterator[Finding]:
    """What the VM names is what it was made with, and lies where it can start from it."""
    named = properties(config.get("cicustom"), "user")
    own = volumes(scene.plan.cluster, machine)
    imported = [] if machine.cicustom is None else [properties(machine.cicustom, "user")]
    if named not in [own, *imported]:
        cure = f"qm set {machine.vm_id} --cicustom {quote(_joined(own))}"
        yield Finding(
            kind="first-boot", subject=machine.name, field="cicustom", wanted=_joined(own), found=_joined(named), hidden=True, cure=cure
        )
    watched = set(own.values()) if seen.pve_node == machine.pve_node else set()  # by `_snippets`
    for volume in sorted(set(named.values()) - watched):
        listed = scene.snippets((seen.pve_node, volume.partition(":")[0]))
        if listed is not None and volume not in listed:
            yield _gone(machine.name, volume, seen.pve_node, "put it back: the VM does not start without it")


def _joined(named: Mapping[str, str]) -> str:
    return ",".join(f"{key}={named[key]}" for key in sorted(named)) or "none"


def _gone(subject: str, volume: str, node: str, cure: str) -> Finding:
    return Finding(kind="snippet", subject=subject, field=volume, wanted=f"on {node}", found="none", cure=cure)


def _snippets(scene: Scene, machine: Machine) -> Iterator[Finding]:
    """Stardock's own three, on the PVE node to which it wrote them."""
    written = documents(scene.plan.cluster, machine)
    for kind in DOCUMENTS:
        volume = volumes(scene.plan.cluster, machine)[kind]
        listed = scene.snippets((machine.pve_node, machine.snippet_datastore))
        if listed is None:
            continue
        if volume not in listed:
            yield _gone(machine.name, volume, machine.pve_node, "runner deploy")
            continue
        yield from _tampered(scene, machine, volume, _parts(written, kind), listed[volume])


def _parts(written: Documents, kind: Document) -> list[str]:
    """What lies before, between and behind password hashes, which nobody but the state knows."""
    return [text for text, variable in written.user_parts() if variable is None] if kind == "user" else [getattr(written, kind)]


def _tampered(scene: Scene, machine: Machine, volume: str, parts: list[str], size: int) -> Iterator[Finding]:
    """By content where it was read, else by size where a size can be known."""
    text = "".join(parts)
    content = scene.contents.get((machine.pve_node, volume))
    cure = f"runner deploy does not see it; on {machine.pve_node}: pvesm free {quote(volume)}, then runner deploy writes it anew"
    if content is not None and not _fits(parts, content):
        wanted, found = (f"sha256 {hashlib.sha256(data).hexdigest()[:16]}" for data in (text.encode(), content))
    elif content is None and len(parts) == 1 and size != len(text.encode()):
        wanted, found = f"{len(text.encode())} bytes", f"{size} bytes"
    else:
        return
    yield Finding(kind="snippet", subject=machine.name, field=volume, wanted=wanted, found=found, hidden=True, cure=cure)


def _fits(parts: list[str], content: bytes) -> bool:
    """Equal, apart from password hashes."""
    pattern = r"[^\n]*".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, content.decode(errors="replace")) is not None


def _images(scene: Scene) -> Iterator[Finding]:
    """Nobody needs an image but the next machine that is made from it."""
    wanted: dict[tuple[Place, str], list[str]] = {}
    for machine in scene.plan.machines:
        place = (machine.pve_node, machine.image.datastore)
        wanted.setdefault((place, image_volume(scene.plan.cluster, machine)), []).append(machine.name)
    for ((node, datastore), volume), names in wanted.items():
        listed = scene.sizes.get((node, datastore))
        if listed is not None and volume not in listed:
            cure = f"runner deploy fetches it again; {', '.join(names)} run without it"
            yield Finding(kind="image", subject=volume, field="image", wanted=f"on {node}", found="none", cure=cure)
