"""Secrets that are in cluster.yaml: where they come from instead, and that one which was committed is none any more."""

from __future__ import annotations

import re

from stardock.spec.mistakes.foreign import plain

_WORDS = re.compile(
    r"(pm_|pve_|proxmox_|proxmox_ve_|virtual_environment_|api_|rke2_|k3s_|cluster_|agent_|node_|join_|ssh_|user_|root_|ci|plain_text_|hashed_|vault_)*"
    r"(token|token_id|token_secret|token_value|tokens|password|passwd|passwords|pass|secret|secrets|secret_key|access_key|api_key|apikey|otp)"
)
_PASSWORD = re.compile(r".*(password|passwd|passwords|pass)")
_RENEW = "If it was committed, renew it"
_CHANGE = "If it was committed, change that password."
_TOKEN = "delete the line, and give an API token from the environment: export PROXMOX_VE_API_TOKEN='USER@REALM!NAME=SECRET'"  # noqa: S105  no secret
_PVE = f"""{_TOKEN}.
{_RENEW}: pveum user token remove USER NAME, then runner proxmox-role."""
_PVE_PASSWORD = f"""{_TOKEN}: a password is not asked for.
{_CHANGE}"""
_CLUSTER = f"""delete the line: Stardock makes the cluster's secrets, or reads them from the file that STARDOCK_SECRETS names.
{_RENEW}: as the cluster's token, before the cluster is founded with it."""
_LOGIN = f"""delete the line: machines and PVE nodes are entered by key alone, which `private_key` or an SSH agent has.
{_CHANGE}"""
_HASH = """delete the line, and name where its hash comes from: password_hash: {env: ADMIN_PASSWORD_HASH} (openssl passwd -6 makes it).
If it was committed: choose another password."""
_ACCOUNT = """delete the line: machines are entered by key. A password for their console is an account's, as a hash from elsewhere:
write cloud_init: {users: [{name: admin, password_hash: {env: ADMIN_PASSWORD_HASH}}]} (openssl passwd -6 makes it).
If it was committed: choose another password."""
_ANY = f"""delete the line: Proxmox is asked with an API token (export PROXMOX_VE_API_TOKEN='USER@REALM!NAME=SECRET'), machines are entered
by key, and a password of an account is `password_hash` under `cloud_init.users`. {_CHANGE}"""
_OTHER = f"""delete the line: what machines need comes from the environment or from a file, as content_from of a file in write_files.
{_RENEW} where it is from."""
_OF_MACHINES = {"Pool", "Machine", "CloudInit", "PoolCloudInit", "UserData", "Spec"}
_CURES = {"Distribution": _CLUSTER, "Ssh": _LOGIN, "ProxmoxSsh": _LOGIN, "User": _HASH}


def of_key(section: str, key: str) -> tuple[str, str] | None:
    """Message and cure for a key that holds a secret; None for all others."""
    word = plain(key)
    if not _WORDS.fullmatch(word):
        return None
    return f"`{key}` is a secret, and secrets are never in cluster.yaml, which is committed", _cure(section, word)


def _cure(section: str, word: str) -> str:
    """What a password or a token of that section is: of Proxmox, of the cluster, or of an account on machines."""
    password = bool(_PASSWORD.fullmatch(word))
    if section in _CURES:
        return _CURES[section]
    if section in {"Proxmox", "PveNode"} or re.match(r"(pm|pve|proxmox|virtual_environment|api)_", word):
        return _PVE_PASSWORD if password else _PVE
    if not password and re.match(r"(rke2|k3s|cluster|agent|node|join)_", word):
        return _CLUSTER
    if section == "Spec":
        return _ANY if word in {"password", "passwd", "pass"} else _ACCOUNT if password else _PVE
    return (_ACCOUNT if section in _OF_MACHINES else _ANY) if password else _OTHER
