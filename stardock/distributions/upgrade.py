"""From which release to which a cluster may go: never back, and over no minor.

Kubernetes' version skew policy (kubernetes.io/releases/version-skew-policy): API servers differ by one minor at most, a kubelet is never
newer than the API server and up to three minors older. RKE2 and k3s go back only by restoring an etcd snapshot of the older release
(docs.rke2.io/upgrades/roll-back, docs.k3s.io/upgrades/roll-back), and their installers enforce none of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stardock.distributions.fault import Fault
from stardock.distributions.release import Release, release, series_text

#: How many minors older than the API server a kubelet may be.
KUBELET_MINORS = 3


def upgrade_fault(
    title: str, wanted: str, servers: Mapping[str, str], agents: Mapping[str, str], who: str = "cluster.yaml"
) -> Fault | None:
    """Why the machines cannot go to that release; None when they can, or when nothing is known.

    `servers` and `agents` are name -> release that runs there, some of them perhaps in the middle of an upgrade: it is compared with the
    newest and with the oldest. `who` wants the release; `title` is the distribution's. What is no release counts as not known.
    """
    goal = release(wanted)
    own, others = _releases(servers), _releases(agents)
    if goal is None:
        return None
    return _downgrade(title, goal, own | others, who) or _skipped(goal, own, who) or _left_behind(goal, own, others)


def _releases(running: Mapping[str, str]) -> dict[str, Release]:
    return {name: found for name, text in running.items() if (found := release(text)) is not None}


def _downgrade(title: str, goal: Release, running: Mapping[str, Release], who: str) -> Fault | None:
    if not running or max(running.values()) <= goal:
        return None
    newest = max(running.values())
    back = f"{title} goes back only by restoring an etcd snapshot of the older release"
    message = f"no downgrade: {_who_runs(running, newest)}, {who} wants {goal}; {back}"
    return Fault("version", message, f"write `version: {newest}`, or a later release of {_later(newest)}")


def _later(newest: Release) -> str:
    return f"{series_text(newest.series)} or {series_text((newest.major, newest.minor + 1))}"


def _skipped(goal: Release, servers: Mapping[str, Release], who: str) -> Fault | None:
    oldest = min(servers.values(), default=goal)
    if goal.major == oldest.major and goal.minor - oldest.minor <= 1:
        return None
    message = f"no minor may be skipped: {_who_runs(servers, oldest)}, {who} wants {goal}"
    newest = max(servers.values())
    if newest.series != oldest.series:
        cure = f"finish the upgrade that was begun: write `version: {newest}`, run `runner bootstrap`, then go on"
        return Fault("version", message, cure)
    return Fault("version", message, f"go step by step, a bootstrap each: {_steps(oldest, goal)}")


def _steps(oldest: Release, goal: Release) -> str:
    between = range(oldest.minor + 1, goal.minor) if goal.major == oldest.major else ()
    return ", then ".join([*(f"the newest release of {series_text((oldest.major, minor))}" for minor in between), str(goal)])


def _left_behind(goal: Release, servers: Mapping[str, Release], agents: Mapping[str, Release]) -> Fault | None:
    """Servers that are there already wait for nobody: an agent that comes back after long is drained and becomes what they are."""
    oldest = min(agents.values(), default=goal)
    if servers and min(servers.values()).series == goal.series:
        return None
    if goal.major == oldest.major and goal.minor - oldest.minor <= KUBELET_MINORS:
        return None
    message = f"{_who_runs(agents, oldest)}, and a kubelet may be {KUBELET_MINORS} minors older than {goal}, no more"
    nearest = (goal.major, oldest.minor + KUBELET_MINORS)
    return Fault("version", message, f"write a release of {series_text(nearest)} first, and run `runner bootstrap`")


def _who_runs(running: Mapping[str, Release], which: Release) -> str:
    names = _list(name for name, found in running.items() if found == which)
    return f"{names} run{'s' if ',' not in names and ' and ' not in names else ''} {which}"


def _list(names: Iterable[str]) -> str:
    every = list(names)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}"
