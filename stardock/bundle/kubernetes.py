"""A distribution's config.yaml for one machine: the user's options of its role, and what Stardock adds; what the roles must know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stardock.bundle.mesh import inside, is_near
from stardock.bundle.reservation import kubelet_arguments
from stardock.distributions import DISTRIBUTIONS, Kubernetes, distribution, reservations
from stardock.distributions.api_server import told
from stardock.distributions.authentication import ARGUMENT, OPTION, has_own_file, other_arguments
from stardock.distributions.model import NODE_PASSWORD, NodeRole
from stardock.distributions.node_labels import kubelet_may_set, startup_taint
from stardock.distributions.own_options import merged
from stardock.model.api import https
from stardock.model.host import Host, Member
from stardock.model.mesh import INTERFACE
from stardock.model.plan import Plan
from stardock.systems import HEAD, system
from stardock.yamltext import yaml_text

#: What counts at a node's registration only, and goes through the API later.
_OF_THE_NODE = ("node-label", "node-taint")
#: On the machines that can have it (`stardock.plan.machine.setup`); on the others no static pod starts, or nothing comes of it.
_CONFINED = ("selinux", True)


def facts(kubernetes: Kubernetes) -> dict[str, Any]:
    """What all roles may know of the cluster's Kubernetes: where it lies, how it is called."""
    return {
        "kubernetes_name": kubernetes.name,
        "kubernetes_title": kubernetes.title,
        "kubernetes_archive": kubernetes.archive,
        "kubernetes_sums": kubernetes.checksums,
        "kubernetes_image_archives": kubernetes.image_archives,
        "kubernetes_other_prefix": kubernetes.other_prefix,
        "kubernetes_avoids_mounts": kubernetes.avoids_mounts,
        "kubernetes_services": dict(kubernetes.services),
        "kubernetes_config_dir": kubernetes.config_dir,
        "kubernetes_data_dir": kubernetes.data_dir,
        "kubernetes_kubeconfig": kubernetes.kubeconfig,
        "kubernetes_client": kubernetes.client,
        "kubernetes_password_file": NODE_PASSWORD,
        "kubernetes_api_port": kubernetes.api_port,
        "kubernetes_supervisor_port": kubernetes.supervisor_port,
        "kubernetes_uninstall": dict(kubernetes.uninstall),
        "kubernetes_reset": kubernetes.reset,
        "kubernetes_others": {other.name: other.data_dir for other in DISTRIBUTIONS.values() if other is not kubernetes},
    }


def join_address(plan: Plan, machine: Member, addresses: Mapping[str, str]) -> str:
    """The URL where a machine joins: the endpoint, else the founder; for the founder itself another server, and nothing for a lone one.

    Agents of a distribution with two ports join at the servers' own (`stardock.bundle.balancing`, `_listened`). The virtual address is for
    its own site; at others they join at a server's address in the mesh, and learn those of all servers there (k3s, pkg/agent/loadbalancer).
    """
    if plan.endpoint and is_near(plan, machine):
        alone = machine.role == "server" and len(plan.members_of("server")) == 1
        own = distribution(plan.distribution.name)
        servers_own = machine.role == "agent" and own.supervisor_port != own.api_port
        return "" if alone else https(plan.endpoint.host, own.supervisor_port if servers_own else plan.endpoint.supervisor_port)
    servers = [plan.founder, *(server.name for server in plan.members_of("server") if server.name != plan.founder)]
    others = [name for name in servers if name != machine.name]
    return https(inside(plan, addresses)[others[0]], distribution(plan.distribution.name).supervisor_port) if others else ""


def config(plan: Plan, machine: Member, addresses: Mapping[str, str], ipv6: Mapping[str, str]) -> dict[str, Any]:
    """config.yaml without secrets (they lie in files of their own) and without `server:` (a file of its own, since it needs no restart).

    Labels and taints are not in it either: see `node` and `registration`. `ipv6` are the second addresses of the nodes of a
    dual-stack cluster, else empty.
    """
    serves = machine.role == "server"
    options = {key: value for key, value in _options(plan, machine).items() if key not in _OF_THE_NODE and (key, value) != _CONFINED}
    node_addresses = [inside(plan, addresses)[machine.name], *([ipv6[machine.name]] if machine.name in ipv6 else [])]
    own = _node(plan, machine, node_addresses) | (_server(plan, machine, addresses, node_addresses) if serves else {})
    merged = {key: _joined(options.get(key), value) for key, value in own.items()}
    return {**{key: value for key, value in options.items() if key not in merged}, **{key: value for key, value in merged.items() if value}}


def _folder(plan: Plan) -> str:
    return distribution(plan.distribution.name).config_dir


def _role(machine: Member) -> NodeRole:
    return "server" if machine.role == "server" else "agent"


