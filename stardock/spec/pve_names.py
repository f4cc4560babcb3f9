"""Names of what a PVE node already has, as PVE takes them: storages, bridges, accounts."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

from stardock.spec.section import broken
from stardock.spec.units import Form, shown

#: PVE's format pve-storage-id.
Datastore = Annotated[
    str, Form(r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]", "a PVE storage (at least 2 of a-z, A-Z, 0-9, - _ ., a letter first)", "local-lvm")
]
#: PVE's format pve-bridge-id, in the 15 characters that the kernel has for the name of an interface.
#: A bridge and a VLAN in one word: the host's own interface in that VLAN (Proxmox' guide, Network Configuration: vmbr0.5), qm's line, ...
_TAGGED = re.compile(r"(vmbr\d{1,4})(?:[.:/@ v]|,\s*(?:tag|vlan)=)(\d{1,4})")


def parse_bridge(value: object) -> object:
    """A bridge alone: a tag beside it has a key of its own."""
    tagged = _TAGGED.fullmatch(value.strip()) if isinstance(value, str) else None
    if tagged:
        raise broken(f"{shown(value)} is a VLAN of a bridge, not a bridge", f"write {tagged[1]}, and beside it `vlan: {tagged[2]}`")
    return value


Bridge = Annotated[
    str, BeforeValidator(parse_bridge), Form(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}", "a bridge (1 to 15 of a-z, A-Z, 0-9, - _ .)", "vmbr0")
]
#: As Linux takes them, also from a directory (admin@example.org).
PveAccount = Annotated[
    str, Form(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,254}", "an account on a PVE node (1 to 255 of a-z, A-Z, 0-9, _ . @ -)", "root")
]


def parse_zone(value: object) -> object:
    """In paths of PVE's privileges `localnetwork` stands for bridges that are in no zone."""
    if value == "localnetwork":
        raise broken("`localnetwork` stands for bridges of a PVE node, which are in no zone", "delete the line")
    return value


#: PVE's format pve-sdn-zone-id (PVE::Network::SDN::Zones::Plugin).
Zone = Annotated[
    str,
    BeforeValidator(parse_zone),
    Form(r"[A-Za-z][A-Za-z0-9]{1,7}", "an SDN zone of PVE (2 to 8 of a-z, A-Z, 0-9, a letter first)", "kube"),
]
