"""What is amiss with an emulated estate because a test said so: offline nodes, wrong clocks, missing bridges, full storages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lab.pve.agents import AgentCondition
from lab.pve.errors import PveError

#: What PVE's proxy answers for a node that it cannot reach (PVE::APIServer::AnyEvent; no status of HTTP).
NO_ROUTE = 595


@dataclass(slots=True)
class NodeCondition:
    """Of one PVE node. `clock` in seconds ahead of the others; `unreachable` are starts of URLs that it does not get; `memory_gib`."""

    offline: bool = False
    clock: float = 0.0
    version: str | None = None
    unreachable: list[str] = field(default_factory=list)
    memory_gib: int = 512


@dataclass(slots=True)
class Conditions:
    """Of the whole estate; without an entry, a thing is as it should be. `latency` in seconds is added to each answer."""

    nodes: dict[str, NodeCondition] = field(default_factory=dict)
    storages: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # node, storage -> what differs in its description
    bridges: dict[tuple[str, str], dict[str, Any] | None] = field(
        default_factory=dict
    )  # node, bridge -> what differs; None: it is not there
    agents: dict[int, AgentCondition] = field(default_factory=dict)  # by VM id
    qmp: dict[int, str] = field(default_factory=dict)  # by VM id: what QEMU says of a VM that runs, `paused` for example
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)  # `METHOD /route`: what differs in its answer
    latency: float = 0.0
    console_tokens: bool = True  # whether a terminal knows API tokens: qemu-server 9.1.7 and later

    def agent(self, vm_id: int) -> AgentCondition:
        """That of a VM's guest agent."""
        return self.agents.get(vm_id) or AgentCondition()

    def node(self, name: str) -> NodeCondition:
        """A PVE node's."""
        return self.nodes.get(name) or NodeCondition()

    def reach(self, node: str | None) -> None:
        """Raises PveError as the proxy does when that node is off."""
        if node is not None and self.node(node).offline:
            raise PveError(NO_ROUTE, "No route to host")

    def fetches(self, node: str, url: str) -> bool:
        """Whether that node gets that URL."""
        return not any(url.startswith(start) for start in self.node(node).unreachable)
