"""What a bootstrap is about: the cluster of a cluster.yaml, or that of a bundle. A run asks both the same questions."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from stardock.bundle import write_bundle
from stardock.bundle.about import about
from stardock.distributions import distribution
from stardock.errors import ConditionError, InputErrors, Problem
from stardock.model.about import About
from stardock.model.cluster_files import ClusterFiles
from stardock.model.facts import Facts, host_lines
from stardock.model.jump import Jump
from stardock.model.plan import Plan
from stardock.plan.rules.guards import Running, Wanted, faults
from stardock.playbooks import silent
from stardock.playbooks.contents import of_environment, read_contents
from stardock.playbooks.running import refuse
from stardock.playbooks.workplace import private_key
from stardock.workspace.bundles import Bundle, sure_mesh_keys
from stardock.workspace.facts import save_facts
from stardock.workspace.secrets import load_contents, secrets_file
from stardock.workspace.workspace import Workspace
from stardock.writing import write_atomically


class Subject(Protocol):
    """The cluster of a run, and where its files are."""

    @property
    def files(self) -> ClusterFiles:
        """What is beside cluster.yaml, or beside the bundle."""

    @property
    def about(self) -> About:
        """What is wished."""

    @property
    def facts(self) -> Facts:
        """What is known, as of now."""

    @property
    def secrets(self) -> Path:
        """The file of the cluster's tokens."""

    @property
    def key(self) -> Path | None:
        """The private key to the machines; None: the SSH agent has it."""

    def unknown(self, *, accept_new_host_keys: bool) -> dict[str, str]:
        """Agents that cannot even be asked, and why."""

    def write(self, directory: Path, unknown: Collection[str]) -> None:
        """Put the bundle there."""

    def variables(self) -> dict[str, object]:
        """What Ansible must know beside the bundle."""

    def contents(self, sources: Collection[str]) -> dict[str, str]:
        """The secret contents of files, by source. `InputErrors` or `ConditionError` for what cannot be had."""

    def refuse(self, running: Running) -> None:
        """Raise `InputErrors` with what the cluster cannot become."""

    def keep(self, facts: Facts) -> None:
        """Write what was learned into the files."""


def _save(files: ClusterFiles, about: About, before: Facts, facts: Facts) -> None:
    if facts != before:
        save_facts(files.facts, facts)
    if facts.machines != before.machines:
        write_atomically(files.known_hosts, "".join(host_lines(about.sshds, facts)))


@dataclass(slots=True)
class OfWorkspace:
    """A cluster.yaml with its lock and facts. `inside`: the machine that Ansible runs on, where that is not this one."""

    workspace: Workspace
    inside: Jump | None = None

    @property
    def plan(self) -> Plan:
        """What is planned; whoever is a machine's jump host reaches it directly."""
        plan = self.workspace.plan
        if self.inside is None:
            return plan
        jumps = {name: jump for name, jump in plan.ssh.jumps.items() if jump.host != self.inside.host}
        return replace(plan, ssh=replace(plan.ssh, jumps=jumps))

    @property
    def files(self) -> ClusterFiles:
        """Beside cluster.yaml."""
        return self.workspace.files

    @property
    def about(self) -> About:
        """As it is planned."""
        return about(self.plan, self.workspace.facts)

    @property
    def facts(self) -> Facts:
        """As of now."""
        return self.workspace.facts

    @property
    def secrets(self) -> Path:
        """Beside it, or where the environment says."""
        return secrets_file(self.files)

    @property
    def key(self) -> Path | None:
        """What cluster.yaml names."""
        return private_key(self.workspace)

    def unknown(self, *, accept_new_host_keys: bool) -> dict[str, str]:
        """Those without address or host key."""
        return silent.unknown_agents(self.workspace, accept_new_host_keys=accept_new_host_keys)

    def write(self, directory: Path, unknown: Collection[str]) -> None:
        """From plan and facts."""
        write_bundle(self.plan, self.workspace.facts, directory, unknown)

    def variables(self) -> dict[str, object]:
        """None: all is in the bundle."""
        return {}

    def contents(self, sources: Collection[str]) -> dict[str, str]:
        """From where cluster.yaml says."""
        where = self.workspace
        return read_contents(where.spec, sources, where.files.spec, os.environ) if sources else {}

    def refuse(self, running: Running) -> None:
        """With the lines of cluster.yaml."""
        refuse(self.workspace, running)

    def keep(self, facts: Facts) -> None:
        """Beside cluster.yaml."""
        _save(self.files, self.about, self.facts, facts)
        self.workspace = replace(self.workspace, facts=facts)


