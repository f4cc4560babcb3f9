"""The provider, and a second one for each PVE node that has an SSH account or key of its own.

The provider's `ssh.node` blocks hold address and port only (0.111.1), so that another account needs another provider block. Only snippets
go over SSH, so only they name it.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping

from constructs import Construct
from imports.proxmox.provider import ProxmoxProvider, ProxmoxProviderSsh, ProxmoxProviderSshNode

from stardock.plan.settings import Proxmox, PveNode


def providers(scope: Construct, proxmox: Proxmox, *, beside: str) -> Mapping[str, str]:
    """Configure endpoint and SSH; gives the addresses of the providers of PVE nodes that have one of their own, by node.

    The token is never here: the provider reads PROXMOX_VE_API_TOKEN. `beside` leads from the stack's folder to that of cluster.yaml.
    """
    _provider(scope, "proxmox", proxmox, _ssh(proxmox, beside, proxmox.nodes))
    own = [node for node in proxmox.nodes if node.ssh_user or node.ssh_private_key]
    for node in own:
        _provider(scope, f"proxmox-{node.name}", proxmox, _own(proxmox, beside, node), f"ssh-{node.name}")
    return {node.name: f"proxmox.ssh-{node.name}" for node in own}


def _provider(scope: Construct, id_: str, proxmox: Proxmox, ssh: ProxmoxProviderSsh, alias: str | None = None) -> None:
    ProxmoxProvider(scope, id_, alias=alias, endpoint=proxmox.endpoint, insecure=proxmox.insecure, ssh=ssh)


def _own(proxmox: Proxmox, beside: str, node: PveNode) -> ProxmoxProviderSsh:
    return _ssh(proxmox, beside, [node], user=node.ssh_user, private_key=node.ssh_private_key)


def _ssh(
    proxmox: Proxmox, beside: str, nodes: tuple[PveNode, ...] | list[PveNode], *, user: str | None = None, private_key: str | None = None
) -> ProxmoxProviderSsh:
    path = private_key or proxmox.ssh_private_key
    return ProxmoxProviderSsh(
        username=user or proxmox.ssh_user,
        # without a key: the agent, and where none answers PROXMOX_VE_SSH_PRIVATE_KEY (provider 0.111.1 tries them in this order)
        agent=path is None,
        private_key=None if path is None else _file_reference(path, beside),
        socks5_server=proxmox.socks5,
        node_attribute=[ProxmoxProviderSshNode(name=node.name, address=node.address, port=node.ssh_port) for node in nodes if node.address],
    )


def _file_reference(path: str, beside: str) -> str:
    """Let the engine read a file, so that its content stays out of the JSON; relative paths are as seen from cluster.yaml."""
    if path.startswith("~"):
        return f"${{file(pathexpand({json.dumps(path)}))}}"
    return f"${{file({json.dumps(posixpath.join(beside, path))})}}"
