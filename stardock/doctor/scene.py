"""Everything that the checks judge: the plan, what Proxmox said, what was tried from here. No check looks at anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stardock.estate.survey import Survey
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.model.settings import PveNode


@dataclass(frozen=True, slots=True)
class Tried:
    """Something tried from here. `trouble` says what went wrong, `doubt` what could not be told for sure; empty: nothing."""

    what: str
    trouble: str = ""
    doubt: str = ""
    folder: str = ""  # of snippets, where that is what goes wrong


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody at an address, and how we know. Not `sure`: it may have been something on the way. Not `asked`: no way leads there."""

    how: str
    sure: bool
    asked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`user` is whose token asks; `silent` says why Proxmox could not be asked at all, and its cure."""

    plan: Plan
    user: str = ""
    token: str = ""
    survey: Survey | None = None
    silent: tuple[str, str] | None = None
    ssh: Mapping[str, Tried] = field(default_factory=dict)  # by PVE node
    jumps: Mapping[str, Tried] = field(default_factory=dict)  # by jump host
    hosts: Mapping[str, Tried] = field(default_factory=dict)  # those that exist already and are behind no jump host
    answering: Mapping[str, Heard] = field(default_factory=dict)  # by address
    tools: Mapping[str, Tried] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)  # names of ours that are set; values of no secret
    local_images: Mapping[str, Tried] = field(default_factory=dict)  # by file

    @property
    def asked(self) -> Survey:
        """What Proxmox said; only for checks that `checks.run` calls when it did."""
        if self.survey is None:
            raise ValueError("Proxmox was not asked")
        return self.survey

    def used(self) -> tuple[PveNode, ...]:
        """The PVE nodes that carry machines of the plan, in declared order."""
        carrying = {machine.pve_node for machine in self.plan.machines}
        return tuple(node for node in self.plan.proxmox.nodes if node.name in carrying)

    def up(self) -> tuple[PveNode, ...]:
        """Those of them that are on: what is off is told once."""
        online = self.asked.online()
        return tuple(node for node in self.used() if node.name in online)

    def missing(self) -> tuple[Machine, ...]:
        """The machines that Proxmox does not have yet."""
        there = {(item["vmid"], item.get("name")) for item in self.asked.listed("qemu")}
        return tuple(machine for machine in self.plan.machines if (machine.vm_id, machine.hostname) not in there)
