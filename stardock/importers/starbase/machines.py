"""The VMs that starbase 0.3 makes of its variables: ids, PVE nodes and addresses by its own count, which is alphabetical."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from stardock.importers.starbase.variables import ROLES, NetworkConfig, Terraform

#: What Ansible takes for other hosts than the one of that name.
_RESERVED = frozenset({"all", "localhost", "ungrouped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StarbaseVm:
    """One VM. `role` is starbase's word, `addresses` maps an interface to its static address."""

    name: str  # in Stardock
    key: str
    full_name: str  # VM, host and Kubernetes node
    role: str
    vm_id: int
    pve_node: str
    addresses: Mapping[str, str]

    def cicustom(self, datastore: str) -> str:
        """Its first-boot files as PVE keeps them."""
        volume = f"{datastore}:snippets/{self.full_name}"
        return f"network={volume}-network-config,user={volume}-user-data"


def machines(terraform: Terraform) -> tuple[StarbaseVm, ...]:
    """All VMs by role; within a role in the order of their keys, by which Terraform's `index(keys(...), key)` counts."""
    names = _names([full for role in ROLES for full in terraform.nodes_of(role).values()])
    return tuple(
        StarbaseVm(
            name=names[full],
            key=key,
            full_name=full,
            role=role,
            vm_id=terraform.hardware_of(role).vm_id_start + position,
            pve_node=terraform.pve_nodes[position % len(terraform.pve_nodes)],
            addresses=_addresses(terraform.network_of(role), position),
        )
        for role in ROLES
        for position, (key, full) in enumerate(terraform.nodes_of(role).items())
    )


def _names(full_names: list[str]) -> dict[str, str]:
    """Full name -> a name that Stardock takes: its first label, or all of it where two begin alike."""
    firsts = Counter(full.split(".")[0] for full in full_names)
    return {full: _name(full.split(".")[0] if firsts[full.split(".")[0]] == 1 else full) for full in full_names}


def _name(text: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:62] or "machine"
    return f"m{name}" if name[0].isdigit() or name in _RESERVED else name


def _addresses(nics: tuple[NetworkConfig, ...], position: int) -> dict[str, str]:
    return {nic.interface: str(network_of(nic)[0] + (nic.offset or 0) + position) for nic in nics if is_static(nic)}


def is_static(nic: NetworkConfig) -> bool:
    """Whether starbase's template writes a static address; for anything else it writes DHCP, without a word."""
    return nic.type == "static" and bool(nic.base_ip)


def network_of(nic: NetworkConfig) -> IPv4Network:
    """The subnet from whose first address Terraform's `cidrhost` counts: host bits of `base_ip` are cut."""
    return IPv4Network((nic.base_ip or IPv4Address(0), nic.cidr_netmask if nic.cidr_netmask is not None else 24), strict=False)
