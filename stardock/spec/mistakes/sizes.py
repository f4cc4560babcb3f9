"""Sizes that are nearly right, made right, as `cures` does with other values.

Where a number has no unit, the one that Proxmox counts in comes first: MiB of memory, GiB of disks (qemu-server's `memory` and `size`).
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from stardock.spec.mistakes.cures import only, switch

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
    number, unit = _amount(only(value))
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
    value = only(value)
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
