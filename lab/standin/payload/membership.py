"""Letting a server into etcd. The rules are those of k3s, pkg/etcd/etcd.go, `join`."""

from __future__ import annotations

from .etcd import Etcd, Member

DUPLICATE = "duplicate node name found, please use a unique name for this node"


class DuplicateNameError(Exception):
    """Another member holds the name of this node: its old self, whose disk is gone."""

    def __init__(self) -> None:
        super().__init__(DUPLICATE)


def admit(etcd: Etcd, name: str, node: str, peer_url: str) -> str:
    """Add the joiner as a learner unless it was added before; returns its --initial-cluster. Raises DuplicateNameError, EtcdError."""
    members = etcd.members()
    if any(member.node == node and member.name != name for member in members):
        raise DuplicateNameError
    if not any(_is_joiner(member, name, peer_url) for member in members):
        etcd.add_learner(peer_url)
    return initial_cluster(etcd.members(), name, peer_url)


def initial_cluster(members: list[Member], name: str, peer_url: str) -> str:
    """name=url of each member; one that has not started yet has no name in etcd, and with our address it must be us."""
    pairs = ((name if peer_url in member.peer_urls else member.name, url) for member in members for url in member.peer_urls)
    return ",".join(f"{member}={url}" for member, url in pairs)


def _is_joiner(member: Member, name: str, peer_url: str) -> bool:
    return peer_url in member.peer_urls and member.name in ("", name)
