"""The Kubernetes API, asked as whoever has the kubeconfig that bootstrap wrote: by its address, with its certificate."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stardock.deadline import within
from stardock.prove.bench import FailedError
from stardock.reading import MAX_BYTES, read_file
from stardock.spec.tree import read_tree

#: Seconds for one answer to go on; and for the whole of it, however steadily it drips.
ANSWER_SECONDS = 10.0
WHOLE_SECONDS = 30.0
_MOST = 1 << 22
_OK = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    text: str

    @property
    def data(self) -> dict[str, Any]:
        """Of JSON; empty for anything else."""
        try:
            told = json.loads(self.text)
        except (ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """As the API tells of it. `runtime`: of containers, `NAME://VERSION`."""

    ready: bool
    votes: bool
    version: str
    runtime: str
    address: str


class Api:
    """Questions by one kubeconfig. FailedError where there is none, or nobody answers."""

    def __init__(self, kubeconfig: Path, seconds: float = ANSWER_SECONDS) -> None:
        told = _read(kubeconfig)
        self.server = str(told["server"])
        self._seconds = seconds
        self._context = ssl.create_default_context(cadata=_decoded(told, "certificate-authority-data").decode("ascii", "replace"))
        # Python 3.13 asks of authorities what RFC 5280 does, and those of a distribution that made its own need not have
        self._context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        _show_certificate(self._context, told, kubeconfig.parent)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        """One question; any status is an answer."""
        parts = urlsplit(self.server)
        connection = http.client.HTTPSConnection(parts.hostname or "", parts.port or 443, timeout=self._seconds, context=self._context)
        try:
            return reply_of(connection, method, path, body)
        except (OSError, http.client.HTTPException) as error:
            raise FailedError(f"the API does not answer at {self.server}: {type(error).__name__} {error}") from error

    def ready(self) -> bool:
        """Whether it says so itself."""
        return self.ask("GET", "/readyz").status == _OK

    def items(self, path: str) -> list[dict[str, Any]]:
        """A list of objects. FailedError for another answer."""
        reply = self.ask("GET", path)
        found = reply.data.get("items")
        if reply.status != _OK or not isinstance(found, list):
            raise FailedError(f"GET {path}: {reply.status} {reply.text[:200]}")
        return [one for one in found if isinstance(one, dict)]

    def nodes(self) -> dict[str, Node]:
        """All Nodes, by name."""
        return {str(_at(one, "metadata", "name")): _node(one) for one in self.items("/api/v1/nodes")}


def reply_of(connection: http.client.HTTPConnection, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
    """One question by that connection, which goes with it; a redirect is an answer. OSError or HTTPException where it does not come to its
    end in time, whatever drips.
    """

    def asked() -> Reply:
        try:
            connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(_MOST).decode(errors="replace"))
        finally:
            connection.close()

    return within(WHOLE_SECONDS, asked, lambda: TimeoutError(f"the answer does not end within {WHOLE_SECONDS:.0f} s"))


def _node(one: Mapping[str, Any]) -> Node:
    conditions = {str(each.get("type")): each.get("status") == "True" for each in _rows(one, "status", "conditions")}
    addresses = [str(each.get("address")) for each in _rows(one, "status", "addresses") if each.get("type") == "InternalIP"]
    info = _at(one, "status", "nodeInfo") or {}
    told = {key: str(info.get(key) or "") for key in ("kubeletVersion", "containerRuntimeVersion")}
    return Node(
        ready=conditions.get("Ready", False),
        votes=conditions.get("EtcdIsVoter", False),
        version=told["kubeletVersion"],
        runtime=told["containerRuntimeVersion"],
        address=next(iter(addresses), ""),
    )


def _rows(one: Mapping[str, Any], *keys: str) -> Iterator[Mapping[str, Any]]:
    found = _at(one, *keys)
    yield from (each for each in (found if isinstance(found, list) else ()) if isinstance(each, Mapping))


def _at(one: Any, *keys: str) -> Any:
    for key in keys:
        one = one.get(key) if isinstance(one, Mapping) else None
    return one


def _read(path: Path) -> dict[str, Any]:
    """The cluster and the user of a kubeconfig with one of each."""
    text = read_file(path, what="the kubeconfig", most=MAX_BYTES, cure="runner bootstrap writes it")
    if text is None:
        raise FailedError("bootstrap wrote no kubeconfig")
    told = read_tree(text.decode(errors="replace")).data
    try:
        return {**told["clusters"][0]["cluster"], **told["users"][0]["user"]}
    except (KeyError, IndexError, TypeError):
        raise FailedError("the kubeconfig has no cluster or no user") from None


def _decoded(told: Mapping[str, Any], key: str) -> bytes:
    try:
        return base64.b64decode(str(told[key]), validate=True)
    except (KeyError, ValueError):
        raise FailedError(f"the kubeconfig has no {key}") from None


def _show_certificate(context: ssl.SSLContext, told: Mapping[str, Any], beside: Path) -> None:
    """Python takes a key from a file alone: one for this moment, where the kubeconfig itself is, and goes with it after a kill."""
    with tempfile.TemporaryDirectory(prefix=".client-", dir=beside) as folder:  # 0700
        path = Path(folder) / "client.pem"
        path.write_bytes(_decoded(told, "client-certificate-data") + b"\n" + _decoded(told, "client-key-data"))
        context.load_cert_chain(path)
