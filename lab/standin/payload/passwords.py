"""Node passwords: they keep a machine from taking another one's name, and a rebuilt machine from taking its own back.

Facts of k3s: pkg/nodepassword (nodepassword.go, validate.go, controller.go), pkg/authenticator/hash/scrypt.go, pkg/agent/config/config.go.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from .flavor import OURS
from .journal import log
from .kube import MERGE, NODES, Kube, KubeError
from .paths import Paths, write

SECRETS = "/api/v1/namespaces/kube-system/secrets"
TYPE = f"{OURS.name}.cattle.io/node-password"
REJECTED = (
    "Node password rejected, duplicate hostname or contents of '{}' may not match server node-passwd entry, "
    "try enabling a unique node name with the --with-node-id flag"
)
FORMAT_VERSION, KEY_BYTES, SALT_BYTES = 1, 64, 8
COST, BLOCK, PARALLEL = 15, 8, 1  # log2 of N, r, p
MEMORY = 64 << 20  # bytes; what OpenSSL may use for one hash, which takes 32 MiB
ORPHAN_SECONDS = 600.0


class PasswordError(Exception):
    """The Secret of this node was made with another password."""

    def __init__(self, node: str, why: str) -> None:
        super().__init__(f"unable to verify password for node {node}: {why}")


def own(paths: Paths) -> str:
    """This machine's password, made at the first start. It lies beside the configuration, so it outlives an emptied data folder."""
    file = paths.password
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        write(file, secrets.token_hex(16) + "\n")
    return file.read_text().strip()


def hashed(password: str) -> str:
    """A salted scrypt hash: $<version>:<salt in hex>:<log2 of N>:<r>:<p>:<base64 without padding>."""
    salt = secrets.token_bytes(SALT_BYTES)
    key = base64.b64encode(_derive(password, salt, (COST, BLOCK, PARALLEL), KEY_BYTES)).decode().rstrip("=")
    return f"${FORMAT_VERSION}:{salt.hex()}:{COST}:{BLOCK}:{PARALLEL}:{key}"


def matches(text: str, password: str) -> bool:
    """Whether a hash was made from this password. Raises ValueError when it is no hash."""
    version, salt, cost, block, parallel, encoded = text.removeprefix("$").split(":")
    if int(version) != FORMAT_VERSION:
        raise ValueError(f"hash version {version} does not match package version {FORMAT_VERSION}")
    key = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    return hmac.compare_digest(key, _derive(password, bytes.fromhex(salt), (int(cost), int(block), int(parallel)), len(key)))


def ensure(kube: Kube, node: str, password: str) -> None:
    """Hold a password against the node's Secret, or make the Secret. Raises PasswordError, KubeError."""
    path = f"{SECRETS}/{quote(secret_name(node))}"
    secret = kube.find(path)
    if secret is None:
        secret = _made(kube, path, node, password)
    try:
        good = matches(base64.b64decode(secret["data"]["hash"]).decode(), password)
    except KeyError as error:
        raise PasswordError(node, "password hash not found in node secret") from error
    except ValueError as error:
        raise PasswordError(node, str(error)) from error
    if not good:
        raise PasswordError(node, "hash does not match")


def secret_name(node: str) -> str:
    """The name of a node's Secret in kube-system."""
    return f"{node}.node-password.{OURS.name}".lower()


def tidy(kube: Kube) -> None:
    """Tie each Secret to its Node and delete those whose Node is gone, as k3s and the garbage collector do. Raises KubeError."""
    stored = kube.listed(f"{SECRETS}?fieldSelector={quote(f'type={TYPE}', safe='')}")
    nodes = kube.listed(NODES) if stored else []
    for secret in stored:
        path = f"{SECRETS}/{quote(secret['metadata']['name'])}"
        if is_left_over(secret, nodes, datetime.now(UTC)):
            log("info", f"Deleted node-password secret {secret['metadata']['name']}, whose Node is gone")
            kube.delete(path)
        elif owner := _new_owner(secret, nodes):
            kube.patch(path, {"metadata": {"ownerReferences": [owner]}}, MERGE)


def is_left_over(secret: dict[str, Any], nodes: Sequence[dict[str, Any]], now: datetime) -> bool:
    """Whether all owners of a Secret are gone; one that never had any may wait ten minutes for its Node."""
    owners = secret["metadata"].get("ownerReferences") or []
    if owners:
        return not {owner["uid"] for owner in owners} & {node["metadata"]["uid"] for node in nodes}
    age = now - datetime.fromisoformat(secret["metadata"]["creationTimestamp"])
    return age.total_seconds() > ORPHAN_SECONDS and _node_of(secret, nodes) is None


def _made(kube: Kube, path: str, node: str, password: str) -> dict[str, Any]:
    data = {"hash": base64.b64encode(hashed(password).encode()).decode()}
    metadata = {"name": secret_name(node), "namespace": "kube-system"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": TYPE, "immutable": True, "data": data}
    try:
        kube.create(SECRETS, secret)
    except KubeError:
        there = kube.find(path)  # another server was quicker
        if there is None:
            raise
        return there
    return secret


def _new_owner(secret: dict[str, Any], nodes: Sequence[dict[str, Any]]) -> dict[str, str]:
    node = _node_of(secret, nodes)
    if node is None or secret["metadata"].get("ownerReferences"):
        return {}
    return {"apiVersion": "v1", "kind": "Node", "name": node["metadata"]["name"], "uid": node["metadata"]["uid"]}


def _node_of(secret: dict[str, Any], nodes: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    name = secret["metadata"]["name"]
    return next((node for node in nodes if secret_name(node["metadata"]["name"]) == name), None)


def _derive(password: str, salt: bytes, measure: tuple[int, int, int], length: int) -> bytes:
    cost, block, parallel = measure
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << cost, r=block, p=parallel, dklen=length, maxmem=MEMORY)
