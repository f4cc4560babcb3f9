"""What a machine says of itself through the QEMU guest agent, over the PVE API.

`agent/network-get-interfaces` needs VM.GuestAgent.Audit, `agent/file-read` VM.GuestAgent.FileRead (PVE 9; published API schema).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from proxmoxer.core import ResourceException

from stardock.estate.connection import Estate, NoAnswer
from stardock.estate.machines import EstateMachine

#: The kinds of SSH host keys that a stock sshd offers, best first.
KEY_FILES = tuple(f"/etc/ssh/ssh_host_{kind}_key.pub" for kind in ("ed25519", "ecdsa", "rsa"))

#: Where bootstrap writes which cluster a machine belongs to (role founding, `founding_mark`).
FOUNDED_MARK = "/etc/stardock/founded"


class AgentSilent(Exception):
    """The guest agent does not answer (yet)."""


def addresses_by_mac(estate: Estate, machine: EstateMachine) -> dict[str, tuple[str, ...]]:
    """Read the machine's addresses, by MAC in upper case; without loopback and link-local ones. Raises AgentSilent."""
    answer = _ask(estate, machine, "network-get-interfaces")
    found: dict[str, tuple[str, ...]] = {}
    for item in answer.get("result") or ():
        mac = str(item.get("hardware-address") or "").upper()
        found[mac] = found.get(mac, ()) + _usable(item)
    return found


def _usable(item: Mapping[str, Any]) -> tuple[str, ...]:
    texts = (str(entry["ip-address"]).partition("%")[0] for entry in item.get("ip-addresses") or ())
    return tuple(text for text in texts if not _is_local(text))


def _is_local(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return address.is_loopback or address.is_link_local


def host_keys(estate: Estate, machine: EstateMachine) -> tuple[str, ...]:
    """Read the machine's public SSH host keys as `TYPE BASE64`, without comments; empty before sshd made them. Raises AgentSilent."""
    lines = (_host_key(estate, machine, file) for file in KEY_FILES)
    return tuple(line for line in lines if line)


def founded_mark(estate: Estate, machine: EstateMachine) -> str:
    """Read the sha256 of the cluster's authority that bootstrap left on the machine; empty where it did not. Raises AgentSilent."""
    return _content(estate, machine, FOUNDED_MARK).strip()


def _host_key(estate: Estate, machine: EstateMachine, file: str) -> str:
    words = _content(estate, machine, file).split()
    return " ".join(words[:2]) if len(words) > 1 else ""


def _content(estate: Estate, machine: EstateMachine, file: str) -> str:
    """Read a small file, empty where there is none."""
    try:
        answer = _ask(estate, machine, "file-read", file=file)
    except _NoFile:
        return ""
    return str(answer.get("content") or "")


class _NoFile(Exception):
    """The guest has no such file."""


def _ask(estate: Estate, machine: EstateMachine, command: str, **options: str) -> Mapping[str, Any]:
    try:
        answer = estate.read(lambda api: api.nodes(machine.pve_node).qemu(machine.vm_id).agent(command).get(**options))
    except NoAnswer as error:
        raise AgentSilent(error.message) from error
    except ResourceException as error:
        # guest-file-open's error passes through PVE: "failed to open file '...' (mode: 'r'): No such file or directory"
        if "No such file" in str(error):
            raise _NoFile from error
        raise AgentSilent(str(error)) from error
    return answer if isinstance(answer, Mapping) else {}
