"""What the Kubernetes API said of all Nodes, by one server that was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Who says so at a cordon of `runner machine`'s; the role kubernetes writes it.
SWITCHED = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStanding:
    """One Node. `cordoned_by`: who of ours cordoned it; `votes`: in etcd, now; None where it is no member."""

    ready: bool
    cordoned: bool = False
    cordoned_by: str = ""
    votes: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`by`: the server that answered; empty where none did, and `why` then tells why. `nodes`: by the Node's name."""

    by: str = ""
    why: str = ""
    nodes: Mapping[str, NodeStanding] = field(default_factory=dict)
