"""Arguments that let anybody in: an API server or a kubelet that does not ask who it is, or whether they may.

Sources:
- kubernetes, cmd/kube-apiserver: the insecure address went with 1.24 (kubernetes#106859), it ends on the arguments; k3s, pkg/util/args.go
  `ArgValue`, ends on `authentication-config` or `authorization-config` without a `=`;
- kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz: a kubelet that takes anonymous requests, or allows all, runs
  commands in its pods for anybody; `read-only-port` serves without asking. k3s, pkg/daemons/agent/agent.go `defaultKubeletConfig` and
  agent_linux.go `kubeletArgsAndConfig`, turn all three off; `extractConfigArgs` there drops what follows an argument without a `=`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from stardock.distributions.arguments import items, named
from stardock.distributions.authorization_modes import mode_faults
from stardock.distributions.etcd_arguments import etcd_faults
from stardock.distributions.fault import Fault

_KUBELET = "kubelet-arg"
#: The one argument of kubelet that k3s takes with its value as the next item.
_SPLIT = "config"

#: Message and cure, or None.
Said = tuple[str, str] | None


def open_faults(title: str, options: Mapping[str, Any]) -> Iterator[Fault]:
    """What opens a component to anybody, or shuts it for all; `title` is the distribution's."""
    for option, arguments in _CHECKS.items():
        for item, argument in enumerate(items(options, option)):
            name, value = named(argument)
            check = arguments.get(name)
            found = check(title, argument, value) if check else None
            if found:
                yield Fault(option, *found, item)
    yield from mode_faults(title, options)
    yield from etcd_faults(title, options)
    yield from _swallowed(title, options)


def _swallowed(title: str, options: Mapping[str, Any]) -> Iterator[Fault]:
    arguments = items(options, _KUBELET)
    for item, (argument, behind) in enumerate(pairwise(arguments)):
        name, _ = named(argument)
        if "=" not in argument and name != _SPLIT and (item == 0 or named(arguments[item - 1])[0] != _SPLIT):
            message = f"{title} takes what follows `{name}`, which has no `=`, for its value, and drops it: `{behind}`"
            yield Fault(_KUBELET, message, f"write {name}=true", item)


def _file(title: str, argument: str, value: str) -> Said:
    name = named(argument)[0]
    if value.startswith("/"):
        return None
    message = f"`{name}` names no file" if not value else f"`{value}` is no absolute path of a file"
    return f"{message}: {title} ends, or the API server does", f"write {name}=/PATH/FILE, of a file on every server, or delete it"


def _kubelet_mode(title: str, _argument: str, value: str) -> Said:
    return None if value == "Webhook" else _kubelet(title, "allows everybody what the API server would refuse")


def _kubelet_anonymous(title: str, _argument: str, value: str) -> Said:
    return None if value.lower() in ("false", "f", "0") else _kubelet(title, "takes requests of anybody")


def _kubelet_port(title: str, _argument: str, value: str) -> Said:
    return None if value.strip() == "0" else _kubelet(title, "tells anybody what it runs, without asking")


def _kubelet(title: str, does: str) -> Said:
    return f"a kubelet with this {does}", f"delete it: {title}'s kubelets ask the API server"


def _insecure(_title: str, argument: str, _value: str) -> Said:
    return f"the API server has no argument `{named(argument)[0]}` any more, and ends on it", "delete it: it is reached by https alone"


_CHECKS: Mapping[str, Mapping[str, Callable[[str, str, str], Said]]] = {
    "kube-apiserver-arg": {
        "authentication-config": _file,
        "authorization-config": _file,
        "address": _insecure,
        "port": _insecure,
        "insecure-port": _insecure,
        "insecure-bind-address": _insecure,
    },
    _KUBELET: {"authorization-mode": _kubelet_mode, "anonymous-auth": _kubelet_anonymous, "read-only-port": _kubelet_port},
}
