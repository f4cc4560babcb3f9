"""Who may do what: users, roles, ACLs, privilege-separated tokens and pools of the emulated PVE, after PVE::AccessControl."""

from __future__ import annotations

from lab.pve.access.rights import Rights
from lab.pve.access.store import Access, User

__all__ = ["Access", "Rights", "User"]
