"""/cluster/mapping/pci: names for PCI devices, the same on every PVE node wherever the device sits there."""

from __future__ import annotations

from typing import Any

from stardock.lab.pve.errors import bad_parameters, failed
from stardock.lab.pve.routes.handler import Request, Routes
from stardock.lab.pve.schema.check import PropertyStringError, parse_property_string
from stardock.lab.pve.schema.notation import rules
from stardock.lab.pve.state import Mapping

_PATH = "/cluster/mapping/pci"
_ADDRESS = r"[a-f0-9]{4,}:[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?"
_IDS = r"[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}"
#: One device of a mapping.
_DEVICE = rules(
    f"node! <pve-node>\npath! /(?:{_ADDRESS};)*{_ADDRESS}/\nid! /{_IDS}/\nsubsystem-id /{_IDS}/\niommugroup integer\ndescription string"
)


def listed(request: Request) -> list[dict[str, Any]]:
    """GET mapping/pci: those that one may see."""
    mappings = request.estate.state.mappings
    return [_described(name, mappings[name]) for name in sorted(mappings) if _may_see(request, name)]


def _may_see(request: Request, name: str) -> bool:
    return request.rights.has(f"/mapping/pci/{name}", "Mapping.Modify", "Mapping.Use", "Mapping.Audit", some=True)


def _described(name: str, mapping: Mapping) -> dict[str, Any]:
    described = {"id": name, "type": "pci", "map": mapping.devices}
    return described | ({"description": mapping.description} if mapping.description else {})


def read(request: Request) -> dict[str, Any]:
    """GET mapping/pci/{id}."""
    name = request["id"]
    if name not in request.estate.state.mappings:
        raise failed(f"mapping '{name}' not found")
    return _described(name, request.estate.state.mappings[name])


def create(request: Request) -> None:
    """POST mapping/pci."""
    name, devices = request["id"], request.every("map")
    for text in devices:
        try:
            parse_property_string(_DEVICE, text)
        except PropertyStringError as error:
            raise bad_parameters({"map": f"invalid format - {error}"}) from None
    with request.estate.state as state:
        if name in state.mappings:
            raise failed(f"create hardware mapping failed: pci ID '{name}' already defined")
        state.mappings[name] = Mapping(devices, request.get("description"))


def delete(request: Request) -> None:
    """DELETE mapping/pci/{id}; also one that VMs still name: they start no more."""
    with request.estate.state as state:
        state.mappings.pop(request["id"], None)


ROUTES: Routes = {
    ("GET", _PATH): listed,
    ("POST", _PATH): create,
    ("GET", f"{_PATH}/{{id}}"): read,
    ("DELETE", f"{_PATH}/{{id}}"): delete,
}
