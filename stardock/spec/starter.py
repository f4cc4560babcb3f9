"""The text of a first cluster.yaml, from a few answers: the shapes of examples/single and examples/quickstart, with comments."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_interface

#: Written without quotes: a word that YAML takes for text, a path, a URL, an IPv4 address.
_PLAIN = re.compile(r"(?!(?i:y|n|yes|no|on|off|true|false|null)$)[A-Za-z~/][\w./~-]*|https?://[\w.:/-]+|\d+\.\d+\.\d+\.\d+")
#: What is counted from the VIP: as far apart as in examples/quickstart.
_BEHIND_VIP = {"loadbalancer": 1, "server": 10, "agent": 20}

_HEAD = """\
# Every key: docs/cluster-yaml.md. `runner plan` checks this file and shows what it means; it writes nothing.
cluster: {cluster} # its name: part of what is made on Proxmox, and never changed

proxmox:
  endpoint: {endpoint}
  nodes: # hosts, called as Proxmox calls them; `address` is where their SSH answers
{nodes}

image: {{system: debian}} # docs/systems.md has the others

ssh: # how machines are entered
  keys: [{key}]
{private}
"""
_SINGLE = """\
pools:
  - name: servers
    role: server
    machines: [server1] # names are kept: add and delete, never rename
    memory: 4GiB
    disk: 40GiB
"""
_HA = """\
pools:
  - {name: loadbalancers, role: loadbalancer, count: 2, pattern: "lb{n}", cores: 1, memory: 1GiB, disk: 20GiB, vm_id_start: 200}
  - name: servers
    role: server
    machines: [server1, server2, server3] # names are kept: add and delete, never rename
    cores: 2
    memory: 4GiB
    disk: 40GiB
    vm_id_start: 210
  - {name: agents, role: agent, machines: [agent1], cores: 2, memory: 4GiB, disk: 40GiB, vm_id_start: 220}

maintenance: {slots: [17, 18], offsets: [0, 15, 30, 45], duration: 1h} # when load balancers reboot themselves: docs/reboots.md
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a person said. `nodes` are name -> address, in order; `address` has its prefix (`192.168.1.50/24`).

    `address` is the VIP where there are load balancers (`ha`), else the server's; empty: DHCP. `private_key` may be empty: an ssh agent.
    """

    cluster: str
    nodes: Mapping[str, str]
    key: str
    private_key: str = ""
    address: str = ""
    gateway: str = ""
    bridge: str = "vmbr0"
    ha: bool = False


def starter(said: Answers) -> str:
    """The text. `ValueError` for an address that is none; all else is judged as any cluster.yaml is."""
    nodes = "\n".join(f"    - {{name: {_scalar(name)}, address: {_scalar(address)}}}" for name, address in said.nodes.items())
    private = f"  private_key: {_scalar(said.private_key)}\n" if said.private_key else "  # no private_key: your ssh agent has it\n"
    first = next(iter(said.nodes.values()))
    endpoint = f"https://[{first}]:8006" if ":" in first else f"https://{first}:8006"
    values = {"cluster": said.cluster, "endpoint": endpoint, "key": said.key}
    head = _HEAD.format(**{key: _scalar(value) for key, value in values.items()}, nodes=nodes, private=private)
    return head + _network(said) + (_HA if said.ha else _SINGLE)


def _network(said: Answers) -> str:
    """Nothing where all is as by default: DHCP on vmbr0."""
    if not said.address:
        return "" if said.bridge == "vmbr0" else f"network:\n  server:\n    - bridge: {_scalar(said.bridge)} # addresses by DHCP\n\n"
    interface = ip_interface(said.address)
    offset = int(interface.ip) - int(interface.network.network_address)
    vip = f"  vip: {interface.ip} # the API's address, held by the load balancers\n" if said.ha else ""
    roles = {role: offset + ahead for role, ahead in _BEHIND_VIP.items()} if said.ha else {"server": offset}
    return f"network: # machines count up from base + offset\n{vip}{''.join(_nic(said, role, start) for role, start in roles.items())}\n"


def _nic(said: Answers, role: str, offset: int) -> str:
    network = ip_interface(said.address).network
    gateway = f", gateway: {_scalar(said.gateway)}" if said.gateway else ""
    base = f"base: {network.network_address}, offset: {offset}, prefix: {network.prefixlen}{gateway}"
    dns = f"      dns: [{_scalar(said.gateway)}]\n" if said.gateway else ""
    return f"  {role}:\n    - bridge: {_scalar(said.bridge)}\n      static: {{{base}}}\n{dns}"


def _scalar(text: str) -> str:
    """As YAML reads back just that text, whatever it holds."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
