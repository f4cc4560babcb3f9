"""A Proxmox that says of one VM whatever a test wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from proxmoxer.core import ResourceException

from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine

VM = EstateMachine(vm_id=210, name="server1", pve_node="pve1", tags=frozenset())
#: What a file read gives where there is no such file.
ABSENT = "No such file or directory"
DENIED = "Permission denied"


def failed(reason: str, code: int = 500) -> ResourceException:
    """PVE's refusal as proxmoxer raises it."""
    return ResourceException(code, "Internal Server Error", reason)


@dataclass(slots=True)
class Told:
    """`interfaces`: the whole answer to network-get-interfaces. `files`: content by path, or why it cannot be opened. `asked`: in order."""

    interfaces: Any = None
    files: Mapping[str, Any] = field(default_factory=dict)
    frozen: Any = "thawed"
    status: Any = None
    asked: list[str] = field(default_factory=list)

    @property
    def estate(self) -> Estate:
        """As the code that is tested takes it."""
        return cast("Estate", self)

    def read(self, question: Callable[[Any], Any]) -> Any:
        """Estate.read, where the connection itself does not fail."""
        return question(_Path(self, ()))

    def answer(self, path: tuple[str, ...], options: Mapping[str, str]) -> Any:
        """What PVE says."""
        endpoint = path[-1]
        self.asked.append(options.get("file", endpoint))
        if endpoint == "file-read":
            return self._file(options["file"])
        told = {"network-get-interfaces": self.interfaces, "fsfreeze-status": {"result": self.frozen}, "current": self.status}[endpoint]
        if isinstance(told, Exception):
            raise told
        return told

    def _file(self, file: str) -> Any:
        told = self.files.get(file, ABSENT)
        if isinstance(told, Exception):
            raise told
        if told in (ABSENT, DENIED):
            raise failed(f"Agent error: failed to open file '{file}' (mode: 'r'): {told}")
        return told if isinstance(told, dict) else {"content": told, "bytes-read": len(told)}


@dataclass(frozen=True, slots=True)
class _Path:
    """proxmoxer's way of writing a path."""

    told: Told
    parts: tuple[str, ...]

    def __getattr__(self, name: str) -> _Path:
        return _Path(self.told, (*self.parts, name))

    def __call__(self, part: object) -> _Path:
        return _Path(self.told, (*self.parts, str(part)))

    def get(self, **options: str) -> Any:
        return self.told.answer(self.parts, options)

    def post(self, **options: str) -> Any:
        return self.told.answer(self.parts, options)
