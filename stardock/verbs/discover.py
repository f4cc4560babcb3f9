"""`runner discover`: reads addresses and SSH host keys of the machines through Proxmox into the facts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stardock.estate.connection import Estate
from stardock.estate.renewed import learned
from stardock.estate.sightings import Sightings, asked, complain
from stardock.estate.watch import ANSWER_SECONDS, patience, watch
from stardock.model.facts import Facts
from stardock.model.settings import Proxmox
from stardock.step import Say, Step
from stardock.workspace.facts import save_facts, save_known_hosts
from stardock.workspace.run_lock import only_run
from stardock.workspace.state import ExistingVms
from stardock.workspace.workspace import Workspace, existing_names, open_workspace


def steps(cluster_file: Path, timeout: float | None, say: Say) -> tuple[Step, ...]:
    """The one step of the command; `timeout` in seconds, None: the systems' own."""
    where = open_workspace(cluster_file)
    proxmox = where.plan.proxmox
    seconds = patience(where.plan) if timeout is None else timeout

    def read_facts() -> None:
        Estate.from_environment(proxmox).check()
        with only_run(where.files.run_lock, say):
            discover(open_workspace(cluster_file), patient(proxmox), say, seconds)  # again: a run that just ended may have changed facts

    what = f"ask every machine through {proxmox.endpoint or 'PROXMOX_VE_ENDPOINT'}, waiting up to {seconds:g} s"
    return (Step("discover", what, read_facts),)


def patient(proxmox: Proxmox) -> Estate:
    """Proxmox, with time for its own wait for a guest agent."""
    return Estate.from_environment(proxmox, seconds=ANSWER_SECONDS)


def discover(where: Workspace, estate: Estate, say: Say, seconds: float, existing: Callable[[], ExistingVms] | None = None) -> Facts:
    """Read every machine's facts and save them; waits at most that long, and not for what waiting cannot bring.

    `existing` asks the engine what exists, for `learned`. What was seen is saved in any case.

    Raises ConditionError that lists the machines without an address or a host key, and why.
    """
    sightings = Sightings(missing=asked(where.plan, say))
    try:
        watch(estate, where.plan, sightings, say, seconds)
    finally:
        fresh, lines = learned(where.plan, where.facts, sightings, existing_names(where, existing))
        save_facts(where.files.facts, fresh)
        save_known_hosts(where.files.known_hosts, where.plan, fresh)
        for line in lines:
            say(line)
    complain(sightings, seconds)
    return fresh
