"""The parameters of what holds for the whole cluster: resource mappings, vnets of SDN and HA."""

from __future__ import annotations

CLUSTER_PATH = "id! <pve-configid>\nsid! <pve-ha-resource-or-vm-id>\nrule! <pve-configid>"

_RESOURCE = """
comment string ..4096
failback boolean
group <pve-configid>
max_relocate integer 0..
max_restart integer 0..
state started|stopped|enabled|disabled|ignored
"""
_RULE = """
affinity positive|negative
comment string ..4096
disable boolean
nodes <pve-ha-node-list>
rule! <pve-configid>
strict boolean
type! node-affinity|resource-affinity
"""
_EDIT = "delete <pve-configid-list> ..4096\ndigest string ..64\n"

CLUSTER_TABLES: dict[str, str] = {
    "GET /cluster/mapping/pci": "check-node <pve-node>",
    "POST /cluster/mapping/pci": "id! <pve-configid>\nmap! array\ndescription string ..4096\nlive-migration-capable boolean\nmdev boolean",
    "GET /cluster/mapping/pci/{id}": "",
    "DELETE /cluster/mapping/pci/{id}": "",
    "GET /cluster/mapping/usb": "check-node <pve-node>",
    "POST /cluster/mapping/usb": "id! <pve-configid>\nmap! array\ndescription string ..4096",
    "GET /cluster/mapping/usb/{id}": "",
    "DELETE /cluster/mapping/usb/{id}": "",
    "GET /cluster/sdn/vnets": "pending boolean\nrunning boolean",
    "GET /cluster/ha/resources": "type ct|vm",
    "POST /cluster/ha/resources": f"sid! <pve-ha-resource-or-vm-id>\ntype ct|vm\n{_RESOURCE}",
    "GET /cluster/ha/resources/{sid}": "",
    "PUT /cluster/ha/resources/{sid}": _EDIT + _RESOURCE,
    "DELETE /cluster/ha/resources/{sid}": "purge boolean",
    "GET /cluster/ha/rules": "resource string\ntype node-affinity|resource-affinity",
    "POST /cluster/ha/rules": f"resources! <pve-ha-resource-id-list>\n{_RULE}",
    "GET /cluster/ha/rules/{rule}": "",
    "PUT /cluster/ha/rules/{rule}": f"resources <pve-ha-resource-id-list>\n{_EDIT}{_RULE}",
    "DELETE /cluster/ha/rules/{rule}": "",
    "GET /cluster/ha/status/current": "",
}
