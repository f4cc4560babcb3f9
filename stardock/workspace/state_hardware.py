"""What the engine's state says of each VM, in the words of `stardock.plan.views.aspects`: what `runner plan` compares with, asking nobody.

The state is input: what is missing or of another shape is not known, and nothing of it is trusted to be printable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from stardock.errors import InputErrors
from stardock.model.machine import Interface, Machine
from stardock.model.parts import PROVIDERS_LIMITS, DiskOptions
from stardock.model.plan import Plan
from stardock.plan.views import aspects
from stardock.plan.views.difference import Existing
from stardock.spec.trunks import ranges_of, vlans_of
from stardock.workspace.state import VM, EncryptedStateError, read_state

#: The provider's words for the size of huge pages (`constructs.pve.hardware`).
_HUGEPAGES = {"any": "any", "2": "2MiB", "1024": "1GiB"}
_LONGEST = 200


def existing_by_state(plan: Plan, state: Path, versions: Mapping[str, str]) -> Existing | None:
    """What exists as the state file says; None where it says nothing: missing, empty, unreadable. Raises EncryptedStateError."""
    try:
        text = read_state(state)
    except InputErrors:  # a plan is shown all the same, and says so
        return None
    document = None if text is None else _document(text)
    if document is None:
        return None
    if "encrypted_data" in document:
        raise EncryptedStateError
    vms = dict(_vms(document))
    planned = {machine.name: machine for machine in plan.machines}
    return Existing(
        source="state",
        hardware={name: hardware_in(_values(vm), planned.get(name)) for name, vm in vms.items()},
        vm_ids={name: number for name, vm in vms.items() if isinstance(number := _values(vm).get("vm_id"), int)},
        tainted=frozenset(name for name, vm in vms.items() if vm.get("status") == "tainted"),
        versions=versions,
    )


def _document(text: bytes) -> dict[str, Any] | None:
    """None for the empty file that synth makes, so that nobody makes a readable one, and for one that was cut short: they say nothing."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _vms(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in _list(document.get("resources")):
        instances = _list(resource.get("instances"))
        if resource.get("type") == VM and isinstance(resource.get("name"), str) and instances:
            yield resource["name"], instances[0]


