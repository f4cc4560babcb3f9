"""QEMU's arguments for a VM, derived from its configuration as PVE derives them (qemu-server, src/PVE/QemuServer.pm, config_to_command).

Pure. What the guest can see is as on PVE: chipset, firmware, the bus and slot of each device, MACs, SMBIOS, boot order. What it cannot see
is the lab's own: where files and sockets are, no VNC, no throttling, `accel=tcg`. What QEMU here cannot do, or the lab has not, is refused
(`refuse`) or named in docs/lab.md.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.machines.qemu import board, drives, pci
from lab.machines.qemu.drives import File

#: What PVE means by its own CPU types (CPUConfig.pm, builtin_models); `host` and models that TCG lacks become QEMU's largest.
_V2 = "qemu64,+popcnt,+pni,+sse4.1,+sse4.2,+ssse3"
_CPUS = {"x86-64-v2": _V2, "x86-64-v2-AES": f"{_V2},+aes", "kvm64": "kvm64", "qemu64": "qemu64"}
_NET = re.compile(r"net(\d+)")
#: The lab's own drive sits where PVE never puts anything: last on the second bridge.
OWN_SLOT = "bus=pci.2,addr=0x1e"


@dataclass(frozen=True, slots=True)
class Firmware:
    """UEFI's program and the VM's own file of its variables."""

    code: Path
    variables: File


@dataclass(frozen=True, slots=True)
class Place:
    """Where a VM's things are on the lab's host: a folder of sockets, and the log of its serial console.

    `files` by volume id; `tools`: a drive of the lab's own, unknown to PVE.
    """

    sockets: Path
    console: Path
    files: Mapping[str, File] = field(default_factory=dict)
    firmware: Firmware | None = None
    tools: Path | None = None


def refuse(config: Mapping[str, Any]) -> str | None:
    """Why the lab cannot start such a VM in QEMU; None when it can."""
    for key in sorted(config):
        if key.startswith("hostpci"):
            return f"{key}: the lab has no devices to pass through"
        if re.fullmatch(r"usb\d+|parallel\d+|audio\d+|virtiofs\d+|ivshmem|args", key):
            return f"{key}: the lab's QEMU machines have none"
        if key == "tpmstate0":
            return "tpmstate0: the lab has no swtpm"
    if "boot" in config and "order=" not in str(config["boot"]):
        return f"boot: {config['boot']}: the lab knows the form order=... only"
    return None


def arguments(vm_id: int, config: Mapping[str, Any], place: Place) -> list[str]:
    """All arguments behind the program's name."""
    order = boot_order(config)
    hung = drives.controllers(config)
    return [
        *_process(vm_id, config, place),
        *_firmware(config, place),
        *_processor(config),
        *_each("-global", board.globals_of(config)),
        *_each("-device", board.devices(config, hung)),
        *_generation(config),
        *_display(config),
        *_serial(config, place),
        *_agent(config, place),
        *_small(config),
        *drives.arguments(config, place.files, order),
        *_tools(place),
        *_nics(vm_id, config, order),
        "-machine",
        machine(config),
    ]


def boot_order(config: Mapping[str, Any]) -> dict[str, int]:
    """Key -> boot index, from 100 on as in PVE."""
    listed = str(config.get("boot", "")).partition("order=")[2].split(",")[0]
    return {name: 100 + number for number, name in enumerate(filter(None, listed.split(";")))}


def machine(config: Mapping[str, Any]) -> str:
    """The `-machine` value: no HPET for Linux since 10.1, no SMM under SeaBIOS without a screen, firmware in two flash chips."""
    flags = ["pflash0=pflash0", "pflash1=drive-efidisk0"] if has_uefi(config) else []
    flags += ["hpet=off"] if config.get("ostype") == "l26" else []
    screen = str(config.get("vga", "std")).partition(",")[0].removeprefix("type=")
    flags += ["smm=off"] if not has_uefi(config) and re.fullmatch(r"serial\d+|none", screen) else []
    return ",".join([*flags, "accel=tcg", f"type={'q35' if board.is_q35(config) else 'pc'}"])


