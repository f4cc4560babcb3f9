"""The stages of a bootstrap, a row each. The command's choices and steps, the bundle's site.yml and what is shown of a run derive from it.

A new stage is a row here and its playbook, ansible/NAME.yml.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`title`: how the names of its playbook's plays begin, up to the colon. `what`: one line for --dry-run.

    `tokens`: it hands the cluster's tokens to machines. `reads`: it changes no machine, so nobody needs to be asked first what it runs.
    """

    name: str
    title: str
    what: str
    tokens: bool = False
    reads: bool = False

    @property
    def playbook(self) -> str:
        """Its file in `ansible/`."""
        return f"{self.name}.yml"


#: In the order in which they run. The names are the tags in site.yml.
STAGES = (
    Stage(
        name="machines",
        title="Machines",
        what="wait for ssh and the end of first boot; then users, keys, packages, DNS, time, update policy as planned",
    ),
    Stage(
        name="mesh",
        title="Mesh",
        what="WireGuard between machines and hosts, where `mesh` is written: keys made on each, peers told, until all servers answer there",
    ),
    Stage(
        name="loadbalancers",
        title="Load balancers",
        what="haproxy and keepalived, one load balancer at a time, until the virtual address answers",
    ),
    Stage(
        name="founder",
        title="Founder",
        what="look whether a cluster exists already, before one is founded; start the first server; leave its CA on every machine",
        tokens=True,
    ),
    Stage(
        name="servers",
        title="Servers",
        what="one at a time, each until it is Ready and votes in etcd; a snapshot of etcd before another version",
        tokens=True,
    ),
    Stage(
        name="agents",
        title="Agents",
        what=("new ones ten at a time, those that restart one at a time (drained for another version), until Ready; labels and taints"),
        tokens=True,
    ),
    Stage(name="kubeconfig", title="Kubeconfig", what="fetch the admin's kubeconfig", reads=True),
    Stage(
        name="addons",
        title="Add-ons",
        what="hand the manifests of add-ons to the servers; what became of those that are not wished any more is deleted, and waited for",
    ),
)

#: Begins every run of site.yml and of the questions, whatever was chosen.
IDENTITY = Stage(name="identity", title="Identity", what="compare the machines' MACs with the planned ones", reads=True)

#: Playbooks of their own, run before site.yml where an answer is needed.
RUNNING = Stage(name="running", title="Running", what="ask the machines what they run", reads=True)
SECRETS = Stage(name="secrets", title="Secrets", what="ask the servers for the tokens", reads=True)

#: What comes before the stages that a person chooses from.
BEFORE = (IDENTITY, RUNNING, SECRETS)

#: A playbook of its own, which `runner machine` runs.
ASIDE = Stage(name="aside", title="Aside", what="ask the API about Nodes; drain one, or have it take pods again")

NAMES = tuple(stage.name for stage in STAGES)


def chosen(names: Sequence[str], start: str | None) -> tuple[str, ...]:
    """The stages to run, in order: the named ones, or all from one on, or all."""
    wanted = names or NAMES[NAMES.index(start) if start else 0 :]
    return tuple(name for name in NAMES if name in wanted)


def rows(names: Sequence[str]) -> tuple[Stage, ...]:
    """The rows of these stages, in the table's order."""
    return tuple(stage for stage in STAGES if stage.name in names)
