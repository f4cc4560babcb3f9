"""What a handler gets and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lab.pve.access import Rights
from lab.pve.estate import Estate
from lab.pve.schema.check import Given
from lab.pve.schema.model import Route
from lab.pve.state import Vm
from lab.pve.tasks import Work

_TRUE = frozenset({"1", "on", "yes", "true"})


@dataclass(slots=True)
class Request:
    """A request that fits its route. `parameters` are those of path, query and body, the last of each; `upload` a multipart body's file."""

    estate: Estate
    route: Route
    parameters: dict[str, str]
    user: str
    upload: bytes = field(default=b"", repr=False)
    given: Given = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]

    def get(self, name: str) -> str | None:
        """A parameter that may be absent."""
        return self.parameters.get(name)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean, as PVE writes them."""
        return self.parameters[name].lower() in _TRUE if name in self.parameters else default

    def every(self, name: str) -> list[str]:
        """A parameter that may be given several times."""
        values = self.given.get(name, [])
        return [values] if isinstance(values, str) else list(values)

    @property
    def rights(self) -> Rights:
        """What the one who asks may do."""
        return Rights(self.estate.access, self.user)

    def vm(self) -> Vm:
        """The VM that the path names. Raises PveError when there is none."""
        return self.estate.vm(self["node"], self["vmid"])

    def task(self, kind: str, subject: str, work: Work) -> str:
        """Starts a worker on the path's node and gives its UPID."""
        return self.estate.tasks.start(self["node"], kind, subject, self.user, work)


Handler = Callable[[Request], Any]
Routes = dict[tuple[str, str], Handler]
