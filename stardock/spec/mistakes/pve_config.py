"""Lines of Proxmox' own configuration of a VM (`net0: virtio,bridge=vmbr0`) -> what says the same in cluster.yaml.

The words are those of qm.conf(5): PVE::QemuServer::Network, Drive, USB, PCI.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from stardock.spec.mistakes import cures, sizes

_LINE = re.compile(r"(net|ipconfig|scsi|virtio|sata|ide|usb|hostpci|efidisk|tpmstate|serial)(\d{1,2})")
_MODELS = ("virtio", "e1000", "e1000e", "vmxnet3", "rtl8139")
#: How PVE calls what a NIC, and the flags of a disk, are called here.
_NIC = {"bridge": "bridge", "tag": "vlan", "trunks": "trunks", "mtu": "mtu", "firewall": "firewall"}
_FLAGS = ("aio", "backup", "cache", "discard", "iothread", "replicate", "ssd")
_BRIDGE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,14}")
#: The i-th NIC of PVE is called so by the guest.
_FIRST_SLOT = 18
FIRST = "NICs belong under `interfaces` of a pool, or under `network` by role"
_MAPPED = "make a resource mapping of it (Datacenter, Resource Mappings), and write {}: [NAME] with the mapping's name"


def properties(text: str, first: str = "") -> dict[str, str]:
    """`order=1,up=30` -> its words; the part without a `=` is the value of `first`."""
    parts = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    return {key if sep else first: value if sep else key for key, sep, value in parts}


def cure(key: str, value: object, *, of_pool: bool) -> str | None:
    """What to write for a line of PVE's; None where it is none."""
    found = _LINE.fullmatch(key.replace("rootfs", "scsi0") if ":" in str(value) else key)  # rootfs: of a container
    if found is None or not isinstance(value, str | int):
        return None
    kind, number, text = found[1], int(found[2]), str(value)
    if kind == "net":
        return _nic(text, number)
    if kind == "ipconfig":
        return _addresses(text, number, of_pool=of_pool)
    if kind in {"usb", "hostpci"}:
        return _device("usb" if kind == "usb" else "devices", properties(text, "host"))
    if kind in {"efidisk", "tpmstate", "serial"}:
        return {"efidisk": "write firmware: ovmf", "tpmstate": "write tpm: true", "serial": "write serial: true"}[kind]
    return disk(text, kind, number)


def nic(text: str) -> str | None:
    """`virtio=MAC,bridge=vmbr0,tag=10` as an interface; None where no bridge is named."""
    said = properties(text, "model")
    model = said.get("model") or next((word for word in _MODELS if word in said), "")
    words = {ours: said[theirs] for theirs, ours in _NIC.items() if theirs in said}
    words |= {"firewall": flag(words["firewall"])} if "firewall" in words else {}
    words |= {"trunks": f'"{words["trunks"]}"'} if "trunks" in words else {}
    words |= {"model": model} if model in _MODELS[1:] else {}
    return f"{{{_written(words)}}}" if "bridge" in words else None


def _nic(text: str, number: int) -> str:
    return f"{FIRST}: write interfaces: [{nic(text) or '{bridge: vmbr0}'}]{_macs(text, number)}"


def _macs(text: str, number: int) -> str:
    said = properties(text, "model")
    mac = said.get("macaddr") or next((said[word] for word in _MODELS if word in said), None)
    return f"; its MAC is of one machine: macs: {{ens{_FIRST_SLOT + number}: {mac}}}" if mac else ""


def in_a_nic(key: str, value: object) -> str | None:
    """What to write for a line of PVE's that stands inside of a NIC, where its words are keys; None where it is none."""
    if key in _MODELS:
        return f"did you mean `model`? Write model: {key}{_macs(f'{key}={value}', 0)}"
    found = _LINE.fullmatch(key)
    if found is None or not isinstance(value, str):
        return None
    kind, number = found[1], int(found[2])
    if kind == "ipconfig":
        return _static(value)
    if kind != "net":
        return None
    if value in _MODELS:
        return f"did you mean `model`? Write model: {value}"
    said = nic(value) or (f"{{bridge: {value}}}" if _BRIDGE.fullmatch(value) else None)
    return said and f"did you mean {_keys(said)}? Write {said[1:-1]}{_macs(value, number)}"


def _keys(said: str) -> str:
    return ", ".join(f"`{word}`" for word in re.findall(r"(\w+): ", said))


def _static(text: str) -> str | None:
    said = properties(text)
    address, _, bits = said.get("ip", "").partition("/")
    if address == "dhcp":
        return "did you mean `dhcp`? Write dhcp: true"
    gateway = f", gateway: {said['gw']}" if "gw" in said else ""
    return f"did you mean `static`? Write static: {{base: {address}, prefix: {bits or 24}{gateway}}}" if cures.address_of(address) else None


def _addresses(text: str, number: int, *, of_pool: bool) -> str:
    said = properties(text)
    address, _, bits = said.get("ip", "").partition("/")
    if address == "dhcp" or not address:
        return "delete it: addresses come by DHCP where there is no `static`"
    if not of_pool:
        return f"write addresses: {{ens{_FIRST_SLOT + number}: {address}}}"
    gateway = f", gateway: {said['gw']}" if "gw" in said else ""
    return f"{FIRST}: write interfaces: [{{static: {{base: {address}, prefix: {bits or 24}{gateway}}}}}]"


def _device(key: str, said: Mapping[str, str]) -> str:
    mapped = said.get("mapping")
    if mapped is None:
        return _MAPPED.replace("{}", key)
    words = {ours: flag(said[theirs]) for theirs, ours in (("pcie", "pcie"), ("x-vga", "primary_gpu"), ("usb3", "usb3")) if theirs in said}
    words |= {"mdev": said["mdev"]} if "mdev" in said else {}
    return f"write {key}: [{{{_written({'mapping': mapped} | words)}}}]" if words else f"write {key}: [{mapped}]"


def disk(text: str, kind: str = "scsi", number: int = 0) -> str:
    """`local-lvm:32,ssd=1`, or `ceph:vm-100-disk-0,size=32G`."""
    said = properties(text, "file")
    store, _, volume = said.get("file", "").partition(":")
    if volume == "cloudinit" or said.get("media") == "cdrom":
        return "delete it: Stardock makes the drive of cloud-init itself"
    if volume.isdigit() or "size" in said:
        size = sizes.disk(int(volume) if volume.isdigit() else said["size"]).removeprefix("write ").partition(",")[0]
    else:
        return f"write {'data_disks: [{name: data, size: SIZE}]' if number else 'disk: SIZE, and beside it `disk_datastore: NAME`'}"
    flags = {word: said[word] if word in {"aio", "cache"} else flag(said[word]) for word in _FLAGS if word in said}
    if number or kind in {"sata", "ide"}:
        flags.pop("ssd", None)  # PVE has none for virtio, on which data disks are
        return f"write data_disks: [{{{_written({'name': f'data{number}', 'size': size, 'datastore': store} | flags)}}}]"
    beside = [f"disk_datastore: {store}"] + (["disk_interface: virtio0"] if kind == "virtio" else [])
    beside += [f"disk_options: {{{_written(flags)}}}"] if flags else []
    return f"write disk: {size}, and beside it " + " and ".join(f"`{one}`" for one in beside)


def flag(word: str) -> str:
    """`on`, `1`, `ignore` of PVE as true or false."""
    return "false" if cures.switch(word) is False or word == "ignore" else "true"


def _written(words: Mapping[str, str]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in words.items())
