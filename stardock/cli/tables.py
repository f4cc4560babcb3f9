"""A plan as tables for a person."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from stardock.facts import Facts, address_of
from stardock.plan import maintenance
from stardock.plan.locked import gains
from stardock.plan.model import ROLES, Change, Machine, Plan, Window
from stardock.spec.distribution import DEFAULT_VERSION
from stardock.workspace import Workspace

#: Columns when the output is no terminal: a table that is cut off is none.
WIDE = 200
COLUMNS = ("machine", "role", "pool", "PVE node", "VM id", "address", "window", "cores", "memory", "disk")
NUMBERS = frozenset({"VM id", "cores", "memory", "disk"})


def show(where: Workspace) -> None:
    """Print a workspace's plan to stdout."""
    shown(parts(where))


def shown(every: Iterable[RenderableType]) -> None:
    """Print to stdout, as wide as the terminal; where there is none, so that nothing is cut off."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDE
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    for part in every:
        console.print(part)


def parts(where: Workspace) -> Iterator[RenderableType]:
    """Everything that is printed, in order; what there is nothing of is left out."""
    plan = where.plan
    yield machines(plan, where.facts)
    yield Text(f"{_release(where)}; {_servers(plan)}")
    gained = gains(where.lock_before, where.lock)
    if gained:
        yield Text(f"The lock ({where.files.lock.name}) would gain: {', '.join(gained)}")
    if plan.removed:
        yield Text(f"Under `remove`: {', '.join(plan.removed)}; the next deploy takes away those that still exist")
    if plan.changes or plan.replacements:
        yield wishes((*plan.changes, *plan.replacements))
        yield Text("These stay as they are. `runner lock accept NAME` takes the wanted values, `runner deploy --replace NAME` makes it so.")


def machines(plan: Plan, facts: Facts) -> Table:
    """One row a machine, by role, in declared order."""
    table = Table(box=box.SIMPLE_HEAD, title=f"Cluster {plan.cluster}", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="right" if column in NUMBERS else "left", no_wrap=column == "machine")
    for role in ROLES:
        for machine in plan.of_role(role):
            table.add_row(*_cells(plan, machine, facts))
    return table


def _cells(plan: Plan, machine: Machine, facts: Facts) -> Iterator[str]:
    yield machine.name + (" (not in cluster.yaml)" if machine.name in plan.retained else "")
    yield from (machine.role, machine.pool, machine.pve_node, str(machine.vm_id), _address(machine, facts))
    yield f"{_times(machine.window)} {machine.timezone}" if machine.window else "-"
    yield from (str(machine.cores), _memory(machine.memory_mib), f"{machine.disk_gib}GiB")


def _address(machine: Machine, facts: Facts) -> str:
    if machine.address:
        return machine.address
    seen = address_of(machine, facts)
    return f"{seen} (DHCP)" if seen else "DHCP"


def _times(window: Window) -> str:
    return f"{window.start}-{maintenance.end(window)}"


def _memory(mib: int) -> str:
    return f"{mib}MiB" if mib % 1024 else f"{mib // 1024}GiB"


def _release(where: Workspace) -> str:
    """The release, and who says so: a default is allocated once, and a newer Stardock changes none."""
    own = where.plan.distribution
    if where.spec.distribution.version is not None:
        return f"{own.name} {own.version}"
    if not where.knows_machines:
        return f"{own.name} {own.version} (today's default; the lock keeps it)"
    newer = f"; new clusters get {DEFAULT_VERSION}" if own.version != DEFAULT_VERSION else ""
    return f"{own.name} {own.version} (kept by the lock{newer})"


def _servers(plan: Plan) -> str:
    vip = plan.load_balancing
    through = f"VIP {vip.vip} on {vip.interface} (VRRP id {vip.vrid})" if vip else f"no VIP: everyone joins {plan.founder}"
    return f"founder {plan.founder}; {through}"


def wishes(changes: tuple[Change, ...]) -> Table:
    """What cluster.yaml wants and a machine that exists does not get."""
    table = Table("machine", "field", "is", "wanted", box=box.SIMPLE_HEAD, title="Only a replacement brings", title_justify="left")
    for change in changes:
        table.add_row(change.machine, change.field, change.old, change.new)
    return table
