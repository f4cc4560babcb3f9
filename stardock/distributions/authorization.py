"""Arguments that let anybody in: an API server, a kubelet or an etcd that does not ask who it is, or whether he may.

Sources:
- kubernetes, pkg/kubeapiserver/authorizer/modes (AlwaysAllow, AlwaysDeny, ABAC, Webhook, RBAC, Node); k3s, pkg/daemons/control/server.go,
  sets Node,RBAC unless `authorization-config` names a file, and pkg/util/args.go, `ArgValue`, ends on one of these two without a `=`;
- the insecure port of the API server went with 1.24 (kubernetes#106859): it ends on the argument;
- kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz: a kubelet that takes anonymous requests, or allows all, runs
  commands in its pods for anybody; `read-only-port` serves without asking. k3s, pkg/daemons/agent, turns all three off;
- etcd.io/docs/v3.6/op-guide/security: without `client-cert-auth` whoever reaches port 2379 reads and writes all that the cluster is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stardock.distributions.arguments import items, named
from stardock.distributions.fault import Fault

_MODE = "authorization-mode"
#: What RKE2 itself says, and needs: kubelets by the first, everything else by the second.
_NEEDED = ("Node", "RBAC")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

#: Message and cure, or None.
Said = tuple[str, str] | None


def open_faults(options: Mapping[str, Any]) -> Iterator[Fault]:
    """What opens a component to anybody, or shuts it for all."""
    for option, arguments in _CHECKS.items():
        for item, argument in enumerate(items(options, option)):
            name, value = named(argument)
            check = arguments.get(name)
            found = check(argument, value) if check else None
            if found:
                yield Fault(option, *found, item)


def _file(argument: str, value: str) -> Said:
    name = named(argument)[0]
    if value.startswith("/"):
        return None
    message = f"`{name}` names no file" if not value else f"`{value}` is no absolute path of a file"
    return f"{message}: RKE2 ends, or the API server does", f"write {name}=/PATH/FILE, of a file on every server, or delete it"


def _mode(argument: str, value: str) -> Said:
    modes = [mode.strip() for mode in value.split(",")]
    cure = f"delete it: RKE2 says {','.join(_NEEDED)}; another mode beside them is {_MODE}={','.join(_NEEDED)},Webhook"
    if "AlwaysAllow" in modes:
        return "with AlwaysAllow everybody who reaches the API may do everything, each pod among them", cure
    lacking = [mode for mode in _NEEDED if mode not in modes]
    adds = argument.partition("=")[0].rstrip().endswith(("+", "-"))
    if "AlwaysDeny" in modes:
        return "with AlwaysDeny nobody may do anything, RKE2 itself among them", cure
    return None if adds or not lacking else (f"without {' and '.join(lacking)} no node joins, and RKE2's own parts may do nothing", cure)


def _kubelet_mode(_argument: str, value: str) -> Said:
    return None if value == "Webhook" else _kubelet("allows everybody what the API server would refuse")


def _kubelet_anonymous(_argument: str, value: str) -> Said:
    return None if value.lower() in ("false", "f", "0") else _kubelet("takes requests of anybody")


def _kubelet_port(_argument: str, value: str) -> Said:
    return None if value.strip() == "0" else _kubelet("tells anybody what it runs, without asking")


def _kubelet(does: str) -> Said:
    return f"a kubelet with this {does}", "delete it: RKE2's kubelets ask the API server"


def _insecure(argument: str, _value: str) -> Said:
    return f"the API server has no argument `{named(argument)[0]}` any more, and ends on it", "delete it: it is reached by https alone"


def _etcd_asks(argument: str, value: str) -> Said:
    if "=" not in argument or value.lower() in ("true", "t", "1"):
        return None
    return "an etcd that asks for no certificate gives the whole cluster to whoever reaches it", "delete it: RKE2's etcd asks for one"


def _etcd_listens(_argument: str, value: str) -> Said:
    plain = [url for url in value.split(",") if url.strip().startswith("http://") and not url.strip()[7:].startswith(_LOOPBACK)]
    return (f"`{plain[0]}` is etcd without TLS, for whoever reaches it", "write https://, or delete it") if plain else None


_CHECKS: Mapping[str, Mapping[str, Callable[[str, str], Said]]] = {
    "kube-apiserver-arg": {
        "authentication-config": _file,
        "authorization-config": _file,
        _MODE: _mode,
        "insecure-port": _insecure,
        "insecure-bind-address": _insecure,
    },
    "kubelet-arg": {_MODE: _kubelet_mode, "anonymous-auth": _kubelet_anonymous, "read-only-port": _kubelet_port},
    "etcd-arg": {
        "client-cert-auth": _etcd_asks,
        "peer-client-cert-auth": _etcd_asks,
        "listen-client-urls": _etcd_listens,
        "listen-peer-urls": _etcd_listens,
    },
}
