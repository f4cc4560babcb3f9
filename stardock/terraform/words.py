"""What `runner deploy` says: names that nobody has, and what the engine's plan changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stardock.errors import RefusedError
from stardock.model.machine import Machine
from stardock.terraform.changes import MachineChange
from stardock.terraform.saved_plan import SavedPlan


def check_names(option: str, names: Iterable[str], machines: Sequence[str]) -> None:
    """Refuse a name that no machine has: RefusedError with all names. No near one is suggested: it would be destroyed and made anew."""
    for name in sorted(set(names) - set(machines)):
        raise RefusedError(f"{option} {name}: no machine has this name", cure=f"the machines are: {', '.join(machines)}")


def change_lines(
    machines: Sequence[Machine], removed: Mapping[str, Machine], changes: Sequence[MachineChange], plan: SavedPlan
) -> list[str]:
    """Show what will be done: a line for each machine, one for all else, and what goes with a removal. `removed` are last records."""
    known = {machine.name: machine for machine in machines}
    gone = [removed[change.name] for change in changes if change.action == "delete" and change.name in removed]
    width = max((len(change.name) for change in changes), default=0)
    lines = [f"{change.action:<8}{change.name:<{width}}  {_about(known.get(change.name), change)}".rstrip() for change in changes]
    others = plan.count_others()
    words = ", ".join(f"{number} to {action}" for action, number in others.items())
    others_line = [f"snippets and images: {words}"] if words else []
    return [*lines, *others_line, *(line for machine in gone for line in removal_lines(machine))]


def removal_lines(machine: Machine) -> list[str]:
    """What becomes of a machine under `remove:`, and what a person does before and after."""
    lines = [f"{machine.name}: listed under `remove:`; VM {machine.vm_id} on {machine.pve_node} is destroyed with all its disks"]
    if machine.role == "loadbalancer":
        return lines
    return [
        *lines,
        f"  first: kubectl drain {machine.hostname} --ignore-daemonsets --delete-emptydir-data",
        f"  afterwards its Node stays, NotReady, until: kubectl delete node {machine.hostname}",
    ]


def _about(machine: Machine | None, change: MachineChange) -> str:
    if change.destroys:
        return change.why()
    return f"{machine.role}, VM {machine.vm_id} on {machine.pve_node}" if machine else ""