@dataclass(slots=True)
class OfBundle:
    """A bundle, and the facts that earlier runs left beside it."""

    bundle: Bundle
    facts: Facts

    @property
    def files(self) -> ClusterFiles:
        """Beside the bundle."""
        return self.bundle.files

    @property
    def about(self) -> About:
        """As it was planned when the bundle was written."""
        return self.bundle.about

    @property
    def secrets(self) -> Path:
        """In the directory, as its README says; beside it, or where the environment says."""
        inside = self.bundle.path / "secrets.yaml"
        return inside if inside.is_file() and "STARDOCK_SECRETS" not in os.environ else secrets_file(self.files)

    @property
    def key(self) -> Path | None:
        """None is named in a bundle."""
        return None

    def unknown(self, *, accept_new_host_keys: bool) -> dict[str, str]:  # noqa: ARG002 -- the inventory stands
        """None: an agent that cannot be reached is left out when it is tried."""
        return {}

    def write(self, directory: Path, unknown: Collection[str]) -> None:  # noqa: ARG002 -- the inventory stands
        """As it is, with the host keys that earlier runs learned."""
        self.bundle.write(directory)
        lines = host_lines(self.about.sshds, self.facts)
        write_atomically(directory / "known_hosts", "".join(lines))

    def variables(self) -> dict[str, object]:
        """What was founded and learned since the bundle was written."""
        founded = {"founding_known": self.facts.founded.ca_sha256} if self.facts.founded else {}
        return {**founded, **({"mesh_known_keys": sure_mesh_keys(self.bundle, self.facts)} if self.about.mesh else {})}

    def contents(self, sources: Collection[str]) -> dict[str, str]:
        """From the file of the tokens, as the bundle's README says; `env:NAME` from the environment as well."""
        given: Mapping[str, str] = {**of_environment(sources, os.environ), **load_contents(self.secrets)}
        lacking = sorted(source for source in sources if source not in given)
        if lacking:
            message = f"files on machines have secrets in them, and nobody says what {', '.join(lacking)} holds"
            cure = f"{self.secrets}: stardock_contents: [{{source: {lacking[0]!r}, content: ...}}]"
            raise ConditionError(message, cure=f"{cure}; of env:NAME the environment variable will do")
        return {source: given[source] for source in sorted(sources)}

    def refuse(self, running: Running) -> None:
        """What must not be done, without lines: they are in a cluster.yaml that is not here."""
        cure = "in the cluster.yaml that the bundle was made from: {}; then `runner bundle` again"
        found = tuple(Problem(fault.message, path=fault.key, cure=cure.format(fault.cure)) for fault in faults(self._wanted, running))
        if found:
            raise InputErrors(str(self.bundle.path), found)

    @property
    def _wanted(self) -> Wanted:
        return Wanted(
            kubernetes=distribution(self.about.distribution),
            version=self.about.version,
            options=self.about.options,
            chart=self.about.chart,
            servers=[machine.name for machine in self.about.of_role("server")],
            agents=[machine.name for machine in self.about.of_role("agent")],
            who="the bundle",
        )

    def keep(self, facts: Facts) -> None:
        """Beside the bundle."""
        _save(self.files, self.about, self.facts, facts)
        self.facts = facts
