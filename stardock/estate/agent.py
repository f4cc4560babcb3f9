"""What a machine says of itself through the QEMU guest agent, over the PVE API; every answer is a value, whatever it is.

`agent/network-get-interfaces` needs VM.GuestAgent.Audit, `agent/file-read` VM.GuestAgent.FileRead (PVE 9; published API schema).
PVE hands the agent's answers on unchecked, its errors included (`{"result": {"error": ...}}`; PVE::API2::Qemu::Agent).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from proxmoxer.core import ResourceException

from stardock.estate.answers import shown
from stardock.estate.connection import Estate
from stardock.estate.hostkeys import KINDS, host_key, kind_of
from stardock.estate.machines import EstateMachine
from stardock.estate.power import power_of, standstill
from stardock.estate.reasons import Kind, Reason, forbidden, frozen, hung, odd, of_agent_error, of_refusal
from stardock.estate.refusals import Forbidden, NoAnswer

#: What first boot copies the public host keys to: SELinux lets the agent read it, and does not let it read the originals.
COPIED_KEYS = "/etc/stardock/host-keys.pub"
ORIGINALS = {kind: f"/etc/ssh/ssh_host_{kind}_key.pub" for kind in KINDS}
#: Where bootstrap writes which cluster a machine belongs to (role founding, `founding_mark`).
FOUNDED_MARK = "/etc/stardock/founded"
#: The longest file that is looked at: three keys have 2 kB.
_LONGEST_FILE = 65536
#: How many odd things are told of one answer.
_ODDITIES = 3


@dataclass(frozen=True, slots=True)
class Addresses:
    """By MAC in upper case, without loopback and link-local ones. `odd`: what was told as an address and is none. `reason`: why not."""

    by_mac: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    odd: tuple[str, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class HostKeys:
    """`TYPE BASE64`, without comments, best first. `odd`: lines that are no key. `reason`: why there is none; None: sshd made none yet."""

    keys: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    reason: Reason | None = None


def addresses_of(estate: Estate, machine: EstateMachine) -> Addresses:
    """Read the machine's addresses."""
    answer = _ask(estate, machine, "network-get-interfaces")
    if isinstance(answer, Reason):
        return Addresses(reason=answer)
    told = answer.get("result")
    if isinstance(told, Mapping) and "error" in told:
        return Addresses(reason=_thawed(estate, machine, of_agent_error(machine, "network-get-interfaces", told["error"])))
    if not isinstance(told, list):
        return Addresses(reason=odd(machine, told))
    return _addresses(told)


def _addresses(told: list[Any]) -> Addresses:
    found: dict[str, tuple[str, ...]] = {}
    strange: list[str] = []
    for item in told:
        entries = item.get("ip-addresses") or [] if isinstance(item, Mapping) else None
        if not isinstance(entries, list):
            strange.append(shown(item))
            continue
        mac = str(item.get("hardware-address") or "").upper()
        for entry in entries:
            address = _address(entry)
            if address is None:
                strange.append(shown(entry.get("ip-address") if isinstance(entry, Mapping) else entry))
            elif _is_usable(address):
                found[mac] = (*found.get(mac, ()), str(address))
    return Addresses({mac: tuple(dict.fromkeys(addresses)) for mac, addresses in found.items()}, tuple(strange[:_ODDITIES]))


