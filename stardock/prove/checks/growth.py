"""The cluster grows, changes its release, and keeps its address when who holds it goes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from stardock.errors import StardockError
from stardock.prove.bench import Bench, FailedError, NotPossibleError
from stardock.prove.check import Check
from stardock.prove.checks.cluster import SETTLE_SECONDS, api_of, nodes, until
from stardock.prove.founding import founded
from stardock.prove.inside import said
from stardock.prove.releases import releases
from stardock.verbs import machine as switch
from stardock.verbs.job import Options

#: Seconds for another load balancer to have the address, and the API to answer there.
MOVED_SECONDS = 60.0


def more(bench: Bench) -> str:
    """A server and an agent more: those that are there are not touched, and the new ones are members."""
    bench.grow()
    touched = [line for line in bench.planned() if not line.startswith(("create", "snippets and images:"))]
    if touched:
        raise FailedError(f"two machines more would also {'; '.join(touched)}")
    bench.deploy()
    stages = founded(bench)
    return f"{nodes(bench)}; {stages}"


def moved(bench: Bench) -> str:
    """Who holds the virtual address is switched off: the other has it, and the API answers there."""
    balancing = bench.plan.load_balancing
    if balancing is None:
        raise NotPossibleError("no address was named that nobody has: --vip ADDRESS")
    holder, other = _holders(bench, balancing.vip)
    api = api_of(bench)
    with _off(bench, holder):
        seconds = until(api.ready, MOVED_SECONDS)
        if seconds is None:
            raise FailedError(f"{MOVED_SECONDS:.0f} s after {holder} was switched off the API does not answer at the virtual address")
        _insist(bench, other, balancing.vip)
    if until(api.ready, SETTLE_SECONDS) is None:
        raise FailedError(f"with {holder} switched on again the API does not answer at the virtual address")
    return f"{holder} was switched off, {other} has the address, the API answers there after {seconds:.0f} s"


@contextlib.contextmanager
def _off(bench: Bench, end: str) -> Iterator[None]:
    """Switched off for this moment: the checks behind need it, whatever came of this one. What went wrong first is what is told."""
    name = bench.machine(end).name
    try:
        switch.stop(bench.file, name, Options(confirm=lambda _question: True, force=True), bench.say)
        yield
    except Exception:
        with contextlib.suppress(StardockError):
            switch.start(bench.file, name, Options(), bench.say)
        raise
    switch.start(bench.file, name, Options(), bench.say)


def _holders(bench: Bench, vip: str) -> tuple[str, str]:
    """Who has it, and who has not."""
    ends = bench.ends("loadbalancer")
    having = [end for end in ends if _has(bench, end, vip)]
    if len(having) != 1 or len(ends) != 2:  # noqa: PLR2004  a pair
        raise FailedError(f"the virtual address is held by {', '.join(having) or 'nobody'}, of {', '.join(ends)}")
    return having[0], next(end for end in ends if end not in having)


def _has(bench: Bench, end: str, vip: str) -> bool:
    return f" {vip}/" in said(bench, end, "ip -brief address")


def _insist(bench: Bench, end: str, vip: str) -> None:
    if not _has(bench, end, vip):
        raise FailedError(f"the API answers at the virtual address, and {end} does not have it")


def upgraded(bench: Bench) -> str:
    """To the next patch release, server by server: every Node says that it runs it."""
    known = releases(bench.plan.distribution.name)
    if len(known) == 1:
        raise NotPossibleError(f"{known[0]} is the first patch release of its minor")
    before, after = known
    bench.data["distribution"]["version"] = after
    bench.write()
    stages = founded(bench)
    return f"from {before} to {after}: {nodes(bench)}; {stages}"


CHECKS = (
    Check("a server and an agent more", more),
    Check("the virtual address moves", moved),
    Check("an upgrade by a patch release", upgraded),
)
