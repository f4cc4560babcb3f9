"""Files of other tools given for cluster.yaml: told as what they are, once, and not key by key."""

from __future__ import annotations

import re
from typing import Any

from stardock.distributions import DISTRIBUTIONS
from stardock.errors import Problem
from stardock.spec.foreign_root import UNDER_POOLS

#: What only a cluster.yaml has on its first level.
_OURS = ("proxmox", "pools", "image", "network", "ssh", "distribution")
_OWN = re.compile(rf"^(?:{'|'.join(('cluster', *_OURS))})\s*:", re.MULTILINE)
_INIT = "name your cluster.yaml with -f; where there is none, `runner init -f FILE` writes a first one"
_TFVARS = f"{_INIT}, and `runner import starbase DIR` writes that of a starbase cluster, from the folder of its terraform.tfvars"
_INVENTORY = f"{_INIT}: {UNDER_POOLS} there, and the inventory is made of them"
_OPTIONS = f"{_INIT}: these keys stand there under `distribution: {{options: ...}}`, without the token, which Stardock makes"
_HCL = re.compile(r'(variable|resource|module|provider|terraform|locals|output|data)\b[^:]*\{\s*$|[A-Za-z]\w*\s*=(?!=)\s*["\[{\w]')
_INI = re.compile(r"\[[\w.-]+(:(children|vars))?\]\s*$")


def recognised(text: str, data: Any) -> Problem | None:
    """What file this is instead; None for one that says anything of its own, or that nothing tells."""
    told = _of_keys(data) if isinstance(data, dict) else _of_a_list(data) if isinstance(data, list) else _of_lines(text)
    if told is None and text.startswith("#cloud-config") and not _OWN.search(text):
        told = "user-data of cloud-init", f"{_INIT}: write_files, runcmd and bootcmd stand there under `cloud_init: {{user_data: ...}}`"
    return Problem(f"this is {told[0]}, not a cluster.yaml", line=1, cure=told[1]) if told else None


def _of_keys(data: dict[str, Any]) -> tuple[str, str] | None:
    keys = set(data)
    if {"machine", "cluster"} <= keys and data.get("version") == "v1alpha1":
        return "Talos' machine configuration", f"{_INIT}: {UNDER_POOLS} there"
    if {"machines", "distribution_version"} <= keys:
        return "a lock, which lies beside its cluster.yaml", _INIT
    return None if keys & {"cluster", *_OURS} else _of_others_keys(data, keys)


def _of_others_keys(data: dict[str, Any], keys: set[str]) -> tuple[str, str] | None:
    if {"apiVersion", "kind"} <= keys:
        return f"an object of {str(data['apiVersion'])[:60]}, {str(data['kind'])[:60]}", f"{_INIT}: {UNDER_POOLS} there"
    if {"terraform_version", "lineage"} <= keys:
        return "a state of Terraform's", _INIT
    if any(isinstance(group, dict) and {"hosts", "children"} & set(group) for group in data.values()):
        return "an inventory of Ansible's", _INVENTORY
    if isinstance(data.get("services"), dict):
        return "a file of Docker Compose", f"{_INIT}: machines are said there, not what runs in the cluster"
    owner = next((each.title for each in DISTRIBUTIONS.values() if keys and keys <= set(each.keys.known())), None)
    return (f"{owner}'s config.yaml", _OPTIONS) if owner else None


def _of_a_list(data: list[Any]) -> tuple[str, str] | None:
    first = data[0] if data else None
    play = isinstance(first, dict) and "hosts" in first and {"roles", "tasks"} & set(first)
    return ("a playbook of Ansible's", _INIT) if play else None


def _of_lines(text: str) -> tuple[str, str] | None:
    """Languages that are not YAML, by the first line that says anything."""
    if _OWN.search(text):
        return None
    first = next((line for line in map(str.strip, text.splitlines()) if line and not line.startswith(("#", "//", ";"))), "")
    if _INI.match(first):
        return "an inventory of Ansible's", _INVENTORY
    return ("a file of Terraform's", _TFVARS) if _HCL.match(first) else None
