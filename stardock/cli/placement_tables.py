"""Where machines are, as tables for a person: what a loss takes, what each PVE node carries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table

from stardock.cli.machine_rows import READABLE
from stardock.cli.screen import HEAD
from stardock.fold import fold
from stardock.model.machine import ROLES, Machine, Role
from stardock.plan.rules.placement import PLURAL
from stardock.plan.views.capacity import Amount, Load
from stardock.plan.views.losses import Loss


def _table(title: str, *columns: str) -> Table:
    table = Table(box=HEAD, title=title, title_justify="left")
    for column in columns:
        table.add_column(column)
    return table


def loss_table(losses: Iterable[Loss]) -> Table:
    """One row a PVE node: what is left when it is gone."""
    table = _table("If a PVE node is lost", "PVE node", "API up?", "etcd quorum?", "VIP?", "agents left", "machines lost")
    for loss in losses:
        lost = _names(loss.machines) or "-"
        restarted = f" (PVE HA starts {_restarted(loss)} elsewhere)" if loss.restarted else ""
        table.add_row(loss.pve_node, _api(loss), _etcd(loss), _vip(loss), f"{loss.agents_left} of {loss.agents}", lost + restarted)
    return table


def _names(machines: Sequence[Machine]) -> str:
    """By name, while a person still reads them; else how many of each role: `--format json` names them."""
    folded = fold([machine.name for machine in machines])
    return folded if folded.count(", ") < READABLE else _counts(machines)


def _restarted(loss: Loss) -> str:
    return _names([machine for machine in loss.machines if machine.name in loss.restarted])


def _api(loss: Loss) -> str:
    if loss.api:
        return "yes"
    return "NO" if not loss.quorum else "NO: who answers at its address is gone"


def _etcd(loss: Loss) -> str:
    return f"{'yes' if loss.quorum else 'NO'}: {loss.servers_left} of {loss.servers} servers"


def _vip(loss: Loss) -> str:
    return "there is none" if loss.vip is None else "yes" if loss.vip else "NO"


def capacity_table(carried: Iterable[Load]) -> Table:
    """One row a PVE node, then the sum."""
    table = _table("What PVE nodes carry", "PVE node", "machines", "memory", "cores", "disks")
    for load in carried:
        amounts = (_amount(load.memory, 1024, "GiB"), _amount(load.cores, 1, ""), _amount(load.disks, 1, "GiB"))
        table.add_row(load.name or "all", _counts(load.machines), *amounts)
    return table


def _counts(machines: Sequence[Machine]) -> str:
    counts = {role: sum(machine.role == role for machine in machines) for role in ROLES}
    parts = ", ".join(_number(number, role) for role, number in counts.items() if number)
    return f"{len(machines)} ({parts})" if parts else "0"


def _number(number: int, role: Role) -> str:
    return f"{number} {PLURAL[role].removesuffix('s') if number == 1 else PLURAL[role]}"


def _amount(amount: Amount, divisor: int, unit: str) -> str:
    """What is taken, and its part: of what is there where that is known, else of what the cluster takes."""
    taken = f"{amount.taken / divisor:g}{unit}"
    if amount.percent is None:
        return f"{taken} ({amount.share:g}% of the cluster's)"
    return f"{taken} of {(amount.there or 0) / divisor:g}{unit} ({amount.percent:g}%)"
