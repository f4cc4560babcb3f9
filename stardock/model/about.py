"""What a bundle says of its cluster beside the inventory: as much as a run needs that never sees cluster.yaml.

It refuses what must not be done to a cluster, tells failures in words, and knows whose host keys and facts are learned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from stardock.model.facts import Facts, Sshd
from stardock.model.jump import Jump
from stardock.model.machine import Role

#: Of the file.
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A machine, or a host that `exists` already. `address`: where it answers; None where nobody knows. `mute`: no discover asks it.

    `cores` and `memory_mib` are 0 where nobody said what a host has; `port`: of its sshd, None: the cluster's; `host_keys`: pinned ones.
    """

    name: str
    role: Role
    hostname: str
    cores: int
    memory_mib: int
    address: str | None = None
    mute: bool = False
    jump: Jump | None = None
    exists: bool = False
    port: int | None = None
    host_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The cluster as it is wished. `chart`: what the network plugin's chart is told, None: nothing; `api`: the URL of the API.

    `sources`: stage -> where the secrets of files that it writes come from, each as `env:NAME` or `file:PATH`.
    `mesh`: its members.
    """

    cluster: str
    founder: str
    distribution: str
    version: str
    api: str
    ssh_port: int
    machines: tuple[Member, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    chart: Mapping[str, Any] | None = None
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mesh: tuple[str, ...] = ()

    def of_role(self, role: Role) -> tuple[Member, ...]:
        """The machines of one role, in the plan's order."""
        return tuple(machine for machine in self.machines if machine.role == role)

    def sources_of(self, stages: Collection[str]) -> frozenset[str]:
        """The sources that these stages need."""
        return frozenset(source for stage in stages for source in self.sources.get(stage, ()))

    @property
    def sshds(self) -> tuple[Sshd, ...]:
        """Where each machine answers, and by what it is known."""
        return tuple(Sshd(one.name, one.address, one.port or self.ssh_port, one.host_keys) for one in self.machines)

    @property
    def nodes(self) -> dict[str, str]:
        """Machine -> the name of its Node."""
        return {machine.name: machine.hostname for machine in self.machines}

    @property
    def mute(self) -> frozenset[str]:
        """The machines that no `runner discover` asks."""
        return frozenset(machine.name for machine in self.machines if machine.mute)

    @property
    def jumps(self) -> dict[str, Jump]:
        """Machine -> the jump host before it, where there is one."""
        return {machine.name: machine.jump for machine in self.machines if machine.jump}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`bundle.json`, whole; the facts are those that the inventory was made from."""

    format: int
    about: About
    facts: Facts
