"""A value that is nearly right, made right: each cure can be written into the file as it is, and then means what the person meant.

Where a number has no unit, the one that Proxmox counts in comes first: MiB of memory, GiB of disks (qemu-server's `memory` and `size`).
"""

from __future__ import annotations

import ipaddress
import math
import re
from fractions import Fraction

_NUMBER = re.compile(r"\s*(\d[\d_]{0,15}(?:[.,]\d{1,9})?)\s*([A-Za-z]*)\s*")
#: MiB of each unit, by the letter that it begins with.
_UNITS = {"k": Fraction(1, 1024), "m": Fraction(1), "g": Fraction(1024), "t": Fraction(1024**2), "p": Fraction(1024**3)}
_ENDINGS = frozenset({"", "i", "b", "ib", "byte", "bytes"})
_NAMES = {"mega": "m", "giga": "g", "tera": "t", "kilo": "k", "mebi": "m", "gibi": "g", "tebi": "t", "gig": "g", "gigs": "g", "meg": "m"}
#: Less memory than this, in MiB, no VM and no host has.
_LEAST_MIB, _LEAST_HOST_MIB = 64, 1024
#: A number of MiB without a unit from which on nobody means GiB of memory.
_SURELY_MIB = 512
#: A number of GiB without a unit from which on MiB may be meant.
_MAYBE_MIB = 1024
#: Fewer may be hours.
_SURELY_MINUTES = 15
#: Minutes without a unit from which on seconds may be meant, as the Terraform provider counts.
_MAYBE_SECONDS = 180

_YES = frozenset({"yes", "y", "on", "1", "true", "enabled", "enable", "always"})
_NO = frozenset({"no", "n", "off", "0", "false", "disabled", "disable", "never", "none"})


def memory(value: object) -> str:
    """For memory of a VM."""
    return _memory(value, _LEAST_MIB)


def host_memory(value: object) -> str:
    """For memory of a PVE node."""
    return _memory(value, _LEAST_HOST_MIB)


def balloon(value: object) -> str:
    """For memory of a VM that may be none."""
    return "write 0 for none" if switch(value) is False else memory(value)


def _memory(value: object, least: int) -> str:
    """Fewer MiB than `least` are surely GiB."""
    number, unit = _amount(value)
    if number is None or (unit is None and number == 0):
        return "write for example 4GiB"
    if unit is not None:
        return f"write {_size(number, unit)}"
    if number < least:
        return f"write {_size(number, 'g')}"
    said = f"write {_size(number, 'm')}, as Proxmox counts memory"
    if number < _SURELY_MIB:
        return f"{said}, or {_size(number, 'g')}"
    return said + (f" ({int(number) // 1024}GiB)" if number % 1024 == 0 else "")


def disk(value: object) -> str:
    """For a disk, which is whole GiB."""
    if isinstance(value, dict) and "size" in value:
        return disk(value["size"])
    store = re.fullmatch(r"([A-Za-z][\w.-]*):(\d+)", value) if isinstance(value, str) else None
    if store:
        return f"{disk(int(store[2])).partition(',')[0]}, and beside it `disk_datastore: {store[1]}`"
    number, unit = _amount(value)
    if number is None or number == 0:
        return "write for example 40GiB"
    if unit is not None:
        return f"write {math.ceil(number * _UNITS[unit] / 1024)}GiB" if unit in "km" or number % 1 else f"write {_size(number, unit)}"
    said = f"write {math.ceil(number)}GiB, as Proxmox counts disks"
    return f"{said}, or {math.ceil(number / 1024)}GiB if that is MiB" if number >= _MAYBE_MIB else said


