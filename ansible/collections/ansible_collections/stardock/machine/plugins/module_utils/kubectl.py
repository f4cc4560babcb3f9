"""kubectl on a server, as the modules of this collection call it: objects by kind, and deletion of exactly the one that was looked at."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

LONGEST = 1000

Object = dict[str, Any]


class KubectlError(Exception):
    """kubectl failed; in its own words."""


class Kubectl:
    """kubectl on this machine; never through a shell."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._plurals: dict[str, dict[str, str]] = {}

    def items(self, kind: str, *words: str) -> list[Object]:
        """List objects; none where the API does not know the kind. Raises KubectlError."""
        try:
            found = json.loads(self.run("get", kind, "--output", "json", "--ignore-not-found", *words) or "{}")
        except KubectlError as error:
            if "doesn't have a resource type" in str(error) or "could not find the requested resource" in str(error):
                return []
            raise
        if not isinstance(found, dict) or not found:
            return []
        items: list[Object] = found.get("items", [found])  # one that was asked for by its name comes bare
        return items

    def named(self, kind: str, namespace: str, names: Sequence[str]) -> list[Object]:
        """Give those of these names that are there. A name is never an option. Raises KubectlError."""
        return self.items(kind, "--namespace", namespace, "--", *names)

    def delete(self, kind: str, one: Mapping[str, Any]) -> None:
        """Delete this object and no other of its name, which only a raw request can say (kubectl, pkg/rawhttp). Raises KubectlError."""
        wanted = {"propagationPolicy": "Background", "preconditions": {"uid": one["metadata"]["uid"]}}
        options = json.dumps({"apiVersion": "v1", "kind": "DeleteOptions", **wanted})
        try:
            self.run("delete", "--raw", self._path(kind, one["metadata"]), "--filename", "-", given=options)
        except KubectlError as error:
            if "(NotFound)" not in str(error) and "(Conflict)" not in str(error):  # gone, or another one: the next look tells
                raise

    def _path(self, kind: str, metadata: Mapping[str, Any]) -> str:
        name, version, group = split(kind)
        base = f"/apis/{group}/{version}" if group else f"/api/{version}"
        if base not in self._plurals:
            found = json.loads(self.run("get", "--raw", base))["resources"]
            self._plurals[base] = {each["kind"]: each["name"] for each in found if "/" not in each["name"]}
        where = ["namespaces", metadata["namespace"]] if metadata.get("namespace") else []
        return "/".join((base, *where, self._plurals[base][name], quote(metadata["name"], safe=":")))

    def run(self, *words: str, given: str = "") -> str:
        """Run it, and give what it said. Raises KubectlError."""
        done = subprocess.run([*self._command, *words], input=given, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            raise KubectlError(plain(done.stderr or done.stdout))
        return done.stdout


def split(kind: str) -> tuple[str, str, str]:
    """Kind, version and group of a kind as kubectl takes it."""
    name, _, rest = kind.partition(".")
    version, _, group = rest.partition(".")
    return name, version, group


def plain(text: str) -> str:
    """One line of a text that a machine said."""
    return re.sub(r"[^\x20-\x7e]+", " ", text).strip()[:LONGEST]


def called(kind: str, one: Mapping[str, Any]) -> str:
    """Name an object for people."""
    metadata = one["metadata"]
    return " ".join((kind.partition(".")[0], "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)))
