"""RKE2's config.yaml: which keys it knows, which of them are the user's to set, and which belong to which role.

RKE2 skips an unknown key with a line in its log; Stardock refuses it, because a misspelt `etcd-snapshot-retention` would be noticed
when the snapshots are needed. The facts are in `rke2-flags.json` (its `from` names their source).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from stardock.distributions.fault import Fault
from stardock.distributions.release import release
from stardock.nearest import nearest

#: Keys that Stardock writes itself, and why a value in cluster.yaml would break what it promises.
OWNED: Mapping[str, str] = {
    "config": "Stardock writes /etc/rancher/rke2/config.yaml itself",
    "server": "Stardock decides which machine joins where",
    "node-name": "a node has the name of its machine",
    "with-node-id": "a node has the name of its machine",
    "node-name-from-cloud-provider-metadata": "a node has the name of its machine",
    "node-ip": "it differs by machine; Stardock writes the address of the first interface",
    "advertise-address": "it differs by machine; Stardock writes the address of the first interface",
    "node-external-ip": "it differs by machine, and options are the same for all",
    "node-internal-dns": "it differs by machine, and options are the same for all",
    "node-external-dns": "it differs by machine, and options are the same for all",
    "data-dir": "Stardock looks for the cluster in /var/lib/rancher/rke2",
    "write-kubeconfig": "Stardock reads the kubeconfig at /etc/rancher/rke2/rke2.yaml",
    "token-file": "Stardock writes the token and names its file",
    "agent-token-file": "Stardock writes the token and names its file",
    "cluster-reset": "it would reset the cluster at every start",
    "cluster-reset-restore-path": "it would reset the cluster at every start",
    "disable-agent": "every server is also a node of the cluster",
    "disable-etcd": "every server is a member of etcd",
    "disable-apiserver": "every server answers the API",
    "disable-controller-manager": "every server runs the whole control plane",
    "disable-scheduler": "every server runs the whole control plane",
    "datastore-cafile": "Stardock's clusters keep their data in etcd",
    "datastore-certfile": "Stardock's clusters keep their data in etcd",
    "datastore-keyfile": "Stardock's clusters keep their data in etcd",
}

#: What to do instead of setting a key that holds a secret.
_SECRET_CURES: Mapping[str, str] = {
    "token": "delete it: Stardock makes the cluster's secrets, or reads them from the file that STARDOCK_SECRETS names",
    "agent-token": "delete it: Stardock makes the cluster's secrets, or reads them from the file that STARDOCK_SECRETS names",
    "datastore-endpoint": "delete it: Stardock's clusters keep their data in etcd",
}
_S3_CURE = "delete it, put the credentials in a Secret of kube-system, and name that: `etcd-s3-config-secret: NAME`"

#: Lists to which Stardock adds its own items; the user's come first.
MERGED = frozenset({"tls-san", "node-label", "node-taint", "kube-apiserver-arg"})

_DURATION = re.compile(r"(\d+(\.\d+)?(ns|us|ms|s|m|h))+")

Kind = Literal["text", "flag", "number", "list", "duration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of config.yaml. `roles` holds `s` (server) and `a` (agent); `since` is the first release of a minor that has it."""

    type: Kind
    roles: str
    hidden: bool = False  # not in RKE2's documents
    secret: bool = False
    equal: bool = False  # a server whose value differs is refused by the others
    choices: tuple[str, ...] = ()
    since: Mapping[str, str] | None = None


@cache
def known_keys() -> Mapping[str, Key]:
    """All keys of RKE2's config.yaml, by name."""
    return {name: Key(**{**facts, "choices": tuple(facts.get("choices", ()))}) for name, facts in _facts()["keys"].items()}


@cache
def _facts() -> Mapping[str, Any]:
    facts: dict[str, Any] = json.loads(Path(__file__).with_name("rke2-flags.json").read_text(encoding="utf-8"))
    return facts


def faults(options: Mapping[str, Any], version: str) -> Iterator[Fault]:
    """What is wrong with the options of cluster.yaml for that release; without one, what is wrong for every release."""
    for name, value in options.items():
        known = known_keys().get(name)
        found = (
            _unknown(name) if known is None else _unwanted(name, known) or _too_new(name, known, version) or _ill_typed(name, known, value)
        )
        if found:
            yield found


def options_for(role: Literal["server", "agent"], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a role's config.yaml takes, in declared order; lists are lists, however they were written."""
    keys = known_keys()
    return {
        name: [value] if keys[name].type == "list" and not isinstance(value, list | tuple) else value
        for name, value in options.items()
        if role[0] in keys[name].roles
    }


def _unknown(name: str) -> Fault:
    if name in _facts()["k3s_only"]:
        return Fault(name, f"`{name}` is a key of k3s; RKE2 does not have it", "delete it")
    near = nearest(name.removesuffix("+"), known_keys())
    cure = f"did you mean `{near}`?" if near else "the keys of RKE2 are those of `rke2 server --help`, without the dashes before them"
    return Fault(name, f"RKE2 has no key `{name}`, and would ignore it with a line in its log", cure)


def _unwanted(name: str, known: Key) -> Fault | None:
    if known.secret:
        return Fault(name, f"`{name}` is a secret, and cluster.yaml is committed", _SECRET_CURES.get(name, _S3_CURE))
    return Fault(name, f"`{name}` cannot be set here: {OWNED[name]}", "delete it") if name in OWNED else None


def _too_new(name: str, known: Key, version: str) -> Fault | None:
    own = release(version)
    if not known.since or own is None:
        return None
    minors = {_minor(minor): first for minor, first in known.since.items()}
    first = minors.get(own.series) or (minors[min(minors)] if own.series < min(minors) else None)
    needed = release(first) if first else None
    if needed is None or own >= needed:
        return None
    return Fault(name, f"`{name}` came with {first}; this is {version}", f"delete it, or write `version: {first}`")


def _minor(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)


def _ill_typed(name: str, known: Key, value: Any) -> Fault | None:
    if value is None:
        return Fault(name, "it has no value", "write one after the `:`, or delete the line")
    wanted, cure = _EXPECTED[known.type]
    if not _FITS[known.type](value):
        given = f"`{value}`" if isinstance(value, str) else json.dumps(value, default=str)
        return Fault(name, f"`{name}` takes {wanted}, not {given:.60}", cure)
    items = value if isinstance(value, list | tuple) else [value]
    parts = [part.strip() for item in items for part in (item.split(",") if known.type == "list" else [item])] if known.choices else []
    strange = [part for part in parts if part not in known.choices]
    if not strange:
        return None
    near = nearest(str(strange[0]), known.choices)
    return Fault(
        name,
        f"`{name}` does not take `{strange[0]}`: it is one of {', '.join(known.choices)}",
        f"did you mean `{near}`?" if near else f"write one of them, for example {known.choices[0]}",
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


_FITS: Mapping[Kind, Callable[[Any], bool]] = {
    "text": _is_text,
    "flag": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "list": lambda value: _is_text(value) or (isinstance(value, list | tuple) and all(_is_text(item) for item in value)),
    "duration": lambda value: isinstance(value, str) and _DURATION.fullmatch(value) is not None,
}
_EXPECTED: Mapping[Kind, tuple[str, str]] = {
    "text": ("text", "put it in quotes"),
    "flag": ("true or false", "write true or false, without quotes"),
    "number": ("a whole number", "write digits, without quotes"),
    "list": ("a list of texts", "write [..., ...], each item in quotes"),
    "duration": ("a duration", "write for example 10m0s"),
}
