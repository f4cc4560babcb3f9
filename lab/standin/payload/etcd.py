"""etcd: its file, and its members through the JSON gateway that it serves beside gRPC."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from . import https
from .paths import Paths, write

# RKE2 sets 500 and 5000. These are quicker, because a joiner's client port stays closed for 5 s + 2 x election, and a lab
# has several of those in a row. `etcd-arg` gives RKE2's own when a test wants them.
TIMERS = {"heartbeat-interval": 200, "election-timeout": 2000}
CLIENT_PORT = 2379
PEER_PORT = 2380
OPTION = "--config-file="
SECURITY = ("client-transport-security", "peer-transport-security")
TIMES = ("time", "duration", "interval", "retention")  # in the names of arguments whose value is a time
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
NANOSECONDS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


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


def command(paths: Paths) -> list[str]:
    """The command line: all else is in its file."""
    return [str(paths.tools / "etcd"), f"{OPTION}{_file(paths)}"]


def configure(paths: Paths, name: str, address: str, *, cluster: str, state: str, extra: Sequence[str]) -> None:
    """Write its file; `cluster` and `state` matter at the first start only, and stay as they were. `extra` is the user's etcd-arg."""
    initial = {"initial-advertise-peer-urls": peer_url(address), "initial-cluster": cluster, "initial-cluster-state": state}
    if paths.has_etcd_data() and _file(paths).is_file():  # rke2, pkg/executor/staticpod, CurrentETCDOptions
        before = json.loads(_file(paths).read_text())
        initial = {key: before[key] for key in initial}
    write(_file(paths), json.dumps({**_settings(paths, name, address), **initial, **_of_user(extra)}, indent=1))  # JSON is YAML


def told(command: Sequence[str]) -> list[str]:
    """What etcd's file says, of a command that names it; nothing of another program's."""
    return [Path(word.removeprefix(OPTION)).read_text() for word in command if word.startswith(OPTION)]


def named_files(command: Sequence[str]) -> list[str]:
    """What that file names: keys, certificates and authorities."""
    settings = [json.loads(text) for text in told(command)]
    return [value for each in settings for part in SECURITY for value in each[part].values() if isinstance(value, str)]


def _file(paths: Paths) -> Path:
    return paths.etcd / "config"


def _settings(paths: Paths, name: str, address: str) -> dict[str, Any]:
    """k3s, pkg/daemons/executor `ETCDConfig`; and for the lab: several share a disk; what a killed machine wrote, its host has."""
    client = f"https://{address}:{CLIENT_PORT}"
    return {
        "name": name, "data-dir": str(paths.etcd), "listen-peer-urls": peer_url(address), "advertise-client-urls": client,
        "listen-client-urls": f"https://127.0.0.1:{CLIENT_PORT},{client}", "listen-metrics-urls": "http://127.0.0.1:2381",
        "client-transport-security": _security(paths, "server-client", "server-ca"),
        "peer-transport-security": _security(paths, "peer-server-client", "peer-ca"),
        "logger": "zap", "log-outputs": ["stderr"], "log-level": "warn", "unsafe-no-fsync": True, **TIMERS,
    }  # fmt: skip


def _security(paths: Paths, stem: str, authority: str) -> dict[str, Any]:
    tls = paths.tls / "etcd"
    own = {"cert-file": f"{tls}/{stem}.crt", "key-file": f"{tls}/{stem}.key"}
    return {**own, "client-cert-auth": True, "trusted-ca-file": f"{tls}/{authority}.crt"}


def _of_user(extra: Sequence[str]) -> dict[str, Any]:
    """k3s, pkg/daemons/executor `ToConfigFile`: keys at the top of the file. What has no `=` is dropped, leading hyphens go."""
    pairs = (argument.lstrip("-").split("=", 1) for argument in extra if "=" in argument)
    return {name: _typed(name.lower(), value) for name, value in pairs}


def _typed(name: str, value: str) -> Any:
    if re.fullmatch(r"[+-]?\d+", value):
        return int(value)
    time = DURATION.fullmatch(value) if any(word in name for word in TIMES) else None
    if time:
        return round(float(time[1]) * NANOSECONDS[time[2]])
    if value.startswith("["):
        return yaml.safe_load(value)
    return {"true": True, "false": False}.get(value.lower(), value)
