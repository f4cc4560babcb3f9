"""What the VM is made of in numbers and words: CPU, memory, machine type, firmware, options that nobody planned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from shlex import quote

from stardock.drift.finding import Finding, Kind
from stardock.drift.scene import Scene
from stardock.estate.configs import Config
from stardock.estate.hardware import properties
from stardock.model.machine import Machine

#: qemu-server's defaults of what a configuration may leave out.
_DEFAULTS = {"sockets": "1", "numa": "0", "bios": "seabios", "machine": "pc", "onboot": "0", "ostype": "other", "scsihw": "lsi"}

#: What PVE or the provider writes, and whose value means nothing here; what other checks look at is among `_CHECKED`.
_SILENT = frozenset(
    {"acpi", "digest", "keyboard", "lock", "meta", "smbios1", "tablet", "template", "vmgenid", "parent", "pending", "snaptime", "hotplug"}
)
_CHECKED = frozenset(
    {"agent", "balloon", "bios", "boot", "cicustom", "cores", "cpu", "description", "efidisk0", "hugepages", "machine", "memory"}
    | {"name", "numa", "onboot", "ostype", "protection", "scsihw", "serial0", "sockets", "startup", "tags", "tpmstate0"}
)
_NUMBERED = re.compile(r"(?:net|hostpci|unused|scsi|virtio|sata|ide)\d+")

#: Options that are another kind than size, and those that the provider does not read back.
_KINDS: dict[str, Kind] = {"bios": "firmware", "machine": "firmware", "scsihw": "disk", "onboot": "startup", "startup": "startup"}
_BLIND = frozenset({"scsihw"})


def check(scene: Scene) -> Iterator[Finding]:
    """Every machine that exists."""
    for machine, _, config in scene.existing():
        found = _found(config)
        for key, wanted in _wanted(machine).items():
            if found.get(key, "") != wanted:
                kind = _KINDS.get(key, "size")
                shown = {"wanted": wanted or "none", "found": found.get(key) or "none"}
                yield Finding(kind=kind, subject=machine.name, field=key, **shown, hidden=key in _BLIND, cure=_cure(key))
        yield from _options(machine, config)


def _cure(key: str) -> str:
    return "runner deploy; the machine takes it at its next power cycle" if key not in {"onboot", "startup"} else "runner deploy"


def _wanted(machine: Machine) -> dict[str, str]:
    """As PVE would write it."""
    startup = machine.started
    delays = {"up": startup.up_delay, "down": startup.down_delay}
    order = {"order": startup.order} | {key: value for key, value in delays.items() if value is not None}
    return {
        "sockets": str(machine.sockets),
        "cores": str(machine.cores // machine.sockets),
        "cpu": machine.cpu_type,
        "cpu flags": "",
        "memory": str(machine.memory_mib),
        "balloon": str(machine.balloon_mib),
        "numa": str(int(machine.numa)),
        "hugepages": {None: "", "any": "any", "2MiB": "2", "1GiB": "1024"}[machine.hugepages],
        "machine": {"i440fx": "pc"}.get(machine.chipset, machine.chipset),
        "bios": machine.firmware,
        "ostype": "l26",
        "serial0": "socket" if machine.serial else "",
        "agent": str(int(machine.agent.enabled)),
        "onboot": str(int(machine.on_boot)),
        "startup": ",".join(f"{key}={value}" for key, value in sorted(order.items())),
        **({"scsihw": "virtio-scsi-single"} if machine.disk_interface.startswith("scsi") else {}),  # else nothing hangs on it
    }


def _found(config: Config) -> dict[str, str]:
    """The same of a configuration, defaults filled in, in one spelling."""
    texts = _DEFAULTS | {key: str(value) for key, value in config.items()}
    chipset, cpu = properties(texts["machine"], "type").get("type", "pc"), properties(texts.get("cpu"), "cputype")
    return {
        **texts,
        "balloon": texts.get("balloon", texts.get("memory", "")),  # PVE's default is a balloon as large as the memory
        "cpu": cpu.get("cputype", ""),
        "cpu flags": cpu.get("flags", ""),
        "machine": chipset,
        "agent": properties(texts.get("agent"), "enabled").get("enabled", "0"),
        "startup": ",".join(f"{key}={value}" for key, value in sorted(properties(texts.get("startup"), "order").items())),
    }


def _options(machine: Machine, config: Config) -> Iterator[Finding]:
    """What is there and no plan of Stardock's ever writes: set by hand."""
    known = _SILENT | _CHECKED | {f"hostpci{slot}" for slot in range(len(machine.devices))}
    known |= {f"usb{slot}" for slot in range(len(machine.usb))}
    for key in sorted(set(config) - known):
        if not _NUMBERED.fullmatch(key) or key.startswith("hostpci"):
            cure = f"if it is not wanted: qm set {machine.vm_id} --delete {quote(key)}"
            found = str(config[key])
            yield Finding(kind="option", subject=machine.name, field=key, wanted="none", found=found, hidden=True, cure=cure)
