"""Arguments of etcd that open it, break it, or do nothing.

Sources:
- k3s, pkg/daemons/executor/executor.go `ToConfigFile`, and rke2, pkg/executor/staticpod/staticpod.go `ETCD`: each `etcd-arg` is written
  as a key at the top of etcd's configuration file, in place of its own key of that name, and etcd is started with that file;
- etcd, server/embed/config.go: the keys at the top (`configYAML`); what is under `client-transport-security` and
  `peer-transport-security` is found there alone, and a key that etcd does not know is passed over. A URL with http:// is served without
  TLS whatever certificates there are (server/embed/etcd.go), and its host is an IP address or localhost (`checkBindURLs`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from stardock.distributions.arguments import items, named
from stardock.distributions.fault import Fault

OPTION = "etcd-arg"
#: Flags of etcd that its file has under client-transport-security, or with `peer-` before them under peer-transport-security.
_NESTED = ("client-cert-auth", "auto-tls", "cert-file", "key-file", "client-cert-file", "client-key-file", "trusted-ca-file",
           "client-crl-file", "cert-allowed-cn", "cert-allowed-hostname")  # fmt: skip
#: What etcd does by itself in that file: to ask for it changes nothing.
_ALREADY = {("client-cert-auth", "true"), ("auto-tls", "false")}
_LISTENS = ("listen-client-urls", "listen-client-http-urls", "listen-peer-urls")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def etcd_faults(title: str, options: Mapping[str, Any]) -> Iterator[Fault]:
    """What gives the cluster's data away, takes the cluster apart, or is not what it seems."""
    for item, argument in enumerate(items(options, OPTION)):
        name, value = named(argument)
        found = _listens(value) if name in _LISTENS else _nested(title, name, value) or _forces(title, name, value)
        if found:
            yield Fault(OPTION, *found, item)


def _listens(value: str) -> tuple[str, str] | None:
    plain = [url for url in value.split(",") if _is_plain(url.strip())]
    return (f"`{plain[0].strip()}` is etcd without TLS, for whoever reaches it", "write https://, or delete it") if plain else None


def _is_plain(url: str) -> bool:
    with suppress(ValueError):  # no address: etcd refuses it
        parts = urlsplit(url)
        return parts.scheme == "http" and parts.hostname not in _LOOPBACK
    return False


def _nested(title: str, name: str, value: str) -> tuple[str, str] | None:
    plain = name.removeprefix("peer-")
    if plain not in _NESTED or (plain, value.lower()) in _ALREADY:
        return None
    message = f"`{name}` has no effect: {title} starts etcd with a file, and etcd looks for it elsewhere in that file"
    return message, f"delete it: {title}'s etcd asks everybody for a certificate of its own authorities"


def _forces(title: str, name: str, value: str) -> tuple[str, str] | None:
    if name != "force-new-cluster" or value.lower() in ("", "false"):
        return None
    cure = f"delete it; a cluster that lost its quorum comes back by `server --cluster-reset` ({title}'s documents, Backup and Restore)"
    return "an etcd with this throws the other servers out of the cluster at each of its starts", cure
