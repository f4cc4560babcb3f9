"""Whether a machine exists, where, and whether it runs."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.drift.finding import Finding
from stardock.drift.scene import Scene
from stardock.estate.answers import shown
from stardock.estate.configs import Config
from stardock.estate.machines import EstateMachine
from stardock.estate.power import Power
from stardock.model.machine import SEED, Machine


def check(scene: Scene) -> Iterator[Finding]:
    """Every planned machine."""
    for machine in scene.plan.machines:
        seen = scene.machines.get(machine.vm_id)
        if seen is None:
            yield _missing(machine)
            continue
        yield from _place(machine, seen)
        yield from _power(machine, scene.powers.get(machine.vm_id))
        yield from _lock(machine, scene.configs.get(machine.vm_id, {}))


def _missing(machine: Machine) -> Finding:
    return Finding(
        kind="missing",
        subject=machine.name,
        field="VM",
        wanted=f"VM {machine.vm_id} on {machine.pve_node}",
        found="no such VM, or none that this token may see (VM.Audit)",
        cure=f"`{_anew(machine)}` makes it anew, with an empty disk: look for a backup first",
    )


def _anew(machine: Machine) -> str:
    """What makes it: a new VM gets its cloud-init drive where new ones have it only when it is named."""
    return "runner deploy" if machine.seed_interface == SEED else f"runner deploy --replace {machine.name}"


def _place(machine: Machine, seen: EstateMachine) -> Iterator[Finding]:
    if seen.pve_node not in {machine.pve_node, *(machine.ha.nodes if machine.ha else ())}:  # PVE HA may move it among its own
        cure = f"migrate it back; or write `pve_node: {seen.pve_node}` on {machine.name}, then `runner lock accept {machine.name}`"
        where = {"wanted": machine.pve_node, "found": seen.pve_node}
        yield Finding(kind="moved", subject=machine.name, field="PVE node", **where, hidden=True, cure=cure)


def _power(machine: Machine, power: Power | None) -> Iterator[Finding]:
    """As its PVE node says. The engine takes a VM that QEMU does not run (paused, an error of its disk) for one that runs."""
    if power is None or (power.running and power.state == "running"):
        return
    if not power.running:
        cure = "runner deploy starts it"
        yield Finding(kind="stopped", subject=machine.name, field="power", wanted="running", found="stopped", cure=cure)
    elif not power.lock:
        found = {"wanted": "running", "found": shown(power.state)}
        yield Finding(kind="stopped", subject=machine.name, field="power", **found, hidden=True, cure=f"qm resume {machine.vm_id}")


def _lock(machine: Machine, config: Config) -> Iterator[Finding]:
    lock = str(config.get("lock") or "")
    if lock:
        cure = f"wait for the task that holds it; when none runs: qm unlock {machine.vm_id}"
        yield Finding(kind="locked", subject=machine.name, field="lock", wanted="none", found=lock, hidden=True, cure=cure)
