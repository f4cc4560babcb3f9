"""What `runner plan` does: open the cluster, refuse what would move its machines, and show what was asked for."""

from __future__ import annotations

from pathlib import Path

from stardock.playbooks.running import known, refuse
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import open_workspace, refuse_to_move


def show(
    file: Path | None, form: str, *, every: bool, addresses: bool, day: str | None, if_lost: str | None, capacity: bool, read: bool
) -> bool:
    """Show the plan, and whether nothing is to do; or a view. `day` and `if_lost`: empty for today, and for each PVE node."""
    where = open_workspace(find_cluster_file(file))
    refuse_to_move(where)
    refuse(where, known(where))
    from stardock.cli import plan_tables  # noqa: PLC0415 -- rich: not for a file that is refused

    if addresses:
        plan_tables.show_addresses(where, form)
    elif day is not None:
        plan_tables.show_windows(where.plan, form, day)
    elif capacity or if_lost is not None:
        plan_tables.show_placement(where, form, if_lost, capacity=capacity, read=read)
    else:
        return plan_tables.show_plan(where, form, every=every)
    plan_tables.warn(where)
    return True
