"""The content of snippets, over SFTP: the API of Proxmox has no way to it. The same account and key as the engine's upload; only reads."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from stardock.drift.files import volumes
from stardock.drift.scene import Scene
from stardock.estate.connection import Estate
from stardock.estate.questions import WORKERS, Question, ask
from stardock.estate.sftp import session
from stardock.estate.shapes import interfaces, row
from stardock.estate.ssh import Door, door
from stardock.model.settings import Proxmox
from stardock.workspace.files import pve_key

#: Seconds for all snippets of a PVE node, and PVE nodes at once.
SECONDS, NODES = 60.0, 8
#: What may be in a command of sftp: Proxmox names the folder and the file, and a line of its own could run a program here.
_PATH = re.compile(r"/[A-Za-z0-9._/+=@-]{1,400}")


@dataclass(frozen=True, slots=True)
class _Read:
    """What one PVE node gave, by volume id; `refused` says why not."""

    found: Mapping[str, bytes]
    refused: str = ""


def with_contents(estate: Estate, scene: Scene, beside: Path, environ: Mapping[str, str]) -> Scene:
    """Read Stardock's own snippets; files that cluster.yaml names are found in `beside`. What cannot be read is told."""
    folders, doors = _folders(estate, scene), _doors(estate, scene.plan.proxmox, beside)
    wanted: dict[str, dict[str, str]] = {}
    for machine in scene.plan.machines:
        for volume in volumes(scene.plan.cluster, machine).values():
            folder = folders.get(machine.snippet_datastore)
            if folder and volume in scene.sizes.get((machine.pve_node, machine.snippet_datastore), {}):
                wanted.setdefault(machine.pve_node, {})[volume] = f"{folder}/snippets/{volume.rpartition('/')[2]}"
    with ThreadPoolExecutor(NODES) as pool:
        read = dict(zip(wanted, pool.map(lambda node: _fetch(doors[node], wanted[node], environ), wanted), strict=True))
    contents = {(node, volume): content for node, one in read.items() for volume, content in one.found.items()}
    refused = {f"snippets on {node}": one.refused for node, one in read.items() if one.refused}
    return replace(scene, contents=contents, unread={**scene.unread, **refused})


def _doors(estate: Estate, proxmox: Proxmox, beside: Path) -> dict[str, Door]:
    with ThreadPoolExecutor(WORKERS) as pool:
        told = ask(estate, pool, {node.name: _network(node.name) for node in proxmox.nodes if node.address is None})
    seen = {name: answer.value or () for name, answer in told.items()}
    return {node.name: door(proxmox, node, seen.get(node.name, ()), pve_key(beside, proxmox, node)) for node in proxmox.nodes}


def _network(node: str) -> Question:
    return lambda api: interfaces(api.nodes(node).network.get())


def _folders(estate: Estate, scene: Scene) -> dict[str, str]:
    """Where PVE nodes mount the datastores of snippets; a datastore without a path has none."""
    stores = sorted({machine.snippet_datastore for machine in scene.plan.machines})
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = ask(estate, pool, {store: _storage(store) for store in stores})
    return {store: str(answer.value["path"]) for store, answer in answers.items() if answer.value and answer.value.get("path")}


def _storage(name: str) -> Question:
    return lambda api: row(api.storage(name).get())


def _fetch(where: Door, paths: Mapping[str, str], environ: Mapping[str, str]) -> _Read:
    """One login, all files of that PVE node, into a folder that is gone afterwards: a snippet may hold a password hash."""
    if any(not _PATH.fullmatch(path) for path in paths.values()):
        return _Read({}, "Proxmox tells a path of them that is none")
    with tempfile.TemporaryDirectory(prefix="stardock-") as folder:
        targets = {volume: Path(folder) / str(number) for number, volume in enumerate(paths)}
        batch = "".join(f'-get "{paths[volume]}" "{target}"\n' for volume, target in targets.items())
        done = session(where, environ, batch, SECONDS)
        if done.ended:
            return _Read({}, done.ended)
        found = {volume: target.read_bytes() for volume, target in targets.items() if target.is_file()}
        missing = len(paths) - len(found)
        return _Read(found, f"{missing} of {len(paths)}: {done.said or 'no reason was given'}" if missing else "")
