"""Volumes have no method of their own that declares who may read them (PVE::Storage::check_volume_access)."""

from __future__ import annotations

import re

from lab.pve.access.rights import Rights
from lab.pve.errors import PveError, failed

_READABLE = frozenset({"iso", "vztmpl", "import"})


def owner_of(volid: str) -> int | None:
    """The VM whose disk a volume is, by its name."""
    found = re.fullmatch(r"[^:]+:(?:\d+/)?vm-(\d+)-.+", volid)
    return int(found[1]) if found else None


def require_access(rights: Rights, volid: str, *, vm_id: int | None = None) -> None:
    """Raises PveError when the volume may not be read for that VM."""
    storage, separator, name = volid.partition(":")
    if not separator:
        rights.require_root("pass arbitrary filesystem paths")
        return
    path, owner = f"/storage/{storage}", owner_of(volid)
    if rights.has(path, "Datastore.Allocate"):
        return
    if name.partition("/")[0] in _READABLE:
        rights.require(path, "Datastore.AllocateSpace", "Datastore.Audit", some=True)
    elif owner is not None and owner != vm_id:
        rights.require(path, "Datastore.Audit")
        rights.require(f"/vms/{owner}", "VM.Config.Disk")
    elif owner is None:
        raise failed(f"missing privileges to access {volid}")


def is_readable(rights: Rights, volid: str) -> bool:
    """Whether a listing shows it."""
    try:
        require_access(rights, volid)
    except PveError:
        return False
    return True
