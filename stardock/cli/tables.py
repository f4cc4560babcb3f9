"""A plan for a person: its machines, what the next run would do, and what waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from stardock.cli.addon_lines import addon_lines
from stardock.cli.difference_lines import difference_lines, grouped, lock_words
from stardock.cli.host_lines import host_lines
from stardock.cli.machine_rows import machine_lines
from stardock.cli.mesh_lines import mesh_lines
from stardock.cli.screen import HEAD
from stardock.distributions import distribution
from stardock.fold import fold, follows, runs, span
from stardock.model.plan import Change, Plan
from stardock.plan.views.difference import Difference
from stardock.terraform.allowed import removals
from stardock.workspace.workspace import Workspace


def parts(where: Workspace, found: Difference, *, every: bool) -> Iterator[RenderableType]:
    """Everything that is printed, in order; what there is nothing of is left out. The last line, `summary`, is not among it."""
    plan = where.plan
    yield Text(f"Cluster {plan.cluster}\n{_release(where)}; {_servers(plan)}\n")
    yield from (Text(line) for line in machine_lines(plan, where.facts, every=every))
    yield from (Text(line) for line in (*host_lines(plan.hosts), *mesh_lines(plan)))
    yield from (Text(line) for line in addon_lines(plan.addons))
    yield Text("")
    waiting = (*plan.changes, *plan.replacements)
    names = {"lock": where.files.lock.name, "state": where.files.state.name}
    yield from (Text(line) for line in difference_lines(found, **names, waiting=bool(waiting)))
    if found.gained:
        yield Text(f"New in {where.files.lock.name}, which the next deploy writes: {fold(lock_words(found.gained))}")
    yield from (Text(line) for line in removals(where))
    if waiting:
        yield wishes(waiting)
        yield Text("These stay as they are. `runner lock accept NAME` takes the wanted values, `runner deploy --replace NAME` makes it so.")


def _release(where: Workspace) -> str:
    """The release, and who says so: a default is allocated once, and a newer Stardock changes none."""
    own = where.plan.distribution
    if where.spec.distribution.version is not None:
        return f"{own.name} {own.version}"
    if not where.knows_machines:
        return f"{own.name} {own.version} (today's default; the lock keeps it)"
    default = distribution(own.name).default_version
    newer = f"; new clusters get {default}" if own.version != default else ""
    return f"{own.name} {own.version} (kept by the lock{newer})"


def _servers(plan: Plan) -> str:
    return f"first server {plan.founder}; {_endpoint(plan)}"


def _endpoint(plan: Plan) -> str:
    vip = plan.load_balancing
    if vip is None:
        return f"everyone joins {plan.external.host}, which exists already" if plan.external else f"no VIP: everyone joins {plan.founder}"
    second, where = (
        f" and {vip.vip_ipv6}" if vip.vip_ipv6 else "",
        f"{vip.interface} of {'servers' if vip.role == 'server' else 'load balancers'}",
    )
    by = f"VRRP id {vip.vrid}" if vip.by == "keepalived" else vip.by
    return f"VIP {vip.vip}{second} on {where} ({by})"


def wishes(changes: tuple[Change, ...]) -> Table:
    """What cluster.yaml wants and a machine that exists does not get."""
    table = Table("machine", "field", "is", "wanted", box=HEAD, title="Only a replacement brings", title_justify="left")
    for run in runs(_wishes(changes), _goes_on):
        names = [name for wish in run for name in wish.names]
        table.add_row(fold(names), run[0].field, span([wish.old for wish in run]), span([wish.new for wish in run]))
    return table


def _wishes(changes: Iterable[Change]) -> Iterator[_Wish]:
    for same in grouped(changes, "field", "old", "new"):
        yield _Wish([one.machine for one in same], same[0].field, same[0].old, same[0].new)


class _Wish(NamedTuple):
    """Machines that want the same value of a field."""

    names: list[str]
    field: str
    old: str
    new: str


def _goes_on(one: _Wish, other: _Wish) -> bool:
    """Whether a row takes the next machine in: its name and its values are each the next, or the same."""
    single = len(one.names) == len(other.names) == 1 and one.field == other.field and follows(one.names[0], other.names[0])
    return single and all(before == after or follows(before, after) for before, after in ((one.old, other.old), (one.new, other.new)))
