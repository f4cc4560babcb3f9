"""The two ways in which a machine is a node: for real, where the lab gives it a kubelet, and emulated, where it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from .children import Children
from .components import Components, Parts
from .config import Config
from .emulated import EmulatedNode
from .flavor import OURS
from .kube import Kube
from .node import Identity
from .paths import Paths
from .real import RealNode


class Node(Protocol):
    """This machine's node. `children` are the programs that end with the service, and what to wait with.

    `emulated` says that nothing but us looks after it.
    """

    children: Children
    emulated: bool

    def start(self, waiting: str) -> None:
        """Start the kubelet; `waiting` says what is waited for meanwhile. Raises StoppedError."""

    def install_network(self, name: str) -> None:
        """Do what the CNI of this name does on each machine, where nothing else does it."""

    def run(self, name: str, command: Sequence[str], instead: Sequence[str] = ()) -> None:
        """As `Components` says, in a static pod."""

    def forget(self, name: str) -> None:
        """As `Components` says."""

    def run_controllers(self, components: Components, network: str) -> None:
        """Run what a server has beside its API: controller manager, scheduler, the manifests of its CNI."""

    def join(self, waiting: str, kube: Kube, after_beat: Callable[[], None] = lambda: None) -> None:
        """Register the Node and keep it; `after_beat` is called every ten seconds. Raises StoppedError."""


def node_of(paths: Paths, config: Config, identity: Identity, ending: threading.Event) -> Node:
    """The node that this machine can be."""
    kind = RealNode if (paths.tools / "kubelet").exists() else EmulatedNode
    return kind(paths, config, identity, ending)


def components_of(paths: Paths, node: Node) -> Components:
    """How this server runs its components."""
    return node if OURS.static_pods else Parts(paths, node.children)
