"""What was read of Proxmox for one plan: all that the checks see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from stardock.estate.configs import Config
from stardock.estate.machines import EstateMachine
from stardock.estate.power import Power
from stardock.model.machine import Machine
from stardock.model.plan import Plan

#: A datastore as a PVE node sees it.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`sizes` are bytes by volume id, by PVE node and datastore; `unread` says in words what could not be read, by what it is.

    `contents` are snippets by PVE node and volume id; empty when nobody asked for them.
    """

    plan: Plan
    machines: Mapping[int, EstateMachine] = field(default_factory=dict)  # by VM id
    configs: Mapping[int, Config] = field(default_factory=dict)  # by VM id
    powers: Mapping[int, Power] = field(default_factory=dict)  # by VM id
    sizes: Mapping[Place, Mapping[str, int]] = field(default_factory=dict)
    contents: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()  # datastores whose snippets PVE does not show this token

    def snippets(self, place: Place) -> Mapping[str, int] | None:
        """Sizes by volume id; None where nobody may say what lies there."""
        return None if place[1] in self.unlisted else self.sizes.get(place)

    def unseen(self) -> tuple[str, ...]:
        """The planned machines that exist and of which nothing could be read."""
        return tuple(one.name for one in self.plan.machines if one.vm_id in self.machines and one.vm_id not in self.configs)

    def existing(self) -> Iterator[tuple[Machine, EstateMachine, Config]]:
        """The planned machines that exist and whose configuration was read."""
        for machine in self.plan.machines:
            seen = self.machines.get(machine.vm_id)
            if seen is not None and machine.vm_id in self.configs:
                yield machine, seen, self.configs[machine.vm_id]