def _address(entry: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """With a scope or a prefix length behind it, too; None for what is no address."""
    text = entry.get("ip-address") if isinstance(entry, Mapping) else None
    if not isinstance(text, str):
        return None
    try:
        return ipaddress.ip_interface(re.sub(r"%[^/]*", "", text)).ip
    except ValueError:
        return None


def _is_usable(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return not (address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast or address.is_reserved)


def host_keys(estate: Estate, machine: EstateMachine) -> HostKeys:
    """Read the machine's public SSH host keys: the copy first, then the originals.

    An original that the agent may read wins over the copy of its kind, since it is what sshd offers now; the copy counts for kinds that
    are kept from the agent, and where there are no originals at all.
    """
    copy = _content(estate, machine, COPIED_KEYS)
    if isinstance(copy, Reason) and copy.kind not in {Kind.ABSENT, Kind.DENIED}:
        return HostKeys(reason=copy)
    copied, strange = _keys("" if isinstance(copy, Reason) else copy)
    found: dict[str, tuple[str, ...]] = {}
    refused: dict[str, Reason] = {}
    for kind, file in ORIGINALS.items():
        original = _content(estate, machine, file)
        if isinstance(original, Reason):
            refused[kind] = original
            found[kind] = tuple(key for key in copied if kind_of(key) == kind) if original.kind is not Kind.ABSENT else ()
        else:
            found[kind], more = _keys(original)
            strange += more
    keys = tuple(key for kind in KINDS for key in found[kind]) or copied
    return HostKeys(keys, strange[:_ODDITIES], None if keys else _why_none(copy, refused, strange))


def _keys(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys of a file, best first, and its lines that are none."""
    lines = [line for line in text.splitlines() if line.strip()]
    known = {key for line in lines if (key := host_key(line))}
    strange = tuple(shown(line) for line in lines if host_key(line) is None)
    return tuple(sorted(known, key=lambda key: (KINDS.index(kind_of(key)), key))), strange


def _why_none(copy: str | Reason, refused: Mapping[str, Reason], strange: tuple[str, ...]) -> Reason | None:
    other = next((reason for reason in refused.values() if reason.kind not in {Kind.ABSENT, Kind.DENIED}), None)
    if other or strange:
        return other or Reason(Kind.ODD, f"tells what is no SSH host key: {strange[0]}", _WITHOUT_KEYS)
    denied = any(reason.kind is Kind.DENIED for reason in refused.values())
    if isinstance(copy, Reason) and copy.kind is Kind.DENIED:
        return Reason(Kind.DENIED, f"keeps {COPIED_KEYS} from its guest agent (Permission denied)", f"{_RELABEL}\n{_WITHOUT_KEYS}", 0.0)
    return Reason(Kind.DENIED, _KEPT, f"{_COPY}\n{_WITHOUT_KEYS}") if denied else None


_KEPT = f"keeps its SSH host keys from the guest agent (Permission denied: SELinux), and first boot's copy {COPIED_KEYS} is not there yet"
_COPY = f"on the machine: mkdir -p /etc/stardock; cat /etc/ssh/ssh_host_*_key.pub >{COPIED_KEYS}; then `runner discover`"
_RELABEL = f"on the machine: chmod 644 {COPIED_KEYS}; restorecon -R /etc/stardock; then `runner discover`"
_WITHOUT_KEYS = "or, as its address is known: runner bootstrap --accept-new-host-keys trusts the key that it shows first"


def founded_mark(estate: Estate, machine: EstateMachine) -> str | None:
    """Read the sha256 of the cluster's authority that bootstrap left on the machine: empty where there is none.

    None where nobody knows: it does not answer, or it has a mark that is no sha256.
    """
    told = _content(estate, machine, FOUNDED_MARK)
    if isinstance(told, Reason):
        return "" if told.kind is Kind.ABSENT else None
    return told.strip() if re.fullmatch(r"[0-9a-f]{64}", told.strip()) else None


def _content(estate: Estate, machine: EstateMachine, file: str) -> str | Reason:
    """Read a small file."""
    answer = _ask(estate, machine, "file-read", file=file)
    if isinstance(answer, Reason):
        return answer
    content = answer.get("content")
    if content is None:
        return ""  # an empty file
    return content if isinstance(content, str) and len(content) <= _LONGEST_FILE else odd(machine, content)


def _ask(estate: Estate, machine: EstateMachine, endpoint: str, **options: str) -> Mapping[str, Any] | Reason:
    """Ask the agent one thing. Only what stops every question raises, a token that is not accepted for example."""
    try:
        answer = estate.read(_question(machine, endpoint, **options))
    except Forbidden:
        return forbidden(machine, endpoint)
    except NoAnswer as error:
        return _unanswered(estate, machine, Reason(Kind.UNREACHABLE, error.message, error.cure or ""))
    except ResourceException as error:
        reason = of_refusal(machine, endpoint, error)
        return _unanswered(estate, machine, reason) if reason.kind is Kind.UNREACHABLE else _thawed(estate, machine, reason)
    return answer if isinstance(answer, Mapping) else odd(machine, answer)


def _unanswered(estate: Estate, machine: EstateMachine, reason: Reason) -> Reason:
    """Who kept the answer back: Proxmox, the PVE node, or the agent alone, for which these wait until somebody's patience ends?

    A PVE node waits for an agent longer than its neighbour, a proxy or we wait for the node: then they say 596 or 504, or we hear nothing.
    Whoever answers the question after the VM's power is not to blame.
    """
    power = power_of(estate, machine)
    return reason if power is None else standstill(machine, power) or hung(machine, "although Proxmox does")


def _question(machine: EstateMachine, endpoint: str, **options: str) -> Callable[[Any], Any]:
    return lambda api: api.nodes(machine.pve_node).qemu(machine.vm_id).agent(endpoint).get(**options)


def _thawed(estate: Estate, machine: EstateMachine, reason: Reason) -> Reason:
    """A frozen guest's agent calls nearly everything disabled, in the same words as what is disabled for good (qga, QEMU 9.1): ask."""
    if reason.kind is not Kind.DISABLED:
        return reason
    try:
        told = estate.read(lambda api: api.nodes(machine.pve_node).qemu(machine.vm_id).agent("fsfreeze-status").post())
    except (Forbidden, NoAnswer, ResourceException):
        return reason
    return frozen(machine) if isinstance(told, Mapping) and told.get("result") == "frozen" else reason
