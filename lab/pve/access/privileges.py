"""The privileges of PVE 9 and the roles that every estate has, from the groups of PVE::AccessControl."""

from __future__ import annotations

#: Group -> level -> privileges. `root` is in Administrator alone; `admin`, `user` and `audit` make the built-in roles.
_GROUPS: dict[str, dict[str, str]] = {
    "VM": {
        "admin": "VM.Config.Disk VM.Config.CPU VM.Config.Memory VM.Config.Network VM.Config.HWType VM.Config.Options VM.Allocate VM.Clone "
        "VM.GuestAgent.Unrestricted VM.Migrate VM.Replicate VM.Snapshot VM.Snapshot.Rollback",
        "user": "VM.Config.CDROM VM.Config.Cloudinit VM.Console VM.Backup VM.GuestAgent.FileRead VM.GuestAgent.FileSystemMgmt "
        "VM.GuestAgent.FileWrite VM.PowerMgmt",
        "audit": "VM.Audit VM.GuestAgent.Audit",
    },
    "Sys": {"root": "Sys.PowerMgmt Sys.Modify Sys.Incoming Sys.AccessNetwork", "admin": "Sys.Console Sys.Syslog", "audit": "Sys.Audit"},
    "Datastore": {
        "admin": "Datastore.Allocate Datastore.AllocateTemplate",
        "user": "Datastore.AllocateSpace",
        "audit": "Datastore.Audit",
    },
    "SDN": {"admin": "SDN.Allocate SDN.Audit", "user": "SDN.Use", "audit": "SDN.Audit"},
    "User": {"root": "Realm.Allocate", "admin": "User.Modify Group.Allocate Realm.AllocateUser"},
    "Pool": {"admin": "Pool.Allocate", "user": "Pool.Audit", "audit": "Pool.Audit"},
    "Mapping": {"admin": "Mapping.Modify", "user": "Mapping.Use", "audit": "Mapping.Audit"},
}

#: Every privilege.
PRIVILEGES = frozenset(name for levels in _GROUPS.values() for names in levels.values() for name in names.split()) | {"Permissions.Modify"}


def _level(group: str, *levels: str) -> frozenset[str]:
    return frozenset(name for level in levels for name in _GROUPS[group].get(level, "").split())


def _built_in() -> dict[str, frozenset[str]]:
    found = {"NoAccess": frozenset[str](), "Administrator": PRIVILEGES, "PVETemplateUser": frozenset({"VM.Clone", "VM.Audit"})}
    for group, levels in _GROUPS.items():
        found[f"PVE{group}Admin"] = _level(group, "admin", "user", "audit")
        if "user" in levels:
            found[f"PVE{group}User"] = _level(group, "user", "audit")
    every = frozenset[str]().union(*(_level(group, "admin", "user", "audit") for group in _GROUPS))
    auditor = frozenset[str]().union(*(_level(group, "audit") for group in _GROUPS))
    return found | {"PVEAdmin": every - {"Mapping.Modify"}, "PVEAuditor": auditor}


#: The roles that nobody can change or delete.
BUILT_IN = _built_in()
