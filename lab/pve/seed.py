"""The cloud-init drive, as PVE builds it anew at each start of a VM (PVE::QemuServer::Cloudinit, nocloud).

A snippet that `cicustom` names is read from the node that the VM is on; what has no snippet is made from the configuration. Without a meta
snippet the instance id is the SHA-1 of user-data and network-config, so that any edit makes a new instance at the next start.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from lab.machines.hypervisor import Seed
from lab.pve.drives import seed_slot
from lab.pve.errors import TaskError
from lab.pve.estate import Estate
from lab.pve.state import Vm

_LIMIT = 3 * 1024**2
#: Of one snippet (PVE::QemuServer::Cloudinit::read_cloudinit_snippets_file).
_SNIPPET_LIMIT = 1024**2


def build_seed(estate: Estate, vm: Vm) -> Seed | None:
    """The drive's content, or None when the VM has no such drive. Raises TaskError when a snippet is not on the node."""
    if seed_slot(vm) is None:
        return None
    # vendor-data is always there, empty where no snippet gives it (generate_nocloud)
    snippets = {kind: _snippet(estate, vm, volid) for kind, volid in _custom(vm.config)}
    user = snippets.get("user", user_data(vm).encode())
    network = snippets.get("network", network_config(vm.config).encode())
    meta = snippets.get("meta", f"instance-id: {hashlib.sha1(user + network, usedforsecurity=False).hexdigest()}\n".encode())
    seed = Seed(user, network, meta, snippets.get("vendor", b""))
    if len(user) + len(network) + len(meta) + len(seed.vendor) > _LIMIT:
        raise TaskError("Cloud-Init sum of snippets too big (> 3 MiB)")
    return seed


def _custom(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for part in filter(None, str(config.get("cicustom", "")).split(",")):
        kind, _, volid = part.partition("=")
        yield kind, volid


def _snippet(estate: Estate, vm: Vm, volid: str) -> bytes:
    if not volid.partition(":")[2].startswith("snippets/"):
        raise TaskError(f"{volid} is not in the snippets directory")
    content = estate.storages.read(vm.node, volid)
    if len(content) > _SNIPPET_LIMIT:
        raise TaskError(f"file '{estate.storages.shown_path(vm.node, volid)}' too long - aborting")
    return content


def user_data(vm: Vm) -> str:
    """PVE's own user-data, from the configuration."""
    config = vm.config
    name = str(config.get("name", f"VM{vm.vm_id}"))
    search = config.get("searchdomain")
    fqdn = name if "." in name or not search else f"{name}.{search}"
    lines = ["#cloud-config", f"hostname: {name.partition('.')[0]}", "manage_etc_hosts: true", f"fqdn: {fqdn}"]
    lines += _account(config)
    if config.get("ciupgrade", 1):
        lines.append("package_upgrade: true")
    return "\n".join(lines) + "\n"


def _account(config: dict[str, Any]) -> list[str]:
    user, password = config.get("ciuser"), config.get("cipassword")
    keys = [line for line in unquote(str(config.get("sshkeys", ""))).splitlines() if line.strip()]
    lines = [f"user: {user}"] if user else []
    lines += ["disable_root: False"] if user == "root" else []
    lines += [f"password: {password}"] if password else []
    lines += ["ssh_authorized_keys:", *(f"  - {key}" for key in keys)] if keys else []
    lines += ["chpasswd:", "  expire: False"]
    return lines if user == "root" else [*lines, "users:", "  - default"]


def network_config(config: dict[str, Any]) -> str:
    """PVE's own network-config: version 1, from ipconfigN."""
    lines = ["version: 1", "config:"]
    for key in sorted(key for key in config if re.fullmatch(r"net\d+", key) and f"ipconfig{key[3:]}" in config):
        mac = str(config[key]).partition(",")[0].partition("=")[2].lower()
        lines += ["    - type: physical", f"      name: eth{key[3:]}", f"      mac_address: '{mac}'", "      subnets:"]
        lines += _subnets(dict(part.split("=", 1) for part in str(config[f"ipconfig{key[3:]}"]).split(",")))
    lines += ["    - type: nameserver"]
    for name, option in (("address", "nameserver"), ("search", "searchdomain")):
        values = str(config.get(option, "")).split()
        lines += [f"      {name}:", *(f"      - '{value}'" for value in values)] if values else []
    return "\n".join(lines) + "\n"


def _subnets(given: dict[str, str]) -> list[str]:
    lines: list[str] = []
    if given.get("ip") == "dhcp":
        lines.append("      - type: dhcp4")
    elif "ip" in given:
        address = ipaddress.ip_interface(given["ip"])
        lines += ["      - type: static", f"        address: '{address.ip}'", f"        netmask: '{address.netmask}'"]
        lines += [f"        gateway: '{given['gw']}'"] if "gw" in given else []
    if "ip6" in given:
        kind = {"dhcp": "dhcp6", "auto": "ipv6_slaac"}.get(given["ip6"])
        lines += [f"      - type: {kind}"] if kind else ["      - type: static6", f"        address: '{given['ip6']}'"]
        lines += [f"        gateway: '{given['gw6']}'"] if "gw6" in given else []
    return lines
