"""cluster.yaml as text: the sections with what they are, and behind each machine what it has already."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from stardock.model.lock import Lock
from stardock.model.machine import Machine

_HEAD = """\
# Made by `runner import starbase` from starbase's own files. VM ids, PVE nodes, addresses and MACs of the machines that exist are in the
# lock beside this file: commit both. Every key: docs/cluster-yaml.md.
"""
_SECTIONS = {
    "distribution": "starbase pins no release: write here as `version` what `rke2 --version` tells on a server.",
    "proxmox": "The token comes from PROXMOX_VE_API_TOKEN. starbase placed machines by the names of PVE nodes in alphabetical order.",
    "image": "For machines that will be made; those that exist keep their disk.",
    "cloud_init": "Beside what the system and the roles bring themselves.",
    "network": "As PVE and the guests have it now.",
    "api": "How load balancers share connections out.",
    "pools": "In the order in which starbase counted, with the hardware that is there.",
    "maintenance": "Windows, in order within a role.",
}


def cluster_text(data: Mapping[str, Any], lock: Lock | None) -> str:
    """Write the file; the same inputs give the same bytes."""
    parts = [_HEAD, *(_section(key, value) for key, value in data.items())]
    text = "\n".join(parts)
    for name, machine in lock.machines.items() if lock else ():
        text = re.sub(rf"^( *- {{name: {re.escape(name)}, .*}})$", rf"\1 # {_existing(machine.record)}", text, count=1, flags=re.MULTILINE)
    return text


def _section(key: str, value: Any) -> str:
    comment = f"# {_SECTIONS[key]}\n" if key in _SECTIONS else ""
    writer = YAML()
    writer.width = 1_000_000  # never fold
    writer.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    writer.dump({key: _written(value)}, stream)
    return comment + stream.getvalue()


def _written(value: Any, *, inline: bool = False) -> Any:
    """As a person would write it: ranges, machines and lists of plain values on one line."""
    if isinstance(value, Mapping):
        mapping = CommentedMap({key: _written(item, inline=inline or key == "static") for key, item in value.items()})
        if inline or set(value) == {"name", "hostname"}:
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        items = CommentedSeq(_written(item, inline=inline) for item in value)
        if not any(isinstance(item, Mapping) for item in value):
            items.fa.set_flow_style()
        return items
    return value


def _existing(machine: Machine) -> str:
    addresses = [nic.address for nic in machine.interfaces if nic.address]
    return ", ".join([f"VM {machine.vm_id} on {machine.pve_node}", *addresses])
