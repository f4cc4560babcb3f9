"""Who may do what: users, roles, ACLs, privilege-separated tokens and pools of the emulated PVE, after PVE::AccessControl."""

from __future__ import annotations

from stardock.lab.pve.access.rights import Rights
from stardock.lab.pve.access.store import Access, User

__all__ = ["Access", "Rights", "User"]
