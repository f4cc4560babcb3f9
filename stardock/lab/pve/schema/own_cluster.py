"""The parameters of what holds for the whole cluster: resource mappings and HA."""

from __future__ import annotations

CLUSTER_PATH = "id! <pve-configid>"

CLUSTER_TABLES: dict[str, str] = {
    "GET /cluster/mapping/pci": "check-node <pve-node>",
    "POST /cluster/mapping/pci": "id! <pve-configid>\nmap! array\ndescription string ..4096\nlive-migration-capable boolean\nmdev boolean",
    "GET /cluster/mapping/pci/{id}": "",
    "DELETE /cluster/mapping/pci/{id}": "",
}
