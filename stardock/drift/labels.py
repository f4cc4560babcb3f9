"""Name, tags, description, pool, protection: what people see in Proxmox, and by which Stardock knows its own."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.drift.finding import Finding, Kind
from stardock.drift.scene import Scene
from stardock.estate.configs import Config
from stardock.estate.machines import EstateMachine
from stardock.model.labels import description, tags
from stardock.model.machine import Machine


def check(scene: Scene) -> Iterator[Finding]:
    """Every machine that exists."""
    for machine, seen, config in scene.existing():
        yield from _labels(scene.plan.cluster, machine, seen, config)


def _labels(cluster: str, machine: Machine, seen: EstateMachine, config: Config) -> Iterator[Finding]:
    pairs: tuple[tuple[Kind, str, str], ...] = (
        ("name", machine.hostname, str(config.get("name") or "")),  # the cluster's list is as old as pvestatd's last round
        ("tags", ", ".join(sorted(tags(cluster, machine))), ", ".join(sorted(seen.tags))),
        ("description", description(cluster, machine), str(config.get("description") or "").strip()),
        ("pool", machine.pve_pool or "", seen.pool),
        ("protection", "0", str(config.get("protection") or 0)),
    )
    for kind, wanted, found in pairs:
        if wanted != found:
            shown = {"wanted": wanted or "none", "found": found or "none"}
            hidden = kind == "pool" and not wanted  # the provider takes no VM out of a pool
            yield Finding(kind=kind, subject=machine.name, field=kind, **shown, hidden=hidden, cure=_cure(kind, machine))


def _cure(kind: Kind, machine: Machine) -> str:
    if kind == "pool" and not machine.pve_pool:
        return f"write `pve_pool:` on {machine.name}, or take the VM out of the pool in Proxmox"
    if kind == "tags":
        return "runner deploy; without `stardock` and the cluster's name a lost state is not healed"
    return "runner deploy"
