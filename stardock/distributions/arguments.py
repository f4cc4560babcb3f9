"""Arguments of Kubernetes' components (`kube-apiserver-arg`, `kubelet-arg`, ...) that undo what Stardock writes, or end the component.

k3s and RKE2 put them behind their own, and where an argument is one of its own, in place of that (k3s, pkg/util/args.go `GetArgs`; for etcd
pkg/daemons/executor/executor.go `ToConfigFile`): a kubelet with `node-labels=` of its own has none of cluster.yaml's, an API server with a
network of its own is another cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stardock.distributions.fault import Fault
from stardock.distributions.model import Kubernetes
from stardock.distributions.node_labels import kubelet_may_set

#: Option -> argument -> what to write instead; `title`, `folder` and `port` are the distribution's.
_INSTEAD: Mapping[str, Mapping[str, str]] = {
    "kube-apiserver-arg": {
        "advertise-address": "delete it: it differs by machine; Stardock writes the address of the first interface",
        "etcd-servers": "delete it: Stardock's clusters keep their data in {title}'s own etcd",
        "secure-port": "delete it: Stardock and the load balancers look for the API at port {port}",
        "service-cluster-ip-range": "write `service-cidr` under distribution.options instead, before the cluster is founded",
        "service-node-port-range": "write `service-node-port-range` under distribution.options instead",
    },
    "kube-controller-manager-arg": {
        "cluster-cidr": "write `cluster-cidr` under distribution.options instead, before the cluster is founded",
        "service-cluster-ip-range": "write `service-cidr` under distribution.options instead, before the cluster is founded",
    },
    "etcd-arg": {
        "name": "delete it: it differs by machine, and {title} makes it",
        "data-dir": "delete it: {title} keeps etcd's data under {folder}, where Stardock looks for them",
        "initial-cluster": "delete it: {title} asks the servers that are there",
        "initial-cluster-state": "delete it: {title} asks the servers that are there",
        "initial-advertise-peer-urls": "delete it: it differs by machine, and {title} writes the machine's own address",
        "advertise-client-urls": "delete it: it differs by machine, and {title} writes the machine's own address",
        "client-transport-security": "delete it: {title}'s etcd asks everybody for a certificate of its own authorities",
        "peer-transport-security": "delete it: {title}'s etcd asks everybody for a certificate of its own authorities",
    },
    "kubelet-arg": {
        "hostname-override": "delete it: a node has the name of its machine (`hostname:` of a machine)",
        "node-ip": "delete it: it differs by machine; Stardock writes the address of the first interface",
        "node-labels": "write `labels:` on the pool, or `node-label` under distribution.options",
        "register-with-taints": "write `taints:` on the pool, or `node-taint` under distribution.options",
    },
}
#: Without them Stardock's authentication.yaml is refused by the API server, or by its own lock on what is generally available.
_GATES = ("StructuredAuthenticationConfiguration", "AnonymousAuthConfigurableEndpoints")


def items(options: Mapping[str, Any], option: str) -> list[str]:
    """The arguments of a component in their order."""
    value = options.get(option) or []
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def named(argument: str) -> tuple[str, str]:
    """Name and value, however the dashes, or k3s' own `+` and `-` for lists, are written."""
    name, _, value = argument.partition("=")
    return name.strip().lstrip("-").rstrip("+-"), value


def argument_faults(kubernetes: Kubernetes, options: Mapping[str, Any]) -> Iterator[Fault]:
    """What of the components' arguments cannot be."""
    for option, instead in _INSTEAD.items():
        for item, argument in enumerate(items(options, option)):
            name, value = named(argument)
            if name in instead:
                cure = instead[name].format(title=kubernetes.title, folder=kubernetes.data_dir, port=kubernetes.api_port)
                yield Fault(option, _message(kubernetes.title, option, name, value), cure, item)
    yield from _gates(options)


def _message(title: str, option: str, name: str, value: str) -> str:
    component = option.removesuffix("-arg")
    lost = [label for label in (one.partition("=")[0] for one in value.split(",")) if name == "node-labels" and not kubelet_may_set(label)]
    if lost:
        return f"a kubelet ends on a label that it may not give itself: {', '.join(lost)}"
    return f"`{name}` is an argument that {title} gives {component} itself, from what cluster.yaml says: this one would take its place"


def _gates(options: Mapping[str, Any]) -> Iterator[Fault]:
    for item, argument in enumerate(items(options, "kube-apiserver-arg")):
        name, value = named(argument)
        off = [gate for gate in _GATES if name == "feature-gates" and f"{gate}=false" in value.replace(" ", "").split(",")]
        if off:
            message = f"without {off[0]} the API server ends on the file that opens /livez and /readyz to health checks"
            yield Fault("kube-apiserver-arg", message, f"delete `{off[0]}=false`", item)
