"""Who may call which method, as the schema publishes it; a method that stands in no table here is open to every user of the estate.

Such an open method looks at privileges by itself, entry by entry or option by option (`lab.pve.access`).
"""

from __future__ import annotations

from typing import Any

_VM, _STORAGE, _NODE = "/vms/{vmid}", "/storage/{storage}", "/nodes/{node}"
_CONFIG = [f"VM.Config.{name}" for name in ("Disk", "CDROM", "CPU", "Memory", "Network", "HWType", "Options", "Cloudinit")]
_READ = ["Datastore.Audit", "Datastore.AllocateSpace"]
_WIDE = ["perm", "/", ["Sys.Audit", "Sys.Modify"]]
_FETCH = ["or", _WIDE, ["perm", _NODE, ["Sys.AccessNetwork"]]]
_POOL = ["perm", "/pool/{poolid}", ["Pool.Allocate"]]
_OWN_TOKENS = ["or", ["userid-param", "self"], ["userid-group", ["User.Modify"]]]
_QEMU, _CONTENT = "/nodes/{node}/qemu/{vmid}", "/nodes/{node}/storage/{storage}"

_HA = ("resources", "rules", "resources/{sid}", "rules/{rule}", "status/current")


def _some(path: str, *privileges: str) -> list[Any]:
    return ["perm", path, list(privileges), "any", 1]


_CHECKS: dict[str, list[Any]] = {
    "GET /cluster/status": ["perm", "/", ["Sys.Audit"]],
    "GET /nodes/{node}/status": ["perm", _NODE, ["Sys.Audit"]],
    "GET /nodes/{node}/time": ["perm", _NODE, ["Sys.Audit"]],
    "GET /nodes/{node}/query-url-metadata": _FETCH,
    "GET /storage/{storage}": ["perm", _STORAGE, ["Datastore.Allocate"]],
    f"GET {_CONTENT}/status": _some(_STORAGE, *_READ),
    f"GET {_CONTENT}/content": _some(_STORAGE, *_READ),
    f"POST {_CONTENT}/upload": ["perm", _STORAGE, ["Datastore.AllocateTemplate"]],
    f"POST {_CONTENT}/download-url": ["and", ["perm", _STORAGE, ["Datastore.AllocateTemplate"]], _FETCH],
    f"DELETE {_QEMU}": ["perm", _VM, ["VM.Allocate"]],
    f"GET {_QEMU}/config": ["perm", _VM, ["VM.Audit"]],
    f"PUT {_QEMU}/config": _some(_VM, *_CONFIG),
    f"POST {_QEMU}/config": _some(_VM, *_CONFIG),
    f"GET {_QEMU}/pending": ["perm", _VM, ["VM.Audit"]],
    f"PUT {_QEMU}/resize": ["perm", _VM, ["VM.Config.Disk"]],
    f"POST {_QEMU}/migrate": ["perm", _VM, ["VM.Migrate"]],
    f"GET {_QEMU}/status/current": ["perm", _VM, ["VM.Audit"]],
    **{f"POST {_QEMU}/status/{verb}": ["perm", _VM, ["VM.PowerMgmt"]] for verb in ("start", "stop", "shutdown", "reboot", "reset")},
    f"POST {_QEMU}/termproxy": ["perm", _VM, ["VM.Console"]],
    f"GET {_QEMU}/vncwebsocket": ["perm", _VM, ["VM.Console"]],
    f"POST {_QEMU}/agent/ping": _some(_VM, "VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted"),
    f"POST {_QEMU}/agent/fsfreeze-status": _some(_VM, "VM.GuestAgent.Audit", "VM.GuestAgent.FileSystemMgmt", "VM.GuestAgent.Unrestricted"),
    f"GET {_QEMU}/agent/network-get-interfaces": _some(_VM, "VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted"),
    f"GET {_QEMU}/agent/file-read": _some(_VM, "VM.GuestAgent.FileRead", "VM.GuestAgent.Unrestricted"),
    **{f"GET /cluster/ha/{path}": ["perm", "/", ["Sys.Audit"]] for path in _HA},
    **{f"POST /cluster/ha/{path}": ["perm", "/", ["Sys.Console"]] for path in ("resources", "rules")},
    **{f"{method} /cluster/ha/{path}": ["perm", "/", ["Sys.Console"]] for method in ("PUT", "DELETE") for path in _HA[2:4]},
    "POST /cluster/mapping/pci": ["perm", "/mapping/pci", ["Mapping.Modify"]],
    "DELETE /cluster/mapping/pci/{id}": ["perm", "/mapping/pci", ["Mapping.Modify"]],
    "GET /cluster/mapping/pci/{id}": ["or", *(["perm", "/mapping/pci/{id}", [f"Mapping.{name}"]] for name in ("Use", "Modify", "Audit"))],
    "POST /cluster/mapping/usb": ["perm", "/mapping/usb", ["Mapping.Modify"]],
    "DELETE /cluster/mapping/usb/{id}": ["perm", "/mapping/usb", ["Mapping.Modify"]],
    "GET /cluster/mapping/usb/{id}": ["or", *(["perm", "/mapping/usb/{id}", [f"Mapping.{name}"]] for name in ("Audit", "Use", "Modify"))],
    "POST /pools": _POOL,
    "PUT /pools": _POOL,
    "DELETE /pools": _POOL,
    "POST /access/roles": ["perm", "/access", ["Sys.Modify"]],
    "PUT /access/roles/{roleid}": ["perm", "/access", ["Sys.Modify"]],
    "DELETE /access/roles/{roleid}": ["perm", "/access", ["Sys.Modify"]],
    "PUT /access/acl": ["perm-modify", "{path}"],
    "POST /access/users": [
        "and",
        ["userid-param", "Realm.AllocateUser"],
        ["userid-group", ["User.Modify"], "groups_param", "create"],
    ],
    "DELETE /access/users/{userid}": ["and", ["userid-param", "Realm.AllocateUser"], ["userid-group", ["User.Modify"]]],
    "GET /access/users/{userid}/token": _OWN_TOKENS,
    "POST /access/users/{userid}/token/{tokenid}": _OWN_TOKENS,
    "DELETE /access/users/{userid}/token/{tokenid}": _OWN_TOKENS,
}


def permissions(method: str, path: str) -> dict[str, Any]:
    """What the method declares."""
    check = _CHECKS.get(f"{method} {path}")
    if check:
        return {"check": check}
    return {"user": "world" if path == "/access/ticket" else "all"}
