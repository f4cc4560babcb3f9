"""Clusters of any size, as cluster.yaml text."""

from __future__ import annotations

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBenchBenchBenchBenchBenchBenchBenchBenchBen bench"


def cluster_yaml(machines: int, *, pve_nodes: int = 3) -> str:
    """Two load balancers, three servers, and agents up to `machines`, on a static /16."""
    nodes = ", ".join(f"pve{n}" for n in range(1, pve_nodes + 1))
    static = "static: {base: 10.20.0.0, offset: %d, prefix: 16, gateway: 10.20.255.1}"
    return f"""\
cluster: bench
proxmox: {{endpoint: "https://192.0.2.1:8006", nodes: [{nodes}]}}
image: {{system: debian}}
ssh: {{keys: ["{KEY}"]}}
network:
  vip: 10.20.250.1
  loadbalancer: [{{{static % 10}}}]
  server: [{{{static % 20}}}]
  agent: [{{{static % 100}}}]
pools:
  - {{name: loadbalancers, role: loadbalancer, count: 2, pattern: "lb{{n}}", vm_id_start: 200}}
  - {{name: servers, role: server, count: 3, pattern: "server{{n}}", vm_id_start: 210}}
  - {{name: agents, role: agent, count: {machines - 5}, pattern: "agent{{n}}", vm_id_start: 1000}}
maintenance: {{slots: [1, 2, 3, 4], offsets: [0, 15, 30, 45], duration: 1h}}
"""
