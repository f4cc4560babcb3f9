"""What `runner deploy` says: names that nobody has, and what the engine's plan changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stardock.errors import RefusedError
from stardock.plan.model import Machine
from stardock.stages.gate import MachineChange
from stardock.stages.saved_plan import SavedPlan


def check_names(names: Iterable[str], machines: Sequence[str]) -> None:
    """Refuse a name that no machine has: RefusedError with all names. No near one is suggested: it would be destroyed and made anew."""
    for name in sorted(set(names) - set(machines)):
        raise RefusedError(f"--replace {name}: no machine has this name", cure=f"the machines are: {', '.join(machines)}")


def change_lines(machines: Sequence[Machine], changes: Sequence[MachineChange], plan: SavedPlan) -> list[str]:
    """Show what will be done: a line for each machine, one for all else."""
    known = {machine.name: machine for machine in machines}
    width = max((len(change.name) for change in changes), default=0)
    lines = [f"{change.action:<8}{change.name:<{width}}  {_about(known.get(change.name), change)}".rstrip() for change in changes]
    others = plan.count_others()
    words = ", ".join(f"{number} to {action}" for action, number in others.items())
    return [*lines, *([f"snippets and images: {words}"] if words else [])]


def _about(machine: Machine | None, change: MachineChange) -> str:
    if change.destroys:
        return change.why()
    return f"{machine.role}, VM {machine.vm_id} on {machine.pve_node}" if machine else ""