def _amount(value: object) -> tuple[Fraction | None, str | None]:
    """Number and first letter of the unit, None where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None, None
    if not isinstance(value, str):
        return (Fraction(value) if math.isfinite(value) and 0 < value < 10**15 else None), None
    found = _NUMBER.fullmatch(value)
    if not found:
        return None, None
    number, word = Fraction(found[1].replace("_", "").replace(",", ".")), found[2].lower()
    letter = next((own for name, own in _NAMES.items() if word in {name, f"{name}byte", f"{name}bytes"}), word[:1])
    if word and (letter not in _UNITS or (word[1:] not in _ENDINGS and letter == word[:1] and word not in _NAMES and "byte" not in word)):
        return None, None
    return number, letter or None


def _size(number: Fraction, unit: str) -> str:
    """As a person would write it, up to what Stardock counts: whole MiB."""
    if number.denominator == 1 and unit in "mgt":
        return f"{number}{unit.upper()}iB"
    mib = math.ceil(number * _UNITS[unit])
    return f"{mib // 1024}GiB" if mib % 1024 == 0 else f"{mib}MiB"


def minutes(value: object) -> str:
    """For a duration of hours and minutes."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        if value < _SURELY_MINUTES:
            return f"write {value}h or {value}m, with its unit"
        seconds = f", or {max(value // 60, 1)}m if that is seconds" if value >= _MAYBE_SECONDS else ""
        return f"write {value}m{seconds}"
    text = value.strip().lower() if isinstance(value, str) else ""
    clock = re.fullmatch(r"(\d{1,2}):([0-5]\d)(?::00)?", text)
    hours = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:h|hr|hrs|hours?)", text)
    mins = re.fullmatch(r"(\d+)\s*(?:m|min|mins|minutes?)", text)
    secs = re.fullmatch(r"(\d+)\s*(?:s|sec|secs|seconds?)", text)
    total = int(clock[1]) * 60 + int(clock[2]) if clock else 0
    total = math.ceil(Fraction(hours[1]) * 60) if hours else int(mins[1]) if mins else math.ceil(int(secs[1]) / 60) if secs else total
    return f"write {spelled(total)}" if total else "write for example 1h, 90m or 1h30m"


def window(text: str) -> tuple[int, int | None] | None:
    """The hour at which a window begins, and its length in minutes where its end is told: `02:00-04:00` -> 2 and 120."""
    found = re.fullmatch(r"([01]?\d|2[0-3])(?::00)?h?(?:\s*-\s*([01]?\d|2[0-4])(?::([0-5]\d))?h?)?", text.strip())
    if not found:
        return None
    ends = None if found[2] is None else (int(found[2]) * 60 + int(found[3] or 0) - int(found[1]) * 60) % (24 * 60)
    return int(found[1]), ends or None


def slots(value: object) -> str | None:
    """For the hours of windows where one stands, perhaps with its end."""
    found = window(str(value))
    if found is None:
        return None
    return f"write [{found[0]}]" + (f", and beside it `duration: {spelled(found[1])}`" if found[1] else "")


def spelled(total: int) -> str:
    """Minutes as a duration: 150 -> 2h30m."""
    return (f"{total // 60}h" if total >= 60 else "") + (f"{total % 60}m" if total % 60 else "")  # noqa: PLR2004  minutes of an hour


def whole(value: object) -> str:
    """For a whole number; a leading zero, quotes, a unit or a decimal point are taken off, and a netmask becomes its prefix."""
    if isinstance(value, float) and value.is_integer():
        return f"write {int(value)}"
    text = value.strip() if isinstance(value, str) else ""
    found = re.fullmatch(r"/?0*(\d+)(?:\.0+|:00|\s*[A-Za-z]+)?", text)
    if found:
        return f"write {found[1]}, without quotes"
    prefix = netmask(text)
    return f"write {prefix}" if prefix is not None else "write digits, without quotes"


def netmask(text: str) -> int | None:
    """255.255.255.0 -> 24."""
    try:
        return ipaddress.IPv4Network(f"0.0.0.0/{text}").prefixlen if text.count(".") == 3 else None  # noqa: PLR2004  an IPv4 address
    except ValueError:
        return None


def prefix(text: str) -> str | None:
    """The length of a prefix, from `16`, `/16` or `255.255.0.0`."""
    bits = text.strip().removeprefix("/")
    found = bits if re.fullmatch(r"[0-9]{1,3}", bits) else netmask(bits)
    return None if found is None else str(found)


def base(text: str) -> str | None:
    """An address from which to count and the length of its prefix, of `10.0.0.5/16`; None where no prefix stands."""
    address, _, rest = text.partition("/")
    bits = prefix(rest)
    return f"{address.strip()}, and beside it `prefix: {bits}`" if bits else None