def has_uefi(config: Mapping[str, Any]) -> bool:
    """Whether the VM starts by OVMF; otherwise by SeaBIOS."""
    return config.get("bios") == "ovmf"


def taps(vm_id: int, config: Mapping[str, Any]) -> dict[int, str]:
    """Number of each NIC -> the name of its host side."""
    return {int(match[1]): f"tap{vm_id}i{match[1]}" for key in config if (match := _NET.fullmatch(key))}


def _each(option: str, values: Iterator[str]) -> Iterator[str]:
    for value in values:
        yield from (option, value)


def _process(vm_id: int, config: Mapping[str, Any], place: Place) -> Iterator[str]:
    """A guest that powers off ends the process, as qmeventd sees to it on PVE."""
    yield from ("-name", str(config.get("name", f"vm{vm_id}")), "-nodefaults")
    yield from ("-chardev", f"socket,id=qmp,path={place.sockets}/qmp,server=on,wait=off", "-mon", "chardev=qmp,mode=control")
    yield from ("-boot", "menu=on,strict=on,reboot-timeout=1000")
    if "smbios1" in config:
        yield from ("-smbios", f"type=1,{_smbios(str(config['smbios1']))}")


def _smbios(text: str) -> str:
    """PVE writes the keys in alphabetical order, decoded."""
    given = dict(part.split("=", 1) for part in text.split(","))
    coded = given.pop("base64", "0") == "1"
    values = {key: b64decode(value).decode() if coded and key != "uuid" else value for key, value in given.items()}
    return ",".join(f"{key}={values[key].replace(',', ',,')}" for key in sorted(values) if values[key])


def _firmware(config: Mapping[str, Any], place: Place) -> Iterator[str]:
    if has_uefi(config) and place.firmware is not None:
        code, own = place.firmware.code, place.firmware.variables
        yield from ("-blockdev", f"driver=raw,node-name=pflash0,read-only=on,file.driver=file,file.filename={code}")
        yield from ("-blockdev", f"driver={own.format},node-name=drive-efidisk0,file.driver=file,file.filename={own.path}")


def _processor(config: Mapping[str, Any]) -> Iterator[str]:
    sockets, cores = int(config.get("sockets", 1)), int(config.get("cores", 1))
    model = str(config.get("cpu", "qemu64")).partition(",")[0].removeprefix("cputype=")
    memory = str(config.get("memory", 512)).removeprefix("current=")
    count = config.get("vcpus", sockets * cores)
    yield from ("-smp", f"{count},sockets={sockets},cores={cores},maxcpus={sockets * cores}")
    yield from ("-cpu", _CPUS.get(model, "max"), "-m", memory)


def _generation(config: Mapping[str, Any]) -> Iterator[str]:
    if config.get("vmgenid", "0") != "0":
        yield from ("-device", f"vmgenid,guid={config['vmgenid']}")


def _display(config: Mapping[str, Any]) -> Iterator[str]:
    """A screen that nobody looks at: the guest still finds the card. With a serial terminal there is neither card nor tablet."""
    kind = str(config.get("vga", "std")).partition(",")[0].removeprefix("type=")
    yield from ("-display", "none")
    serial = re.fullmatch(r"serial\d+", kind) is not None
    if not serial and str(config.get("tablet", 1)) == "1":
        yield from ("-device", f"usb-tablet,id=tablet,bus={'ehci' if board.is_q35(config) else 'uhci'}.0,port=1")
    if not serial and kind != "none":
        model = {"std": "VGA", "cirrus": "cirrus-vga", "vmware": "vmware-svga", "virtio": "virtio-vga", "qxl": "qxl-vga"}.get(kind, "VGA")
        yield from ("-device", f"{model},id=vga,{'bus=pcie.0,addr=0x1' if board.is_q35(config) else pci.slot('vga')}")


