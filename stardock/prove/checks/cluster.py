"""A Kubernetes cluster is founded, says that it is ready, and a second run of bootstrap changes nothing."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

from stardock.errors import EngineError
from stardock.prove.api import Api
from stardock.prove.bench import Bench, FailedError
from stardock.prove.check import Check
from stardock.prove.founding import founded

#: Seconds for what should be so at once, and is looked at again and again: an API server that restarted, a Node that was just made.
SETTLE_SECONDS = 120.0
_PAUSE_SECONDS = 1.0
#: An argument that no API server knows, and how long a server may try with it.
PLANTED = "stardock-prove"
PLANTED_SECONDS = 90


def api_of(bench: Bench) -> Api:
    """The API, by the kubeconfig as it is now."""
    return Api(bench.place.own.kubeconfig)


def until(true: Callable[[], bool], seconds: float) -> float | None:
    """How long it took to be so; None: longer than that. Nobody who answers is not so."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            if true():
                return time.monotonic() - began
        except FailedError:
            pass  # nobody answers yet
        time.sleep(_PAUSE_SECONDS)
    return None


def machines(bench: Bench) -> str:
    """From nothing to machines whose addresses and host keys are known."""
    bench.pin()
    bench.deploy()
    vip = "with a virtual address" if bench.plan.load_balancing else "without a virtual address"
    return f"{len(bench.plan.machines)} machines made, {vip}"


def found(bench: Bench) -> str:
    """Bootstrap comes to its end."""
    stages, plan = founded(bench), bench.plan.distribution
    if bench.workspace().facts.founded is None:
        raise FailedError("bootstrap ended well, and the facts do not say that a cluster was founded")
    return f"{plan.name} {plan.version}: {stages}"


def ready(bench: Bench) -> str:
    """`/readyz`, as a person asks it."""
    api = api_of(bench)
    seconds = until(api.ready, SETTLE_SECONDS)
    if seconds is None:
        reply = api.ask("GET", "/readyz?verbose")
        raise FailedError(f"/readyz: {reply.status} {reply.text[-300:]}")
    through = "the virtual address" if bench.plan.load_balancing else "the first server"
    return f"/readyz says ok through {through}, by the kubeconfig that bootstrap wrote"


def nodes(bench: Bench) -> str:
    """Each machine that is no load balancer is a Node, and Ready; servers vote in etcd."""
    plan = bench.plan
    servers, agents = ([machine.name for machine in machines] for machines in (plan.of_role("server"), plan.of_role("agent")))
    until(lambda: not _lacking(bench, servers, agents), SETTLE_SECONDS)
    lacking = _lacking(bench, servers, agents)
    if lacking:
        raise FailedError("; ".join(lacking))
    return f"{len(servers)} servers, who vote in etcd, and {len(agents)} agents are Ready" if len(servers) > 1 else "both are Ready"


def _lacking(bench: Bench, servers: list[str], agents: list[str]) -> list[str]:
    there, version = api_of(bench).nodes(), bench.plan.distribution.version
    names = [*servers, *agents]
    return [
        *(f"there is no Node {name}" for name in names if name not in there),
        *(f"{name} is not Ready" for name in names if name in there and not there[name].ready),
        *(f"{name} does not vote in etcd" for name in servers if name in there and not there[name].votes),
        *(f"{name} says that it runs {there[name].version}" for name in names if name in there and there[name].version != version),
        *(f"there is a Node {name}" for name in there if name not in names),
    ]


def again(bench: Bench) -> str:
    """A second run changes nothing, on no machine and in no stage."""
    stages = founded(bench)
    if stages.changed:
        raise FailedError(f"a second run changed something in: {', '.join(stages.changed)}")
    return f"0 changed in {len(stages.changes)} stages"


def cause(bench: Bench) -> str:
    """An API server that cannot start: bootstrap fails, names the cause, and the next run without it heals."""
    before = copy.deepcopy(bench.data)
    bench.data["distribution"]["options"] = {"kube-apiserver-arg": [f"{PLANTED}=1"]}
    bench.write()
    try:
        founded(bench, ready_timeout=PLANTED_SECONDS)
    except EngineError as error:
        told = error.message
    else:
        told = ""
    finally:
        bench.data = before
        bench.write()
    founded(bench)
    _judge(bench, told)
    return f"it failed as `{PLANTED} is no flag of this version's program`, and the next run healed it"


def _judge(bench: Bench, told: str) -> None:
    if not told:
        raise FailedError("bootstrap ended well with an API server that cannot start")
    if f"{PLANTED} is no flag" not in told:
        raise FailedError(f"another cause was told than what was planted: {told[:600]}")
    if until(api_of(bench).ready, SETTLE_SECONDS) is None:
        raise FailedError("the cause was told, and without it the API is not ready again")


FOUND = (
    Check("the machines of a cluster are made", machines, needed=True),
    Check("a cluster is founded", found, needed=True),
    Check("the API says that it is ready", ready),
    Check("every Node is Ready", nodes),
)
AGAIN = (
    Check("a second bootstrap changes nothing", again),
    Check("a start that fails tells its cause", cause),
)
