"""Secrets that stand in cluster.yaml: where they come from instead, and that one which was committed is none any more."""

from __future__ import annotations

import re

from stardock.spec.foreign import plain

_WORDS = re.compile(
    r"(pm_|pve_|proxmox_|proxmox_ve_|virtual_environment_|api_|rke2_|k3s_|cluster_|agent_|node_|join_|ssh_|user_|root_|ci|plain_text_|hashed_|vault_)*"
    r"(token|token_id|token_secret|token_value|tokens|password|passwd|passwords|pass|secret|secrets|secret_key|access_key|api_key|apikey|otp)"
)
_RENEW = "If it was committed, renew it"
_PVE = f"""delete the line, and give an API token from the environment: export PROXMOX_VE_API_TOKEN='USER@REALM!NAME=SECRET'.
{_RENEW}: pveum user token remove USER NAME, then runner proxmox-role."""
_CLUSTER = f"""delete the line: Stardock makes the cluster's secrets, or reads them from the file that STARDOCK_SECRETS names.
{_RENEW}: as the cluster's token, before the cluster is founded with it."""
_LOGIN = f"""delete the line: machines and PVE nodes are entered by key alone, which `private_key` or an SSH agent has.
{_RENEW}: change that password."""
_HASH = f"""delete the line, and name where its hash comes from: password_hash: {{env: ADMIN_PASSWORD_HASH}} (openssl passwd -6 makes it).
{_RENEW}: choose another password."""
_CURES = {"Proxmox": _PVE, "PveNode": _PVE, "Distribution": _CLUSTER, "Ssh": _LOGIN, "ProxmoxSsh": _LOGIN, "User": _HASH}


def of_key(section: str, key: str) -> tuple[str, str] | None:
    """Message and cure for a key that holds a secret; None for all others."""
    word = plain(key)
    if not _WORDS.fullmatch(word):
        return None
    cure = _CURES.get(section, _PVE)
    if section == "Spec":
        cure = _CLUSTER if re.match(r"(rke2|k3s|cluster|agent|node|join)_", word) else _PVE
    return f"`{key}` is a secret, and secrets never stand in cluster.yaml, which is committed", cure
