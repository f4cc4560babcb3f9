#!/usr/bin/python
"""Ansible module: who has an address on this machine's segment, and who speaks VRRP there (see DOCUMENTATION)."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: address_owners
short_description: Who has an IPv4 address on a segment, and who sends VRRP adverts of an id there
description:
  - Asks by ARP as a host does that is about to take an address (RFC 5227, 2.1.1), and listens meanwhile. Needs no program, changes nothing.
  - Adverts to a multicast address are heard; those between two other machines (unicast) are not.
options:
  interface: {description: "Where.", type: str, required: true}
  address: {description: "The IPv4 address.", type: str, required: true}
  vrid: {description: "The VRRP id.", type: int, required: true}
  seconds: {description: "How long it listens.", type: float, default: 3}
"""
EXAMPLES = r"""
- name: Look who has the address
  stardock.machine.address_owners: {interface: ens18, address: 192.168.1.40, vrid: 51}
"""
RETURN = r"""
macs: {description: "MACs in small letters that answer for the address, or say that they have it.", type: list, returned: always}
routers: {description: "Addresses that send adverts with that id.", type: list, returned: always}
"""

_ALL, _ARP, _IPV4, _VRRP = 3, 0x0806, 0x0800, 112
_OUTGOING = 4
#: packet(7): join a multicast group of the link, here that of VRRP (224.0.0.18, RFC 9568).
_SOL_PACKET, _ADD_MEMBERSHIP, _MULTICAST = 263, 1, 0
_GROUP = bytes.fromhex("01005e000012")
_PROBES = 3
#: Bytes of an ARP frame, and of one with an IPv4 head and the first two of what it carries.
_ARP_BYTES, _IPV4_BYTES = 42, 36


def probe(mac: bytes, address: bytes) -> bytes:
    """A frame that asks everybody for an address, without claiming one."""
    arp = struct.pack("!HHBBH", 1, _IPV4, 6, 4, 1) + mac + bytes(4) + bytes(6) + address
    return b"\xff" * 6 + mac + struct.pack("!H", _ARP) + arp


def owner(frame: bytes, address: bytes) -> str | None:
    """The MAC that says in an ARP frame that it has the address."""
    if len(frame) < _ARP_BYTES or struct.unpack_from("!H", frame, 12)[0] != _ARP or frame[28:32] != address:
        return None
    return frame[22:28].hex(":")


def router(frame: bytes, vrid: int) -> str | None:
    """The address that sends a VRRP advert of that id."""
    if len(frame) < _IPV4_BYTES or struct.unpack_from("!H", frame, 12)[0] != _IPV4 or frame[23] != _VRRP:
        return None
    advert = 14 + (frame[14] & 0x0F) * 4
    return socket.inet_ntoa(frame[26:30]) if len(frame) > advert + 1 and frame[advert + 1] == vrid else None


def heard(interface: str, address: bytes, seconds: float) -> Iterator[bytes]:
    """All frames that come in, while the address is asked for."""
    mac = bytes.fromhex(Path(f"/sys/class/net/{interface}/address").read_text(encoding="ascii").strip().replace(":", ""))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL)) as link:
        link.bind((interface, _ALL))
        index = socket.if_nametoindex(interface)
        link.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, struct.pack("IHH8s", index, _MULTICAST, len(_GROUP), _GROUP))
        began, asked = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            if asked < _PROBES and passed >= asked * seconds / (_PROBES + 1):
                link.send(probe(mac, address))
                asked += 1
            link.settimeout(max(0.01, min(0.1, seconds - passed)))
            with contextlib.suppress(TimeoutError):
                frame, place = link.recvfrom(2048)
                if place[2] != _OUTGOING:
                    yield frame


def main() -> None:
    """Listen, and tell."""
    options = {"interface": {"required": True}, "address": {"required": True}, "vrid": {"type": "int", "required": True}}
    module = AnsibleModule(argument_spec={**options, "seconds": {"type": "float", "default": 3}}, supports_check_mode=True)
    given = module.params
    address = socket.inet_aton(given["address"])
    macs: set[str] = set()
    routers: set[str] = set()
    for frame in heard(given["interface"], address, given["seconds"]):
        macs.update(filter(None, [owner(frame, address)]))
        routers.update(filter(None, [router(frame, given["vrid"])]))
    module.exit_json(changed=False, macs=sorted(macs), routers=sorted(routers))


if __name__ == "__main__":
    main()
