"""/cluster/mapping: names for PCI and USB devices, the same on every PVE node wherever the device sits there."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from typing import Any

from lab.pve.errors import bad_parameters, failed
from lab.pve.routes.handler import Request, Routes
from lab.pve.schema.check import PropertyStringError, parse_property_string
from lab.pve.schema.model import Rule
from lab.pve.schema.notation import rules
from lab.pve.state import Mapping, State

_ADDRESS = r"[a-f0-9]{4,}:[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?"
_IDS = r"[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}"
#: One device of a mapping.
_PCI = rules(
    f"node! <pve-node>\npath! /(?:{_ADDRESS};)*{_ADDRESS}/\nid! /{_IDS}/\nsubsystem-id /{_IDS}/\niommugroup integer\ndescription string"
)
_USB = rules(f"node! <pve-node>\nid! /{_IDS}/\npath /\\d+-\\d+(?:\\.\\d+)*/\ndescription string ..4096")


@dataclass(frozen=True, slots=True)
class Kind:
    """Mappings of one kind: `pci` or `usb`."""

    name: str
    device: MappingOf[str, Rule]

    def of(self, state: State) -> dict[str, Mapping]:
        """Those that there are."""
        return state.mappings if self.name == "pci" else state.usb

    def listed(self, request: Request) -> list[dict[str, Any]]:
        """GET mapping/KIND: those that one may see."""
        found = self.of(request.estate.state)
        return [self._described(name, found[name]) for name in sorted(found) if self._may_see(request, name)]

    def _may_see(self, request: Request, name: str) -> bool:
        return request.rights.has(f"/mapping/{self.name}/{name}", "Mapping.Modify", "Mapping.Use", "Mapping.Audit", some=True)

    def _described(self, name: str, mapping: Mapping) -> dict[str, Any]:
        described = {"id": name, "type": self.name, "map": mapping.devices}
        return described | ({"description": mapping.description} if mapping.description else {})

    def read(self, request: Request) -> dict[str, Any]:
        """GET mapping/KIND/{id}."""
        name, found = request["id"], self.of(request.estate.state)
        if name not in found:
            raise failed(f"mapping '{name}' not found")
        return self._described(name, found[name])

    def create(self, request: Request) -> None:
        """POST mapping/KIND."""
        name, devices = request["id"], request.every("map")
        for text in devices:
            try:
                parse_property_string(self.device, text)
            except PropertyStringError as error:
                raise bad_parameters({"map": f"invalid format - {error}"}) from None
        with request.estate.state as state:
            if name in self.of(state):
                raise failed(f"create hardware mapping failed: {self.name} ID '{name}' already defined")
            self.of(state)[name] = Mapping(devices, request.get("description"))

    def delete(self, request: Request) -> None:
        """DELETE mapping/KIND/{id}; also one that VMs still name: they start no more."""
        with request.estate.state as state:
            self.of(state).pop(request["id"], None)

    def routes(self) -> Routes:
        """All of this kind."""
        path = f"/cluster/mapping/{self.name}"
        return {
            ("GET", path): self.listed,
            ("POST", path): self.create,
            ("GET", f"{path}/{{id}}"): self.read,
            ("DELETE", f"{path}/{{id}}"): self.delete,
        }


ROUTES: Routes = {**Kind("pci", _PCI).routes(), **Kind("usb", _USB).routes()}