def _serial(config: Mapping[str, Any], place: Place) -> Iterator[str]:
    for number in range(4):
        if config.get(f"serial{number}") == "socket":
            log = f"logfile={place.console},logappend=on"
            yield from ("-chardev", f"socket,id=serial{number},path={place.sockets}/serial{number},server=on,wait=off,{log}")
            yield from ("-device", f"isa-serial,chardev=serial{number}")


def has_agent(config: Mapping[str, Any]) -> bool:
    """Whether the VM has a channel for a guest agent: `agent: 1` or `enabled=1,...`."""
    first, *others = str(config.get("agent", "0")).split(",")
    return first in {"1", "enabled=1"} or "enabled=1" in others


def _agent(config: Mapping[str, Any], place: Place) -> Iterator[str]:
    if has_agent(config):
        yield from ("-chardev", f"socket,path={place.sockets}/qga,server=on,wait=off,id=qga0")
        if "type=isa" in str(config["agent"]).split(","):
            yield from ("-device", "isa-serial,chardev=qga0")
        else:
            yield from ("-device", f"virtio-serial,id=qga0,{pci.slot('qga0')}")
            yield from ("-device", "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0")


def _small(config: Mapping[str, Any]) -> Iterator[str]:
    if config.get("rng0"):
        given = dict(part.split("=", 1) for part in str(config["rng0"]).split(","))
        limit = f"max-bytes={given.get('max_bytes', '1024')},period={given.get('period', '1000')}"
        yield from ("-object", "rng-random,filename=/dev/urandom,id=rng0", "-device", f"virtio-rng-pci,rng=rng0,{limit},{pci.slot('rng0')}")
    if str(config.get("balloon", 1)) != "0":
        yield from ("-device", f"virtio-balloon-pci,id=balloon0,{pci.slot('balloon0')},free-page-reporting=on")
    if config.get("watchdog"):
        given = dict(part.split("=", 1) for part in f"model={config['watchdog']}".replace("model=model=", "model=").split(","))
        yield from ("-device", f"{given['model']},{pci.slot('watchdog')}")
        yield from ("-watchdog-action", given["action"]) if "action" in given else ()


def _tools(place: Place) -> Iterator[str]:
    if place.tools is not None:
        yield from ("-blockdev", f"driver=raw,node-name=lab-tools,read-only=on,file.driver=file,file.filename={place.tools}")
        yield from ("-device", f"virtio-blk-pci,drive=lab-tools,{OWN_SLOT}")


def _nics(vm_id: int, config: Mapping[str, Any], order: Mapping[str, int]) -> Iterator[str]:
    for number, tap in sorted(taps(vm_id, config).items()):
        name = f"net{number}"
        given = dict(part.split("=", 1) for part in str(config[name]).split(","))
        model, mac = next(iter(given.items()))
        queues = int(given.get("queues", 0)) if model == "virtio" else 0
        yield from ("-netdev", f"tap,id={name},ifname={tap},script=no,downscript=no" + (f",queues={queues}" if queues else ""))
        yield from ("-device", nic(name, model, mac, given, order))


def nic(name: str, model: str, mac: str, given: Mapping[str, str], order: Mapping[str, int]) -> str:
    """The `-device` value of one NIC (print_netdevice_full). An MTU of 1, or none, is the bridge's."""
    own = "virtio-net-pci" if model == "virtio" else model
    parts = [f"{own},mac={mac},netdev={name},{pci.slot(name)},id={name}"]
    if model == "virtio":
        queues = int(given.get("queues", 0))
        parts += [f"vectors={2 * queues + 2},mq=on,packed=on"] if queues > 1 else []
        parts.append("rx_queue_size=1024,tx_queue_size=256")
    parts += [f"bootindex={order[name]}"] if name in order else []
    mtu = given.get("mtu", "1")
    parts += [f"host_mtu={'1500' if mtu == '1' else mtu}"] if model == "virtio" else []
    return ",".join(parts)
