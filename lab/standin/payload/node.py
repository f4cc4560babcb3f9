"""This machine's Node: registered once, kept alive by its Lease, as a kubelet does."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .flavor import OURS
from .kube import LEASES, NODES, STRATEGIC, Kube, KubeError, condition, node_path
from .kubelet import Kubelet
from .reservations import memory

LEASE_SECONDS = 40
BEAT_SECONDS = 10.0
RETRY_SECONDS = 1.0
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
HEALTHY = {
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
    "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """What the Node says of this machine. Labels (key=value) are patched at each start and never removed (k3s, pkg/agent/run.go,
    updateMutableLabels); taints (key=value:effect) count at the Node's registration only.

    `further` are its addresses of the other family, where the cluster is dual stack.
    """

    name: str
    address: str
    version: str
    labels: tuple[str, ...] = ()
    taints: tuple[str, ...] = ()
    further: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """All its addresses, the main one first."""
        return (self.address, *self.further)

    def registration(self) -> dict[str, Any]:
        """The Node as it is created."""
        metadata = {"name": self.name, "labels": {**self.own_labels(), **self.given_labels()}, "annotations": self.annotations()}
        return {"kind": "Node", "apiVersion": "v1", "metadata": metadata, "spec": {"taints": [_taint(text) for text in self.taints]}}

    def own_labels(self) -> dict[str, str]:
        """The labels that a kubelet sets at each start."""
        arch = ARCHITECTURES.get(platform.machine(), platform.machine())
        return {"kubernetes.io/hostname": self.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": arch}

    def given_labels(self) -> dict[str, str]:
        """The labels of the configuration."""
        return dict(_split(label) for label in self.labels)

    def annotations(self) -> dict[str, str]:
        """The distribution's notes about a node."""
        return {f"{OURS.name}.io/hostname": self.name, f"{OURS.name}.io/internal-ip": self.address}

    def status(self, before: dict[str, Any], trouble: str = "") -> dict[str, Any]:
        """The whole status; a condition that stays as it was keeps the time of its last change. With `trouble` it is not Ready."""
        own = [{"type": "InternalIP", "address": address} for address in self.addresses]
        addresses = [*own, {"type": "Hostname", "address": self.name}]
        room = {"cpu": str(os.cpu_count() or 1), "memory": f"{memory() // 1024}Ki", "pods": "110"}
        states = {**HEALTHY, "Ready": ("False", "KubeletNotReady", trouble)} if trouble else HEALTHY
        conditions = [changed_condition(before, kind, state) for kind, state in states.items()]
        return {
            "addresses": addresses, "capacity": room, "allocatable": room, "conditions": conditions,
            "nodeInfo": {"kubeletVersion": self.version, **_system()},
        }  # fmt: skip


class Heart:
    """The thread that registers the Node and keeps it alive until `ending`."""

    def __init__(
        self, identity: Identity, kube: Kube, ending: threading.Event, kubelet: Kubelet, after_beat: Callable[[], None] = lambda: None
    ) -> None:
        self.registered = threading.Event()
        self._identity = identity
        self._kube = kube
        self._ending = ending
        self._kubelet = kubelet
        self._after_beat = after_beat

    def start(self) -> None:
        """Begin; `registered` tells when the Node is there and its Lease was renewed."""
        threading.Thread(target=self._run, name="node", daemon=True).start()

    def _run(self) -> None:
        pause = 0.0
        while not self._ending.wait(pause):
            try:
                self._beat()
                pause = BEAT_SECONDS
            except KubeError as error:
                self._kubelet.say("E", "kubelet_node_status.go:107", "Unable to register node with API server", err=str(error))
                pause = RETRY_SECONDS
            self._after_beat()

    def _beat(self) -> None:
        path = node_path(self._identity.name)
        node = self._kube.find(path)
        if node is None and self.registered.is_set():
            raise KubeError("the Node was deleted; a restart registers it again")  # a kubelet registers at its start only
        if node is None:
            self._kube.create(NODES, self._identity.registration())
        if not self.registered.is_set() or condition(node or {}, "Ready").get("status") != "True":
            self._renew_node(path, node or {})
        self._renew_lease()
        self.registered.set()

    def _renew_node(self, path: str, before: dict[str, Any]) -> None:
        given = {} if self.registered.is_set() else self._identity.given_labels()
        metadata = {"labels": {**given, **self._identity.own_labels()}, "annotations": self._identity.annotations()}
        self._kube.patch(path, {"metadata": metadata})
        self._kube.patch(f"{path}/status", {"status": self._identity.status(before, self._kubelet.trouble())}, STRATEGIC)

    def _renew_lease(self) -> None:
        name = self._identity.name
        renewed = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": name, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": renewed}
        lease = self._kube.find(f"{LEASES}/{name}")
        if lease is None:
            self._kube.create(LEASES, {"kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": {"name": name}, "spec": spec})
        else:
            self._kube.replace(f"{LEASES}/{name}", {**lease, "spec": spec})


def changed_condition(before: dict[str, Any], kind: str, state: tuple[str, str, str]) -> dict[str, Any]:
    """A condition for a patch of status; `state` is status, reason, message."""
    status, reason, message = state
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    old = condition(before, kind)
    since = old.get("lastTransitionTime", now) if old.get("status") == status else now
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": now, "lastTransitionTime": since}


def _split(label: str) -> tuple[str, str]:
    key, _, value = label.partition("=")
    return key, value


def _taint(text: str) -> dict[str, str]:
    pair, _, effect = text.rpartition(":")
    key, value = _split(pair)
    return {"key": key, "value": value, "effect": effect}


def _system() -> dict[str, str]:
    arch = ARCHITECTURES.get(platform.machine(), platform.machine())
    return {
        "machineID": _read("/etc/machine-id"), "systemUUID": _read("/etc/machine-id"), "bootID": _read("/proc/sys/kernel/random/boot_id"),
        "kernelVersion": platform.release(), "osImage": _os_name(), "operatingSystem": "linux", "architecture": arch,
        "containerRuntimeVersion": "stand-in://0", "kubeProxyVersion": "",
    }  # fmt: skip


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
