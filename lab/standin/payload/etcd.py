"""etcd: its command line, and its members through the JSON gateway that it serves beside gRPC."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from . import https
from .paths import Paths, write

# RKE2 sets 500 and 5000. These are quicker, because a joiner's client port stays closed for 5 s + 2 x election, and a lab
# has several of those in a row. `etcd-arg` gives RKE2's own when a test wants them.
TIMERS = {"heartbeat-interval": "200", "election-timeout": "2000"}
CLIENT_PORT = 2379
PEER_PORT = 2380
# Flags of etcd that are no keys at the top of its file, which is where RKE2 puts `etcd-arg`: etcd passes them over.
NESTED = ("client-cert-auth", "auto-tls", "trusted-ca-file", "cert-file", "key-file", "client-cert-file", "client-key-file")


class EtcdError(Exception):
    """etcd's own words, or why it did not answer."""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the member list. The name is empty until the member has started."""

    id: str
    name: str
    peer_urls: tuple[str, ...]
    client_urls: tuple[str, ...]
    learner: bool

    @property
    def node(self) -> str:
        """The node's name: a member is named <node>-<8 hex digits>."""
        return self.name.rpartition("-")[0]

    @property
    def address(self) -> str:
        """Its IP address."""
        return self.peer_urls[0].removeprefix("https://").rpartition(":")[0]


@dataclass(frozen=True, slots=True)
class Status:
    """What one member says of itself."""

    id: str
    leader: str
    learner: bool


class Etcd:
    """One member's client port."""

    def __init__(self, paths: Paths, address: str = "127.0.0.1") -> None:
        self._address = address
        self._paths = paths
        self._line: https.Line | None = None

    def members(self) -> list[Member]:
        """The member list, agreed on by a quorum. Raises EtcdError."""
        return [_member(entry) for entry in self._call("cluster/member/list", {"linearizable": True}).get("members", [])]

    def add_learner(self, peer_url: str) -> None:
        """Add a member that does not vote yet. Raises EtcdError, above all while another learner exists."""
        self._call("cluster/member/add", {"peerURLs": [peer_url], "isLearner": True})

    def promote(self, member: Member) -> None:
        """Make a learner a voter. Raises EtcdError while it has not caught up."""
        self._call("cluster/member/promote", {"ID": member.id})

    def remove(self, member: Member) -> None:
        """Take a member out. Raises EtcdError."""
        self._call("cluster/member/remove", {"ID": member.id})

    def status(self, timeout: float = 2) -> Status:
        """Ask the member for itself; works on learners too. Raises EtcdError."""
        answer = self._call("maintenance/status", {}, timeout)
        return Status(answer["header"]["member_id"], answer.get("leader", "0"), bool(answer.get("isLearner")))

    def snapshot(self, timeout: float) -> Iterator[bytes]:
        """The whole store in pieces, its checksum at the end; `timeout` in seconds. Raises EtcdError."""
        try:
            answer = self._open().send("POST", "/v3/maintenance/snapshot", b"{}", timeout=timeout)
        except https.UNREACHABLE as error:
            raise EtcdError(str(error)) from error
        for line in answer.body.splitlines():  # one JSON object a line: {"result": {"blob": base64, ...}} or {"error": ...}
            piece = json.loads(line)
            if "result" not in piece:
                raise EtcdError(str(piece))
            yield base64.b64decode(piece["result"].get("blob", ""))

    def _call(self, path: str, body: dict[str, Any], timeout: float = 5) -> dict[str, Any]:
        try:
            answer = self._open().send("POST", f"/v3/{path}", json.dumps(body).encode(), timeout=timeout)
        except https.UNREACHABLE as error:
            raise EtcdError(str(error)) from error
        if not answer.good:
            raise EtcdError(answer.json().get("message") or answer.body.decode(errors="replace"))
        return answer.json()

    def _open(self) -> https.Line:
        if self._line is None:
            tls = self._paths.tls / "etcd"
            self._line = https.Line(https.trust(tls / "server-ca.crt", tls / "client"), self._address, CLIENT_PORT)
        return self._line


def _member(entry: dict[str, Any]) -> Member:
    peers, clients = tuple(entry.get("peerURLs", ())), tuple(entry.get("clientURLs", ()))
    return Member(entry["ID"], entry.get("name", ""), peers, clients, bool(entry.get("isLearner")))


def peer_url(address: str) -> str:
    """Where a member's peers reach it."""
    return f"https://{address}:{PEER_PORT}"


def member_name(paths: Paths, node: str) -> str:
    """This machine's member name, made once and kept beside the data, so that an emptied disk means a new name."""
    file = paths.etcd / "name"
    if not file.is_file():
        paths.etcd.mkdir(parents=True, exist_ok=True, mode=0o700)
        write(file, f"{node}-{secrets.token_hex(4)}")
    return file.read_text().strip()


def command(paths: Paths, name: str, address: str, *, cluster: str, state: str, extra: Sequence[str]) -> list[str]:
    """The command line; `cluster` and `state` matter at the first start only. `extra` is the user's etcd-arg."""
    tls = paths.tls / "etcd"
    client, peer = f"https://{address}:{CLIENT_PORT}", peer_url(address)
    flags = {
        "name": name, "data-dir": str(paths.etcd), "initial-cluster": cluster, "initial-cluster-state": state,
        "listen-peer-urls": peer, "initial-advertise-peer-urls": peer,
        "listen-client-urls": f"https://127.0.0.1:{CLIENT_PORT},{client}", "advertise-client-urls": client,
        "listen-metrics-urls": "http://127.0.0.1:2381",
        "client-cert-auth": "true", "trusted-ca-file": f"{tls}/server-ca.crt",
        "cert-file": f"{tls}/server-client.crt", "key-file": f"{tls}/server-client.key",
        "peer-client-cert-auth": "true", "peer-trusted-ca-file": f"{tls}/peer-ca.crt",
        "peer-cert-file": f"{tls}/peer-server-client.crt", "peer-key-file": f"{tls}/peer-server-client.key",
        "log-level": "warn", "unsafe-no-fsync": "true",  # several on one disk; what a killed machine wrote, its host still has
        **TIMERS, **_of_user(extra),
    }  # fmt: skip
    return [str(paths.tools / "etcd"), *(f"--{flag}={value}" for flag, value in flags.items())]


def _of_user(extra: Sequence[str]) -> dict[str, str]:
    """k3s, pkg/daemons/executor `ToConfigFile`: what has no `=` is dropped, leading hyphens go."""
    pairs = (argument.lstrip("-").split("=", 1) for argument in extra if "=" in argument)
    return {name: value for name, value in pairs if name.removeprefix("peer-") not in NESTED}
