"""Gathers what the checks judge: asks Proxmox, tries PVE nodes and addresses, looks for tools; writes nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from stardock.doctor import reach
from stardock.doctor.checks.addresses import VIP, static
from stardock.doctor.scene import Heard, Scene, Tried
from stardock.doctor.tools import found_tools
from stardock.errors import ConditionError
from stardock.estate.connection import Estate, resolved
from stardock.estate.ssh import Door, door
from stardock.estate.survey import survey
from stardock.estate.token import api_token
from stardock.model.facts import sshd_of
from stardock.model.plan import Plan
from stardock.model.settings import PveNode
from stardock.workspace.files import named_file, pve_key
from stardock.workspace.workspace import Workspace

#: Variables whose values the checks may see; the token is none of them.
SEEN = ("PROXMOX_VE_ENDPOINT", "PROXMOX_VE_SSH_USERNAME")
#: What nearly every host answers on.
SSH_PORT = 22
#: Seconds for one answer of Proxmox.
ANSWER_SECONDS = 10.0


def look(where: Workspace, environ: Mapping[str, str]) -> Scene:
    """Gather everything; what cannot be had is a part of the scene, too."""
    with ThreadPoolExecutor(2) as aside:
        tools = aside.submit(found_tools, environ)
        answering = aside.submit(reach.answering, dict.fromkeys(_reached(where.plan), SSH_PORT))
        scene = _asked(where, environ)
        folder = where.files.spec.resolve().parent
        scene = replace(scene, jumps=_jumps(where, folder), hosts=reach.sshds(_hosts(where.plan)))
        if scene.survey:
            scene = _tried(scene, folder, environ)
        environment = {name: environ[name] for name in SEEN if environ.get(name)}
        heard = {**answering.result(), **not_asked(where.plan)}
        here = replace(scene, tools=tools.result(), answering=heard, environment=environment)
        return replace(here, local_images=_local_images(where, folder))


def _reached(plan: Plan) -> Iterator[str]:
    """The planned addresses that can be asked from here."""
    return (address for address in static(plan) if address not in not_asked(plan))


def not_asked(plan: Plan) -> dict[str, Heard]:
    """Planned addresses behind a jump host, the VIP of such machines among them: from here another network has them, or nobody."""
    jumps = dict(plan.ssh.jumps)
    behind = [jumps[machine.name] for machine in plan.carriers if machine.name in jumps]
    of_vip = {VIP: behind[0]} if behind else {}
    found = {address: {**jumps, **of_vip}.get(whose) for address, whose in static(plan).items()}
    return {address: Heard(f"it is behind the jump host {jump}", sure=False, asked=False) for address, jump in found.items() if jump}


def _jumps(where: Workspace, folder: Path) -> dict[str, Tried]:
    """Each jump host, tried with a machine behind it whose address is known."""
    plan, ssh = where.plan, where.plan.ssh
    if not ssh.jumps:
        return {}
    key = named_file(folder, ssh.private_key) if ssh.private_key else None
    known = {name: sshd_of(plan, plan.member(name), where.facts) for name in ssh.jumps}
    return reach.jumps({jump: _target(known[name].address or name, known[name].port) for name, jump in ssh.jumps.items()}, key)


def _hosts(plan: Plan) -> dict[str, tuple[str, int]]:
    """Where the sshd is of those that exist already and are reached directly."""
    direct = (host for host in plan.hosts if host.name not in plan.ssh.jumps)
    return {host.name: (host.reached_at, host.ssh_port or plan.ssh.port) for host in direct}


def _target(address: str, port: int) -> str:
    """HOST:PORT, as ssh's -W takes it: an IPv6 address in brackets (ssh(1))."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _asked(where: Workspace, environ: Mapping[str, str]) -> Scene:
    scene = Scene(plan=where.plan)
    try:
        scene = replace(scene, plan=replace(where.plan, proxmox=resolved(where.plan.proxmox, environ)))
        token = api_token(environ, where.plan.cluster)
        scene = replace(scene, user=token.user, token=token.name)
        estate = Estate.from_environment(where.plan.proxmox, environ, seconds=ANSWER_SECONDS)
        return replace(scene, survey=survey(estate, where.plan, time.time))
    except ConditionError as error:
        return replace(scene, silent=(error.message, error.cure or ""))


def _tried(scene: Scene, folder: Path, environ: Mapping[str, str]) -> Scene:
    doors = {node.name: _door(scene, node, folder) for node in scene.up()} if not scene.plan.proxmox.socks5 else {}
    return replace(scene, ssh=reach.ssh(doors, environ, _snippets(scene)))


def _snippets(scene: Scene) -> dict[str, str]:
    """The folder of snippets by PVE node, where Proxmox tells it as a path that may be in a command of sftp."""
    paths = {store: str((answer.value or {}).get("path") or "") for store, answer in scene.asked.storages.items()}
    stores = {machine.pve_node: machine.snippet_datastore for machine in scene.plan.machines}
    return {
        node: f"{paths[store]}/snippets" for node, store in stores.items() if re.fullmatch(r"/[A-Za-z0-9._/-]{1,300}", paths.get(store, ""))
    }


def _door(scene: Scene, node: PveNode, folder: Path) -> Door:
    proxmox = scene.plan.proxmox
    return door(proxmox, node, scene.asked.networks[node.name].value or (), pve_key(folder, proxmox, node))


def _local_images(where: Workspace, folder: Path) -> dict[str, Tried]:
    files = {machine.image.file for machine in where.plan.machines if machine.image.file}
    return {file: Tried(file, "" if named_file(folder, file).is_file() else "there is no such file") for file in sorted(files)}
