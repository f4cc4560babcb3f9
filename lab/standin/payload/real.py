"""A node for real: containerd and a kubelet are children of the service, and static pods are the kubelet's, where there are any.

Facts of rke2: pkg/executor/staticpod (what is started, in which order; a kubelet that exits is started again after 5 s); of k3s:
pkg/agent/run.go (labels and annotations of the Node), pkg/daemons/agent (the kubelet's settings), pkg/agent/flannel/setup.go
(`waitForPodCIDR`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from . import charts, containerd, controllers, flannel, kubelet_settings, manifests, profile, staticpods
from .children import Children
from .components import Components, Part
from .config import Config
from .flavor import NO_NETWORK, OURS
from .journal import log
from .kube import MERGE, Kube, KubeError, node_path
from .node import BEAT_SECONDS, Identity
from .paths import Paths
from .programs import HostProgram, environment

RESTART_SECONDS = 5.0


class RealNode:
    """Implements `nodes.Node`."""

    emulated = False

    def __init__(self, paths: Paths, config: Config, identity: Identity, ending: threading.Event) -> None:
        self.children = Children(ending)
        self._paths = paths
        self._config = config
        self._identity = identity
        self._ending = ending
        self._has_flannel = False

    def start(self, waiting: str) -> None:
        """As `Node` says. A kubelet that ends says why in its log, and is started again; who waits for its pods goes on waiting."""
        log("info", f"Waiting for {waiting}")
        containerd.configure(self._paths, self._config)
        kubelet_settings.configure(self._paths, self._config)
        self._host_program("containerd", containerd.command(self._paths), self._paths.agent / "containerd/containerd.log")
        self.children.wait("containerd startup", lambda: containerd.answers(self._paths))
        containerd.load_images(self._paths)
        command = kubelet_settings.command(self._paths, self._config, self._identity)
        self._daemon("Kubelet", command, self._paths.logs / "kubelet.log")

    def install_network(self, name: str) -> None:
        """As `Node` says: pods do it, or flannel as a part of the service."""
        self._has_flannel = OURS.has_flannel and name != NO_NETWORK
        if self._has_flannel:
            flannel.configure(self._paths, self._config)

    def run(self, name: str, command: Sequence[str], instead: Sequence[str] = ()) -> None:
        """As `Node` says."""
        account = profile.etcd_account(self._paths, self._config) if name == "etcd" else None
        staticpods.write_manifest(self._paths, name, self._identity.name, command, instead, account=account)

    def forget(self, name: str) -> None:
        """As `Node` says."""
        staticpods.remove_manifest(self._paths, name)

    def run_controllers(self, components: Components, network: str) -> None:
        """As `Node` says."""
        controllers.write_kubeconfigs(self._paths)
        components.run("kube-controller-manager", controllers.manager(self._paths, self._config))
        components.run("kube-scheduler", controllers.scheduler(self._paths, self._config))
        manifests.write_packaged(self._paths, charts.packaged(self._paths, self._config, network))
        manifests.Deployer(self._paths, self._ending).start()
        if self._config.flag("disable-helm-controller"):
            return
        helm = manifests.helm_controller(self._paths, self._identity.name)
        self._daemon("helm-controller", helm, self._paths.logs / "helm-controller.log")

    def join(self, waiting: str, kube: Kube, after_beat: Callable[[], None] = lambda: None) -> None:
        """As `Node` says: the kubelet registers it, and RKE2 patches its labels at each start."""
        if not self._config.flag("disable-kube-proxy"):
            self._daemon("kube-proxy", controllers.proxy(self._paths, self._config, self._identity), self._paths.logs / "kube-proxy.log")
        self.children.wait(waiting, lambda: self._labelled(kube))
        if self._has_flannel:
            self.children.wait(f"PodCIDR assignment of node {self._identity.name}", lambda: self._has_pod_network(kube))
            self.children.run(Part(self._paths, "flannel", flannel.command(self._paths, self._config, self._identity.name)))
        threading.Thread(target=self._beat, args=(after_beat,), name="node", daemon=True).start()

    def _daemon(self, name: str, command: Sequence[str], output: Path) -> None:
        """What is a part of the service, or has a log of its own."""
        if OURS.static_pods:
            self._host_program(name, command, output)
        else:
            self.children.run(Part(self._paths, name.lower(), command))

    def _host_program(self, name: str, command: Sequence[str], output: Path) -> None:
        self.children.run(HostProgram(command, output, RESTART_SECONDS, environment(self._paths), f"{name} exited: {{}}"))

    def _has_pod_network(self, kube: Kube) -> bool:
        try:
            return bool((kube.find(node_path(self._identity.name)) or {}).get("spec", {}).get("podCIDR"))
        except KubeError:
            return False

    def _labelled(self, kube: Kube) -> bool:
        metadata = {"labels": self._identity.given_labels(), "annotations": self._identity.annotations()}
        try:
            if kube.find(node_path(self._identity.name)) is None:
                return False
            kube.patch(node_path(self._identity.name), {"metadata": metadata}, MERGE)
        except KubeError as error:
            log("info", f"Failed to update node {self._identity.name}: {error}")
            return False
        return True

    def _beat(self, after_beat: Callable[[], None]) -> None:
        while not self._ending.wait(BEAT_SECONDS):
            with suppress(KubeError):
                after_beat()
