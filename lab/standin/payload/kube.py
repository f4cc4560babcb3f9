"""Calls to the Kubernetes API, at the first of several servers that answers."""

from __future__ import annotations

import json
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from . import https
from .flavor import API_PORT

NODES = "/api/v1/nodes"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"  # conditions and addresses are merged by their type
NOT_FOUND = 404
SERVER_FAULT = 500


class KubeError(Exception):
    """The API refused, or no server answered; in its own words."""


class Kube:
    """One caller's view of the API. Not for two threads at once."""

    def __init__(self, context: ssl.SSLContext, servers: Sequence[str]) -> None:
        self._context = context
        self._lines: dict[str, https.Line] = {}
        self.servers = list(servers)

    def find(self, path: str) -> dict[str, Any] | None:
        """Read an object; None when there is none. Raises KubeError."""
        return self._call("GET", path)

    def listed(self, path: str) -> list[dict[str, Any]]:
        """Read the items of a list. Raises KubeError."""
        return (self._call("GET", path) or {}).get("items") or []

    def create(self, path: str, body: dict[str, Any]) -> None:
        """Make an object. Raises KubeError."""
        self._call("POST", path, body)

    def replace(self, path: str, body: dict[str, Any]) -> None:
        """Write an object as a whole. Raises KubeError."""
        self._call("PUT", path, body)

    def patch(self, path: str, body: dict[str, Any], kind: str = STRATEGIC) -> None:
        """Change a part of an object. Raises KubeError."""
        self._call("PATCH", path, body, kind)

    def delete(self, path: str) -> None:
        """Delete an object. Raises KubeError."""
        self._call("DELETE", path)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None, kind: str = "application/json") -> dict[str, Any] | None:
        content = None if body is None else json.dumps(body).encode()
        answer = self._ask_all(method, path, content, kind)
        if answer.status == NOT_FOUND and method == "GET":
            return None
        if not answer.good:
            raise KubeError(f"{method} {path}: {answer.status} {answer.json().get('message', '')}")
        return answer.json()

    def _ask_all(self, method: str, path: str, content: bytes | None, kind: str) -> https.Answer:
        trouble = "no server is known"
        for _ in range(len(self.servers)):
            try:
                answer = self._ask(method, path, content, kind)
            except https.UNREACHABLE as error:
                trouble = f"{self.servers[0]}: {error}"
            else:
                if answer.status < SERVER_FAULT:
                    return answer
                trouble = f"{self.servers[0]}: {answer.status}"
            self.servers.append(self.servers.pop(0))  # the next call starts with another one
        raise KubeError(f"{method} {path}: {trouble}")

    def _ask(self, method: str, path: str, content: bytes | None, kind: str) -> https.Answer:
        headers = {"Content-Type": kind, "Accept": "application/json"}
        line = self._lines.setdefault(self.servers[0], https.Line(self._context, self.servers[0], API_PORT))
        return line.send(method, path, content, headers)


def node_path(name: str) -> str:
    """The path of a Node."""
    return f"{NODES}/{quote(name)}"


def condition(node: dict[str, Any], kind: str) -> dict[str, Any]:
    """A Node's condition; an empty one when it has none of this type."""
    conditions = node.get("status", {}).get("conditions") or []
    return next((entry for entry in conditions if entry["type"] == kind), {})
