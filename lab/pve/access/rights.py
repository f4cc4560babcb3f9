"""What the one who asks may do; raises what PVE answers otherwise: 403, with the path and the privilege that are missing."""

from __future__ import annotations

from dataclasses import dataclass

from lab.pve.access.effective import privileges_on
from lab.pve.access.store import ROOT, Access
from lab.pve.errors import PveError, forbidden


@dataclass(frozen=True, slots=True)
class Rights:
    """Of a user, or of a token by the name `USER!TOKEN`."""

    access: Access
    who: str

    @property
    def is_root(self) -> bool:
        """Whether it is root@pam itself, by ticket: a token of root's is not, whatever it may do."""
        return self.who == ROOT

    def has(self, path: str, *privileges: str, some: bool = False) -> bool:
        """Whether all of these privileges are there on the path; with `some`, one is enough."""
        return not self._lacking(path, privileges, some=some)

    def require(self, path: str, *privileges: str, some: bool = False) -> None:
        """Raises PveError (403) with PVE's words when one is missing; with `some`, when all are."""
        lacking = self._lacking(path, privileges, some=some)
        if lacking:
            raise forbidden(f"{path}, {lacking}")

    def require_vm(self, vm_id: int, pool: str | None, *privileges: str, some: bool = False) -> None:
        """The same for a VM, whose privileges may come from the pool that it is put into."""
        if not pool or not self.has(f"/pool/{pool}", *privileges, some=some):
            self.require(f"/vms/{vm_id}", *privileges, some=some)

    def require_root(self, what: str) -> None:
        """Raises PveError for anybody but root@pam."""
        if not self.is_root:
            raise PveError(500, f"only root can {what}")

    def _lacking(self, path: str, privileges: tuple[str, ...], *, some: bool) -> str:
        found = privileges_on(self.access, self.who, path)
        lacking = [name for name in privileges if name not in found]
        if some:
            return "|".join(privileges) if len(lacking) == len(privileges) else ""
        return lacking[0] if lacking else ""
