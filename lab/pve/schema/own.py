"""The emulated routes and their parameters, written from the facts: what is checked when no official schema is at hand."""

from __future__ import annotations

from lab.pve.schema.model import Route, Rule, Schema
from lab.pve.schema.notation import rules
from lab.pve.schema.own_access import ID_PATTERN
from lab.pve.schema.own_access import TABLES as ACCESS_TABLES
from lab.pve.schema.own_cluster import CLUSTER_PATH, CLUSTER_TABLES
from lab.pve.schema.own_permissions import permissions
from lab.pve.schema.own_vm import NESTED, OPTIONS

_PATH = rules(
    "node! <pve-node>\nstorage! <pve-storage-id>\nvolume! string\nupid! string\nvmid! integer <pve-vmid> 100..999999999\n"
    f"userid! <pve-userid> ..64\ntokenid! {ID_PATTERN}\nroleid! <pve-roleid>"
)
_IN_PATH = _PATH | rules(CLUSTER_PATH)
_DISKS = "|".join(
    f"{bus}{index}" for bus, last in (("ide", 3), ("scsi", 30), ("virtio", 15), ("sata", 5)) for index in range(last + 1)
) + "|efidisk0|tpmstate0"  # fmt: skip
_CHECKSUM = """
checksum requires:checksum-algorithm
checksum-algorithm md5|sha1|sha224|sha256|sha384|sha512 requires:checksum
content! iso|vztmpl|import <pve-storage-content>
filename! string ..255
"""
_SKIP = "skiplock boolean"
_VM = "/nodes/{node}/qemu/{vmid}"
_STORAGE = "/nodes/{node}/storage/{storage}"
_CHANGE = f"delete <pve-configid-list>\ndigest string ..40\nforce boolean requires:delete\nrevert <pve-configid-list>\n{_SKIP}"
_CREATE = """
archive string ..255
bwlimit integer 0..
force boolean requires:archive
ha-managed boolean
import-working-storage <pve-storage-id>
live-restore boolean
pool <pve-poolid>
start boolean
storage <pve-storage-id>
unique boolean requires:archive
"""

_TABLES: dict[str, str] = ACCESS_TABLES | {
    "GET /version": "",
    "GET /cluster/status": "",
    "GET /cluster/nextid": "vmid integer <pve-vmid> 100..999999999",
    "GET /cluster/resources": "type vm|storage|node|sdn",
    "GET /nodes": "",
    "GET /nodes/{node}/status": "",
    "GET /nodes/{node}/time": "",
    "GET /nodes/{node}/version": "",
    "GET /nodes/{node}/network": "type bridge|bond|eth|alias|vlan|fabric|OVSBridge|OVSBond|OVSPort|OVSIntPort|vnet|any_bridge|"
    "any_local_bridge|include_sdn",
    "GET /nodes/{node}/query-url-metadata": "url! /https?://.*/\nverify-certificates boolean",
    "GET /nodes/{node}/tasks": "errors boolean\nlimit integer 0..\nsince integer\nsource archive|active|all\nstart integer 0..\n"
    "statusfilter <pve-task-status-type-list>\ntypefilter string\nuntil integer\nuserfilter string\nvmid integer <pve-vmid> 100..999999999",
    "GET /nodes/{node}/tasks/{upid}/status": "",
    "GET /nodes/{node}/tasks/{upid}/log": "download boolean\nlimit integer 0..\nstart integer 0..",
    "DELETE /nodes/{node}/tasks/{upid}": "",
    "GET /storage": "type btrfs|cephfs|cifs|dir|esxi|iscsi|iscsidirect|lvm|lvmthin|nfs|pbs|rbd|zfs|zfspool",
    "GET /storage/{storage}": "",
    "GET /nodes/{node}/storage": "content <pve-storage-content-list>\nenabled boolean\nformat boolean\nstorage <pve-storage-id>\n"
    "target <pve-node>",
    f"GET {_STORAGE}/status": "",
    f"GET {_STORAGE}/content": "content <pve-storage-content>\nvmid integer <pve-vmid> 100..999999999",
    f"GET {_STORAGE}/content/{{volume}}": "",
    f"DELETE {_STORAGE}/content/{{volume}}": "delay integer 1..30",
    f"POST {_STORAGE}/upload": _CHECKSUM + "tmpfilename //var/tmp/pveupload-[0-9a-f]+/",
    f"POST {_STORAGE}/download-url": _CHECKSUM + "compression string\nurl! /https?://.*/\nverify-certificates boolean",
    "GET /nodes/{node}/qemu": "full boolean",
    "POST /nodes/{node}/qemu": f"vmid! integer <pve-vmid> 100..999999999\n{_CREATE}",
    f"DELETE {_VM}": f"destroy-unreferenced-disks boolean\npurge boolean\n{_SKIP}",
    f"GET {_VM}/config": "current boolean\nsnapshot <pve-configid> ..40",
    f"PUT {_VM}/config": _CHANGE,
    f"POST {_VM}/config": f"{_CHANGE}\nbackground_delay integer 1..30\nimport-working-storage <pve-storage-id>",
    f"GET {_VM}/pending": "",
    f"PUT {_VM}/resize": f"disk! {_DISKS}\nsize! /\\+?\\d+(\\.\\d+)?[KMGT]?/\ndigest string ..40\n{_SKIP}",
    f"POST {_VM}/migrate": "target! <pve-node>\nonline boolean\nwith-local-disks boolean\n"
    "bwlimit integer 0..\nforce boolean\nmigration_network <CIDR>\nmigration_type secure|insecure\nwith-conntrack-state boolean",
    f"GET {_VM}/status/current": "",
    f"POST {_VM}/status/start": f"timeout integer 0..\nmachine {{machine}}\nforce-cpu string\n{_SKIP}",
    f"POST {_VM}/status/stop": f"timeout integer 0..\nkeepActive boolean\noverrule-shutdown boolean\n{_SKIP}",
    f"POST {_VM}/status/shutdown": f"timeout integer 0..\nforceStop boolean\nkeepActive boolean\n{_SKIP}",
    f"POST {_VM}/status/reboot": "timeout integer 0..",
    f"POST {_VM}/status/reset": _SKIP,
    f"POST {_VM}/termproxy": "serial serial0|serial1|serial2|serial3",
    f"GET {_VM}/vncwebsocket": "vncticket! string ..512\nport! integer 5900..5999",
    f"POST {_VM}/agent/ping": "",
    f"POST {_VM}/agent/fsfreeze-status": "",
    f"GET {_VM}/agent/network-get-interfaces": "",
    f"GET {_VM}/agent/file-read": "file! string\ncount integer 1..16777216\ndecode boolean\noffset integer 0..",
}
_WITH_OPTIONS = frozenset({"POST /nodes/{node}/qemu", f"PUT {_VM}/config", f"POST {_VM}/config"})


def own_schema() -> Schema:
    """The supported routes. Every other path is 501, as an unknown one is on a real host."""
    return Schema("own", "tables of lab.pve", [_route(key, table) for key, table in (_TABLES | CLUSTER_TABLES).items()])


def _route(key: str, table: str) -> Route:
    method, path = key.split()
    found: dict[str, Rule] = {name: rule for name, rule in _IN_PATH.items() if f"{{{name}}}" in path}
    found |= rules(table, NESTED)
    return Route(method, path, (OPTIONS | found) if key in _WITH_OPTIONS else found, permissions(method, path))
