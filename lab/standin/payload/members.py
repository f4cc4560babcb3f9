"""What the server whose etcd leads does about members: promotes learners, shows who votes, removes those whose Node is deleted."""

from __future__ import annotations

import time
from typing import Any

from .etcd import Etcd, EtcdError, Member
from .flavor import OURS
from .journal import log
from .kube import MERGE, NODES, Kube, condition, node_path
from .node import changed_condition
from .paths import Paths

FINALIZER = "wrangler.cattle.io/managed-etcd-controller"
NAME_ANNOTATION = f"etcd.{OURS.name}.cattle.io/node-name"
ADDRESS_ANNOTATION = f"etcd.{OURS.name}.cattle.io/node-address"
SERVER_NODES = f"{NODES}?labelSelector=node-role.kubernetes.io/etcd%3Dtrue"
STALL_SECONDS = 300.0
VOTER = ("True", "MemberNotLearner", "Node is a voting member of the etcd cluster")
LEARNER = ("False", "MemberIsLearner", "Node has not been promoted to voting member of the etcd cluster")
UNHEALTHY = ("False", "Unhealthy", "Node is not healthy")
NOT_A_MEMBER = ("False", "NotAMember", "Node is not a member of the etcd cluster")


def mark_server(kube: Kube, node: str, member: str, address: str) -> None:
    """Give this server's Node the role labels and the annotations; a kubelet itself may not set such labels."""
    labels = {"node-role.kubernetes.io/control-plane": "true", "node-role.kubernetes.io/etcd": "true"}
    annotations = {NAME_ANNOTATION: member, ADDRESS_ANNOTATION: address}
    kube.patch(node_path(node), {"metadata": {"labels": labels, "annotations": annotations, "finalizers": [FINALIZER]}})


class Members:
    """One look each few seconds; state is only since when a learner makes no progress."""

    def __init__(self, paths: Paths, kube: Kube) -> None:
        self._paths = paths
        self._etcd = Etcd(paths)
        self._kube = kube
        self._asked: dict[str, Etcd] = {}
        self._learning: dict[str, float] = {}

    def promote(self, members: list[Member]) -> None:
        """Make voters of learners that have caught up; one that has not for five minutes is taken out, as k3s does."""
        learners = [member for member in members if member.learner]
        self._learning = {member.id: self._learning.get(member.id, time.monotonic()) for member in learners}
        for member in learners:
            self._promote(member)

    def show_voters(self, members: list[Member]) -> None:
        """Set EtcdIsVoter on the Nodes of servers where it changed. Raises KubeError."""
        for node in self._kube.listed(SERVER_NODES):
            state = self._state(node, members)
            known = condition(node, "EtcdIsVoter")
            if (known.get("status"), known.get("reason")) != state[:2]:
                path = f"{node_path(node['metadata']['name'])}/status"
                self._kube.patch(path, {"status": {"conditions": [changed_condition(node, "EtcdIsVoter", state)]}})

    def remove_deleted(self, members: list[Member]) -> None:
        """Take the members out whose Node someone deleted, then let the Node go. Raises KubeError, EtcdError."""
        for node in self._kube.listed(SERVER_NODES):
            finalizers = node["metadata"].get("finalizers") or []
            if "deletionTimestamp" not in node["metadata"] or FINALIZER not in finalizers:
                continue
            for member in members:
                if _is_of(member, node):
                    log("info", f"Removing name={member.name} address={member.address} from etcd")
                    self._etcd.remove(member)
            rest = [name for name in finalizers if name != FINALIZER]
            self._kube.patch(node_path(node["metadata"]["name"]), {"metadata": {"finalizers": rest or None}}, MERGE)

    def _promote(self, member: Member) -> None:
        try:
            self._etcd.promote(member)
            log("info", f"Promoted learner {member.name}")
        except EtcdError as error:
            if time.monotonic() - self._learning[member.id] > STALL_SECONDS:
                log("warning", f"Removed learner {member.name or member.address} from etcd cluster: {error}")
                self._etcd.remove(member)

    def _state(self, node: dict[str, Any], members: list[Member]) -> tuple[str, str, str]:
        member = next((member for member in members if _is_of(member, node)), None)
        if member is None:
            return NOT_A_MEMBER
        try:
            self._asked.setdefault(member.address, Etcd(self._paths, member.address)).status()
        except EtcdError:
            return UNHEALTHY
        return LEARNER if member.learner else VOTER


def _is_of(member: Member, node: dict[str, Any]) -> bool:
    annotations = node["metadata"].get("annotations") or {}
    return bool(member.name) and member.name == annotations.get(NAME_ANNOTATION)