def label(value: str) -> str:
    """For a name of letters, digits and hyphens; several names, or what another tool would fill in, are no one name."""
    if re.search(r"[$%{]\{|\$[A-Za-z(]", value):
        return "write the value itself: cluster.yaml has no variables and no templates"
    series = re.fullmatch(r"([a-z][a-z0-9-]*?)[\[{]?(\d{1,4})(?::|\.\.|-)(\d{1,4})[\]}]?", value)
    if series:
        return _counted(*series.groups())
    parts = re.split(r"[,;\s]+", value.strip(", ;"))
    if len(parts) > 1 and all(re.fullmatch(r"[a-z][a-z0-9-]*[0-9]", part) for part in parts):
        return f"write each name by itself, in a list: [{', '.join(parts)}]"
    better = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")[:63].strip("-")
    return f"write {better}" if better else "write for example server1"


def _counted(name: str, first: str, last: str) -> str:
    """For names with a number that counts; a pattern counts from 1, without zeros before."""
    if first == "1" and int(last) > 1:
        return f'write `count: {last}` and `pattern: "{name}{{n}}"` instead of `machines`, or each name by itself in a list'
    return f"write each name by itself, in a list: [{name}{first}, ..., {name}{last}]"


def pattern(value: str) -> str:
    """For names that count up: what other tools fill in (`%d`, `%02d`, `#`, `{}`, `${i}`, `[1:3]`) becomes `{n}`, else it stands behind."""
    counted = re.sub(r"%0?\d*[di]|\$?\{\{?[\w .+]*\}\}?|\[\d+(?::|\.\.|-)\d+\]|<\w+>|#+|\*", "{n}", value.strip(), count=1).lower()
    return counted if "{n}" in counted else f"{counted}{{n}}"


def flag(value: object) -> str:
    """For true or false; words of other tools for either are known."""
    word = str(value).strip().lower()
    meant = "true" if word in _YES or word.startswith("all=") else "false" if word in _NO else None
    return f"write {meant}, without quotes" if meant else "write true or false, without quotes"


def switch(value: object) -> bool | None:
    """What a word means as true or false; None: neither."""
    word = str(value).strip().lower()
    return True if word in _YES else False if word in _NO else None


def listed(value: object, text: str) -> str:
    """For a list where one value stands; several with commas, or behind `-` without a space, become several items."""
    if isinstance(value, str) and re.match(r"-[a-z]", value):
        text = re.sub(r"\s+-", ", ", value[1:])
    if isinstance(value, str) and len(text) <= 60 and not re.search(r"[\[\]{}\"'#&*!|>%@`]|: ", text):  # noqa: PLR2004  a line
        return f"write [{', '.join(part.strip() for part in text.split(',') if part.strip())}]"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"write [{text}]"
    return "write [..., ...], or one item a line, each after `- `"


def clock(value: object) -> str:
    """For a time of day."""
    found = re.fullmatch(r"(\d{1,2})(?:[:.h]?([0-5]\d))?(?::\d\d)?\s*(am|pm|h)?", str(value).strip().lower())
    hour = (int(found[1]) % 12 + (12 if found[3] == "pm" else 0) if found[3] in {"am", "pm"} else int(found[1])) if found else 24
    return f'write "{hour:02}:{found[2] or "00"}"' if found and hour < 24 else 'write for example "18:00"'  # noqa: PLR2004  hours of a day


def mode(value: object) -> str:
    """For the mode of a file."""
    found = re.fullmatch(r"0?o?([0-7]{3})", str(value))
    return f'write "0{found[1]}"' if found else 'write for example "0644"'


def endpoint(text: str) -> str:
    """The URL of Proxmox' API from a host, a URL with a path, or one in clear."""
    host = re.sub(r"^[a-z]+://", "", text.strip(), flags=re.IGNORECASE).split("/")[0].rpartition("@")[2]
    if host.count(":") > 1 and not host.startswith("["):
        host = f"[{host}]"
    return f"https://{host}" if re.search(r":\d+$", host) else f"https://{host}:8006"


def mapping(value: object) -> str:
    """For a mapping where `KEY=VALUE` stands, alone or in a list."""
    items = value if isinstance(value, list) else [value]
    pairs = [str(item).split("=", 1) for item in items if re.fullmatch(r"[A-Za-z0-9._/-]+=[A-Za-z0-9._-]*", str(item))]
    if not items or len(pairs) != len(items):
        return "write {KEY: VALUE}, or one key a line, indented"
    return "write {" + ", ".join(f'{key}: "{text}"' for key, text in pairs) + "}"
