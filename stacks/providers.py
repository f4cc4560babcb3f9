"""The provider, and a second one for each PVE node that has an SSH account or key of its own.

The provider's `ssh.node` blocks hold address and port only (0.111.1), so that another account needs another provider block. Only snippets
go over SSH, so only they name it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from constructs import Construct
from imports.proxmox.provider import ProxmoxProvider, ProxmoxProviderSsh, ProxmoxProviderSshNode

from pve.template import Template, file_content, literal
from stardock.model.settings import Proxmox, PveNode


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
    endpoint = None if proxmox.endpoint is None else literal(proxmox.endpoint)
    ProxmoxProvider(scope, id_, alias=alias, endpoint=endpoint, insecure=proxmox.insecure, ssh=ssh)


def _own(proxmox: Proxmox, beside: str, node: PveNode) -> ProxmoxProviderSsh:
    return _ssh(proxmox, beside, [node], user=node.ssh_user, private_key=node.ssh_private_key)


def _ssh(
    proxmox: Proxmox, beside: str, nodes: tuple[PveNode, ...] | list[PveNode], *, user: str | None = None, private_key: str | None = None
) -> ProxmoxProviderSsh:
    path = private_key or proxmox.ssh_private_key
    return ProxmoxProviderSsh(
        username=literal(user or proxmox.ssh_user),
        # without a key: the agent, and where none answers PROXMOX_VE_SSH_PRIVATE_KEY (provider 0.111.1 tries them in this order)
        agent=path is None,
        private_key=None if path is None else _file_reference(path, beside),
        socks5_server=None if proxmox.socks5 is None else literal(proxmox.socks5),
        node_attribute=[
            ProxmoxProviderSshNode(name=literal(node.name), address=literal(node.address), port=node.ssh_port)
            for node in nodes
            if node.address
        ],
    )


def _file_reference(path: str, beside: str) -> Template:
    """Relative paths are as seen from cluster.yaml."""
    return file_content(path if path.startswith("~") else posixpath.join(beside, path))