def _values(vm: Mapping[str, Any]) -> Mapping[str, Any]:
    values = vm.get("attributes")
    return values if isinstance(values, dict) else {}


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def hardware_in(values: Mapping[str, Any], machine: Machine | None) -> dict[str, tuple[str, ...]]:
    """One VM's attributes as aspects; `machine` is how it is planned, which knows its NICs by name. What cannot be read is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for read in (_cpu, _memory, _firmware, _words, _switches, _devices, _startup):
        with suppress(KeyError, TypeError, ValueError, IndexError, AttributeError):
            found |= read(values)
    if machine is not None:
        with suppress(KeyError, TypeError, ValueError, IndexError, AttributeError):
            found |= _disks(values, machine)
        with suppress(KeyError, TypeError, ValueError, IndexError, AttributeError):
            found |= _nics(values, machine)
    return {key: tuple(_printable(one) for one in words) for key, words in found.items()}


def _printable(text: str) -> str:
    return "".join(character for character in text[:_LONGEST] if character.isprintable() or character == "\n")


def _cpu(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    (cpu,) = values["cpu"]
    sockets = int(cpu["sockets"])
    return {
        "cores": (str(int(cpu["cores"]) * sockets),),
        "sockets": (str(sockets),),
        "numa": aspects.yes(bool(cpu["numa"])),
        "cpu": (str(cpu["type"]),),
    }


def _memory(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    (memory,) = values["memory"]
    balloon = int(memory["floating"])
    pages = memory.get("hugepages")
    return {
        "memory": (aspects.size(int(memory["dedicated"])),),
        "balloon": (aspects.size(balloon),) if balloon else (),
        "hugepages": (_HUGEPAGES.get(pages, str(pages)),) if pages else (),
    }


def _firmware(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        "firmware": (str(values["bios"]),),
        "chipset": (str(values["machine"] or "i440fx"),),
        "tpm": aspects.yes(bool(values["tpm_state"])),
    }


def _words(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        "hostname": (str(values["name"]),),
        "tags": tuple(sorted(str(tag) for tag in values["tags"] or ())),
        "description": (str(values["description"] or "").strip(),),
        "pve_pool": (str(values["pool_id"]),) if values.get("pool_id") else (),
    }


def _switches(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        "on_boot": aspects.yes(bool(values["on_boot"])),
        "stop_on_destroy": aspects.yes(bool(values["stop_on_destroy"])),
        "serial": aspects.yes(bool(values["serial_device"])),
        "agent": aspects.agent(bool(values["agent"][0]["enabled"]), str(values["agent"][0]["timeout"])),
    }


def _devices(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """In the order of their slots: the provider has hostpci10 before hostpci2."""
    listed = sorted(values.get("hostpci") or (), key=lambda one: int(str(one["device"]).removeprefix("hostpci")))
    words = (aspects.device(str(one["mapping"]), pcie=bool(one["pcie"]), mdev=one["mdev"], primary_gpu=bool(one["xvga"])) for one in listed)
    usb = (aspects.usb(str(one["mapping"]), usb3=bool(one["usb3"])) for one in values.get("usb") or ())
    return {"devices": tuple(words), "usb": tuple(usb)}


def _startup(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """-1 stands for no delay."""
    (startup,) = values["startup"]
    up, down = (None if delay is None or int(delay) < 0 else int(delay) for delay in (startup["up_delay"], startup["down_delay"]))
    return {"startup": aspects.startup(int(startup["order"]), up, down)}


def _disks(values: Mapping[str, Any], machine: Machine) -> dict[str, tuple[str, ...]]:
    disks = {str(disk["interface"]): disk for disk in values["disk"]}
    first = disks.pop(machine.disk_interface)
    data = {str(disk["serial"]): disk for disk in disks.values() if disk.get("serial")}
    of_data = (aspects.flags(f"data_disks.{name}", _options(disk), "virtio") for name, disk in data.items())
    return {
        **aspects.flags("disk_options", _options(first), machine.disk_interface),
        **{key: words for found in of_data for key, words in found.items()},
        "disk": (f"{int(first['size'])}GiB",),
        "disk_datastore": (str(first["datastore_id"]),),
        **{f"data_disks.{name}": (aspects.data_disk(int(disk["size"]), str(disk["datastore_id"])),) for name, disk in data.items()},
    }


def _options(disk: Mapping[str, Any]) -> DiskOptions:
    speed: Mapping[str, Any] = next(iter(disk.get("speed") or ()), {})
    return DiskOptions(
        aio=str(disk["aio"]),
        backup=bool(disk["backup"]),
        cache=str(disk["cache"]),
        discard=disk["discard"] == "on",
        iothread=bool(disk["iothread"]),
        replicate=bool(disk["replicate"]),
        ssd=bool(disk["ssd"]),
        limits={name: int(speed[key]) for name, key in PROVIDERS_LIMITS.items() if speed.get(key)},
    )


def _nics(values: Mapping[str, Any], machine: Machine) -> dict[str, tuple[str, ...]]:
    """PVE knows NICs by number; those beyond the planned ones are told as such."""
    names = [nic.name for nic in machine.interfaces]
    found: dict[str, tuple[str, ...]] = {}
    for number, nic in enumerate(values["network_device"]):
        one = Interface(
            name=names[number] if number < len(names) else f"net{number}",
            bridge=str(nic["bridge"]),
            model=str(nic["model"]),
            mac=str(nic["mac_address"]),
            vlan=int(nic["vlan_id"] or 0),
            trunks=ranges_of(vlans_of(part for part in str(nic["trunks"] or "").split(";") if part)),
            mtu=int(nic["mtu"] or 0),
            firewall=bool(nic["firewall"]),
        )
        found |= aspects.nic(one)
    return found
