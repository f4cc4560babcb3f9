"""A line of cluster.yaml with the key that was meant, and the value as that key takes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from stardock.spec.mistakes import cures, sizes, times
from stardock.spec.units import SIZES

_LONGEST = 60


def _sized(cure: Callable[[object], str]) -> Callable[[object, str], str]:
    """The value of a cure; none where the cure is an example alone."""

    def written(value: object, text: str) -> str:
        said = text if text.endswith(tuple(SIZES)) else cure(value).removeprefix("write ").removesuffix(" for none")
        return "" if said.startswith("for example") else said

    return written


def _list(value: object, text: str) -> str:
    return cures.listed(value, text).removeprefix("write ")


def _whole(value: object, text: str) -> str:
    said = text if isinstance(value, int) else cures.whole(value).removeprefix("write ").removesuffix(", without quotes")
    return "" if said == "digits" else said


def _flag(value: object, text: str) -> str:
    return text if cures.switch(value) is None else str(cures.switch(value)).lower()


def _endpoint(_value: object, text: str) -> str:
    return cures.endpoint(text)


def _pattern(_value: object, text: str) -> str:
    return f'"{cures.pattern(text)}"'


def _trunks(value: object, text: str) -> str:
    return f'"{re.sub("[, ]+", ";", text)}"' if isinstance(value, str) else text


def _labels(value: object, _text: str) -> str:
    said = cures.mapping(value).removeprefix("write ")
    return "" if "KEY" in said else said


def _disks(value: object, _text: str) -> str:
    size = sizes.disk(value).removeprefix("write ").partition(",")[0]
    return "" if " " in size else f"[{{name: data, size: {size}}}]"


def _choice(**words: str) -> Callable[[object, str], str]:
    return lambda _value, text: words.get(text.lower(), text)


#: Keys whose values are written in a form of their own.
FORMS: Mapping[str, Callable[[object, str], str]] = {
    "memory": _sized(sizes.memory),
    "balloon": _sized(sizes.balloon),
    "disk": _sized(sizes.disk),
    **dict.fromkeys(("cores", "count", "vlan", "prefix", "offset", "vm_id", "vm_id_start", "ssh_port", "vrid"), _whole),
    **dict.fromkeys(("nodes", "keys", "dns", "search", "machines", "packages", "taints", "usb", "devices"), _list),
    "endpoint": _endpoint,
    "pattern": _pattern,
    "base": lambda _value, text: cures.base(text) or text,
    "firmware": _choice(uefi="ovmf", efi="ovmf", bios="seabios", legacy="seabios"),
    "chipset": _choice(pc="i440fx"),
    "datastores": lambda _value, text: f"{{disks: {text}}}",
    "agent": lambda _value, text: "" if cures.switch(text) is None else f"{{enabled: {str(cures.switch(text)).lower()}}}",
    "tags": lambda value, text: _list(value, text.replace(";", ",")),
    "slots": lambda value, _text: (times.slots(value) or "").removeprefix("write "),
    "trunks": _trunks,
    "size": _sized(sizes.disk),
    "permissions": lambda value, text: text if "example" in cures.mode(value) else cures.mode(value).removeprefix("write "),
    "labels": _labels,
    "data_disks": _disks,
    "users": lambda _value, text: f"[{{name: {text}, keys: [id_ed25519.pub]}}]",
    **dict.fromkeys(("on_boot", "numa", "protect", "insecure", "firewall", "tpm", "serial", "dhcp"), _flag),
    **dict.fromkeys(("options", "bridges", "distribution", "proxmox", "server", "loadbalancer"), lambda _value, _text: ""),
    "pools": lambda _value, _text: "",
}


def line(key: str, value: object, text: str | None) -> str:
    """` Write KEY: VALUE` for one value; empty where the value is a mapping or a list, is long, or is none."""
    value = _list_inside(key, value)
    if isinstance(value, list):
        return _line_of_a_list(key, value)
    said = (text if text is not None else str(value)).strip()
    if not isinstance(value, str | int | float) or not said or len(said) > _LONGEST or "\n" in said:
        return ""
    written = FORMS[key](value, said) if key in FORMS else said
    return f" Write {key}: {written}" if written and "..." not in written else ""


def pair(key: str, value: object, text: str | None) -> str | None:
    """`KEY: VALUE` alone, for a place inside of a line; None where `line` has none."""
    return line(key, value, text).removeprefix(" Write ").partition(", as Proxmox")[0] or None


def _list_inside(key: str, value: object) -> object:
    """The list of `{addresses: [...]}`, as netplan nests it."""
    inner = next((one for one in value.values() if isinstance(one, list)), None) if key == "dns" and isinstance(value, dict) else None
    return value if inner is None else inner


def _line_of_a_list(key: str, value: list[object]) -> str:
    items = [str(one) for one in value]
    plain = all(isinstance(one, str | int) and re.fullmatch(r"[A-Za-z0-9._/~@-]+", str(one)) for one in value)
    if not value or not plain or len(", ".join(items)) > _LONGEST:
        return ""
    if key == "trunks":
        return f' Write trunks: "{";".join(items)}"'
    return f" Write {key}: [{', '.join(items)}]" if FORMS.get(key) is _list else ""
