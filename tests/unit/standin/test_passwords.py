from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lab.standin.payload import passwords
from lab.standin.payload.kube import Kube, KubeError
from lab.standin.payload.paths import Paths

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


class Store(Kube):
    """Keeps objects by path, as the API would."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}

    def find(self, path: str) -> dict[str, Any] | None:
        return self.objects.get(path)

    def create(self, path: str, body: dict[str, Any]) -> None:
        name = f"{path}/{body['metadata']['name']}"
        if name in self.objects:
            raise KubeError("409")
        self.objects[name] = body


def secret(owners: list[str], created: str = "2026-11-29T11:59:00Z") -> dict[str, Any]:
    return {
        "metadata": {"name": "a1.node-password.rke2", "creationTimestamp": created, "ownerReferences": [{"uid": uid} for uid in owners]}
    }


def node(name: str, uid: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": uid}}


def test_the_password_is_made_once_for_root_only(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path, tmp_path / "data")
    first = passwords.own(paths)
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert passwords.own(paths) == first
    file = tmp_path / "etc/rancher/node/password"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o755)


def test_a_hash_is_k3s_s_scrypt_and_salted() -> None:
    made = passwords.hashed("word")
    assert re.fullmatch(r"\$1:[0-9a-f]{16}:15:8:1:[A-Za-z0-9+/]{86}", made)
    assert made != passwords.hashed("word")
    assert passwords.matches(made, "word")
    assert not passwords.matches(made, "other")
    with pytest.raises(ValueError, match="hash version 2"):
        passwords.matches("$2:00:15:8:1:AA", "word")


@pytest.mark.proves("reality D22")
def test_the_first_password_of_a_name_counts_and_another_is_refused() -> None:
    kube = Store()
    passwords.ensure(kube, "Agent1", "word")
    made = kube.objects["/api/v1/namespaces/kube-system/secrets/agent1.node-password.rke2"]
    assert made["immutable"]
    assert made["type"] == "rke2.cattle.io/node-password"
    passwords.ensure(kube, "agent1", "word")
    with pytest.raises(passwords.PasswordError, match="unable to verify password for node agent1: hash does not match"):
        passwords.ensure(kube, "agent1", "of a fresh disk")
    kube.objects.clear()
    passwords.ensure(kube, "agent1", "of a fresh disk")


def test_a_secret_without_a_hash_refuses_everybody() -> None:
    kube = Store()
    passwords.ensure(kube, "a", "word")
    next(iter(kube.objects.values()))["data"] = {}
    with pytest.raises(passwords.PasswordError, match="password hash not found"):
        passwords.ensure(kube, "a", "word")


@pytest.mark.parametrize(("owners", "nodes", "created", "gone"), [
    (["u1"], [node("a1", "u1")], "2026-11-29T10:00:00Z", False), (["u1"], [], "2026-11-29T11:59:00Z", True),
    (["u1"], [node("a1", "u2")], "2026-11-29T11:59:00Z", True), ([], [], "2026-11-29T11:55:00Z", False),
    ([], [], "2026-11-29T11:45:00Z", True), ([], [node("a1", "u1")], "2026-11-29T11:45:00Z", False),
])  # fmt: skip
def test_a_secret_goes_with_its_node(owners: list[str], nodes: list[dict[str, Any]], created: str, gone: bool) -> None:
    assert passwords.is_left_over(secret(owners, created), nodes, NOW) is gone