def _options(plan: Plan, machine: Member) -> dict[str, Any]:
    options = distribution(plan.distribution.name).keys.options_for(_role(machine), merged(plan.distribution.options, machine.options))
    return {**options, OPTION: other_arguments(options)} if OPTION in options else options


def node(plan: Plan, machine: Member) -> dict[str, Any]:
    """Name, labels and taints of a machine's Node, which bootstrap keeps as planned through the API.

    The options hold for all nodes; what a machine's pool says of the same label wins. Add-ons give the labels that they look for.
    """
    options = _options(plan, machine)
    common = dict(_label(item) for item in options.get("node-label", ()))
    taints = list(dict.fromkeys([*options.get("node-taint", ()), *machine.taints]))
    of_addons = {key: value for addon in plan.addons for key, value in addon.node_labels.get(machine.name, {}).items()}
    return {"name": machine.hostname, "labels": {**of_addons, **common, **machine.labels}, "taints": taints}


def _label(item: str) -> tuple[str, str]:
    key, _, value = item.partition("=")
    return key, value


def registration(node: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a Node gets when it registers, so that no pod comes before its taints; a file of its own, because RKE2 and k3s look at taints
    at no other time (rancher/rke2#7152) and the API changes existing nodes: an edit needs no restart.
    """
    labels = [f"{key}={value}" for key, value in node["labels"].items() if kubelet_may_set(key)]
    given = {"node-label": labels, "node-taint": list(node["taints"])}
    return {key: items for key, items in given.items() if items}


def existing(node: Mapping[str, Any]) -> dict[str, Any]:
    """What an existing Node keeps: all but the taints that are for its start only."""
    return {**node, "taints": [taint for taint in node["taints"] if not startup_taint(taint)]}


def _joined(wanted: Any, own: Any) -> Any:
    """The user's items of a list come first; each once."""
    return list(dict.fromkeys([*(wanted or []), *own])) if isinstance(own, list) else own


def _node(plan: Plan, machine: Member, node_addresses: list[str]) -> dict[str, Any]:
    return {
        "node-name": machine.hostname,
        "node-ip": node_addresses,
        "token-file": f"{_folder(plan)}/token",
        **_interface(plan, machine),
        **({reservations.OPTION: list(kept)} if (kept := kubelet_arguments(plan, machine)) else {}),
        **({"selinux": True} if machine.selinux else {}),
    }


def _interface(plan: Plan, machine: Member) -> dict[str, str]:
    """Pods of different machines meet where everything between machines does: over the mesh, without one over the first interface.

    With one interface nobody errs.
    """
    own, options = distribution(plan.distribution.name), merged(plan.distribution.options, machine.options)
    if plan.mesh:
        return {own.interface_key: INTERFACE} if own.interface_key and own.has_network(options) else {}
    if isinstance(machine, Host):
        return {own.interface_key: machine.interface} if own.interface_key and machine.interface and own.has_network(options) else {}
    is_needed = len(machine.interfaces) > 1 and own.interface_key not in options and own.has_network(options)
    is_known = system(machine.image.system).names_interfaces
    return {own.interface_key: machine.interfaces[0].name} if own.interface_key and is_needed and is_known else {}


def api_server_files(plan: Plan) -> list[dict[str, str]]:
    """What a server's role writes in the server's turn, beside its configuration: files of the API server's, or that they go."""
    kubernetes, found = distribution(plan.distribution.name), plan.api_server.files
    return [
        {"path": path, "content": HEAD + yaml_text(found[name])} if name in found else {"path": path, "state": "absent"}
        for name, path in kubernetes.api_server_files.items()
    ]


def _server(plan: Plan, machine: Member, addresses: Mapping[str, str], own: list[str]) -> dict[str, Any]:
    kubernetes = distribution(plan.distribution.name)
    opened = [] if has_own_file(plan.distribution.options) else [f"{ARGUMENT}={_folder(plan)}/authentication.yaml"]
    files = [told(kubernetes, name, kubernetes.api_server_files[name]) for name in plan.api_server.files]
    named = [argument for file in files for argument in file.pop(OPTION, ())]
    return {
        **{key: value for file in files for key, value in file.items()},
        **kubernetes.founds_with,
        "advertise-address": inside(plan, addresses)[machine.name],
        "agent-token-file": f"{_folder(plan)}/agent-token",
        "tls-san": _names(plan, machine, [*own, addresses[machine.name]]),
        OPTION: [*opened, *named, *plan.api_server.arguments],
    }


def _names(plan: Plan, machine: Member, own: list[str]) -> list[str]:
    """What a server's certificate is for: what all have in common (`Plan.asked`) and itself.

    Not the other servers: nobody asks one server by another's name, and a server more would restart all the others.
    """
    return list(dict.fromkeys([*plan.asked, *own, machine.hostname]))
