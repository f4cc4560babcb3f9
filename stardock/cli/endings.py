"""The last words of a command that took long: what is there now, and what comes next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from stardock.distributions import NO_PLUGIN, distribution
from stardock.fold import fold
from stardock.playbooks.subject import Subject
from stardock.verbs.bootstrap import Done
from stardock.workspace.workspace import Workspace

#: The page on what a cluster has by itself and what it lacks.
NEXT = "docs/after-bootstrap.md"


def expectation(subject: Subject) -> str:
    """The first words of a bootstrap: what it is about to do, and how long that may take."""
    new = subject.facts.founded is None
    length = "a new cluster takes minutes, most of them for its servers" if new else "each is asked, and what differs is changed"
    machines = len(subject.about.machines)
    return f"bootstrap: {machines} machine{'' if machines == 1 else 's'}; {length}; the full log is {subject.files.log}"


def bootstrap_ending(done: Done) -> Iterator[str]:
    """What is Ready, how to reach it, what it lacks; little where machines were only asked, and as much as the stages did."""
    about, options = done.about, done.options
    yield from _held(done)
    if done.dropped:
        again = " ".join(f"--new-mesh-key {name}" for name in sorted(done.dropped))
        words = "a run that ended too early had begun a new key in the mesh: dropped, the one before is in force"
        yield f"{fold(sorted(done.dropped))}: {words}. runner bootstrap --stage mesh {again}"
    if options.check:
        return
    nodes = [machine.name for machine in (*about.of_role("server"), *about.of_role("agent")) if machine.name not in done.missing]
    if {"founder", "servers", "agents"} <= set(options.stages):
        without = not distribution(about.distribution).has_network(about.options)
        state = f"Joined (`cni: {NO_PLUGIN}`: none is Ready, and no pod starts, until your network plugin is there)" if without else "Ready"
        yield f"{state}: {fold(nodes)}; {about.distribution} {about.version}, the API at {about.api}"
    if "kubeconfig" in options.stages:
        yield f"export KUBECONFIG={shlex.quote(str(done.files.kubeconfig.resolve()))}"
        yield f"kubectl get nodes        # next: ingress, storage, addresses for services: {NEXT}"


def _held(done: Done) -> Iterator[str]:
    for name, has in sorted(done.held.items()):
        planned = next(machine for machine in done.about.machines if machine.name == name)
        size = f"it has {has} MiB of memory, planned are {planned.memory_mib} MiB and {planned.cores} cores"
        then = "Write what it has" if planned.exists else "After `runner deploy` and its power cycle"
        yield f"{name}: its kubelet keeps what it kept before ({size}). {then}: runner bootstrap"


def deploy_ending(where: Workspace, seconds: Mapping[str, float]) -> Iterator[str]:
    """What exists, how long each step took, and what comes next."""
    yield f"deploy: done in {sum(seconds.values()):.0f} s ({', '.join(f'{name} {took:.0f} s' for name, took in seconds.items())})"
    known = [machine.name for machine in where.plan.machines if machine.name in where.facts.machines]
    what = "load balancers, Kubernetes, kubeconfig" if where.facts.founded is None else "brings what changed inside of them"
    yield f"Machines with address and SSH host key: {fold(known) or 'none'}. Next: runner bootstrap    # {what}"
