"""A node without a kubelet: its refusals, its Node and its Lease are ours, and static pods are children of the service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from . import etcd, networks
from .children import Child, Children
from .components import Components
from .config import Config
from .kube import Kube
from .kubelet import Kubelet
from .node import Heart, Identity
from .paths import Paths
from .pods import Pod

KUBELET_SECONDS = 5.0


class EmulatedNode:
    """Implements `nodes.Node`."""

    emulated = True

    def __init__(self, paths: Paths, config: Config, identity: Identity, ending: threading.Event) -> None:
        self.children = Children(ending)
        self._paths = paths
        self._identity = identity
        self._ending = ending
        self._kubelet = Kubelet(paths, config)

    def start(self, waiting: str) -> None:
        """As `Node` says; no kubelet, no static pods."""
        self.children.wait(waiting, self._kubelet.start, KUBELET_SECONDS)
        self.children.wait(waiting, self._kubelet.runs_pods, KUBELET_SECONDS)

    def install_network(self, name: str) -> None:
        """As `Node` says: containers would have written the CNI's file."""
        networks.install(self._paths, name)

    def run(self, name: str, command: Sequence[str], instead: Sequence[str] = ()) -> None:
        """As `Node` says."""
        pod = Pod(self._paths.pods, name, self._identity.name, [*command[1:], *etcd.told(command)])
        pod.forget_older()
        self.children.run(Child(pod, instead or command, self._kubelet))

    def forget(self, name: str) -> None:
        """As `Node` says: they have ended with the service."""

    def run_controllers(self, components: Components, network: str) -> None:
        """As `Node` says: there are none, and no pod to look after."""

    def join(self, waiting: str, kube: Kube, after_beat: Callable[[], None] = lambda: None) -> None:
        """As `Node` says."""
        heart = Heart(self._identity, kube, self._ending, self._kubelet, after_beat)
        heart.start()
        self.children.wait(waiting, heart.registered.is_set)
