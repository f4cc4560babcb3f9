"""Values with a unit or a form: sizes, durations, names. Each says what it takes when it is given something else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainSerializer, Strict, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from stardock.model.api import written_time
from stardock.spec.keypath import printable
from stardock.spec.mistakes import cures, sizes, times
from stardock.spec.section import broken

#: In MiB. PVE counts VM memory in MiB and disks in GiB, both binary.
SIZES = {"MiB": 1, "GiB": 1024, "TiB": 1024 * 1024}

_SIZE = re.compile(r"(\d+)\s?([A-Za-z]*)")
#: QEMU counts the bytes of a disk in 63 bits: 8 EiB. In TiB.
_LARGEST = 2**23 - 1
#: In MiB, of one VM: what the provider takes (bpg/proxmox 0.111.1, `dedicated` in proxmoxtf/resource/vm/vm.go).
#: PVE's API names no upper limit.
_MEMORY = (64, 268_435_456)
#: More digits than any size that is taken.
_DIGITS = 15
_DURATION = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?")
_SECONDS = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)(ms|s)")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_DAY_MINUTES = 24 * 60
_LONGEST_HOST_NAME = 64

#: What Ansible takes for other hosts than the one of that name.
_RESERVED = frozenset({"all", "localhost", "ungrouped"})


#: A user, and maybe a password, in a URL.
_URL_USER = re.compile(r"//[^/@\s]+@")


def shown(value: object) -> str:
    """A given value as a message shows it: short, and told apart from text that looks like it."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(str, value))}]"[:60] if all(isinstance(item, int) for item in value) else "a list"
    text = f"`{_URL_USER.sub('//...@', printable(value))}`" if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  one line of a terminal


@dataclass(frozen=True, slots=True)
class Form:
    """Text of a certain form: a regular expression, what that is called, and an example of it."""

    pattern: str
    what: str
    example: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}

    def _check(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            raise broken(f"{shown(value)} is not {self.what}", f"write for example {self.example}")
        return value


def _mib(value: object, cure: Callable[[object], str]) -> int:
    """`4GiB` -> 4096. Binary units only: `GB` would leave 7% open."""
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or found[2] not in SIZES:
        raise broken(f"{shown(value)} is not a size with a unit (MiB, GiB or TiB)", cure(value))
    mib = int(found[1].lstrip("0")[:_DIGITS] or 0) * SIZES[found[2]]
    if mib == 0:
        raise broken("the size is zero", "write for example 4GiB")
    return mib


def parse_mib(value: object, cure: Callable[[object], str] = sizes.host_memory) -> int:
    """`4GiB` -> 4096, up to what can be counted."""
    mib = _mib(value, cure)
    if mib > _LARGEST * SIZES["TiB"]:
        raise broken(f"{shown(value)} is more than {_LARGEST}TiB", "write for example 40GiB")
    return mib


def parse_memory(value: object) -> int:
    """`4GiB` -> 4096, of a VM."""
    mib = _mib(value, sizes.memory)
    if not _MEMORY[0] <= mib <= _MEMORY[1]:
        raise broken(f"{shown(value)} is outside of {_MEMORY[0]}MiB to {_MEMORY[1]}MiB", "write for example 4GiB")
    return mib


def parse_gib(value: object) -> int:
    """`40GiB` -> 40. PVE's disks are whole GiB."""
    mib = parse_mib(value, sizes.disk)
    if mib % 1024:
        raise broken(f"{shown(value)} is not a whole number of GiB", f"write {mib // 1024 + 1}GiB")
    return mib // 1024


def parse_minutes(value: object) -> int:
    """`1h30m` -> 90."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    minutes = int(found[1] or 0) * 60 + int(found[2] or 0) if found else 0
    if not minutes:
        raise broken(f"{shown(value)} is not a duration of hours and minutes", times.minutes(value))
    if minutes > _DAY_MINUTES:
        raise broken(f"{shown(value)} is longer than 24h", "write for example 1h")
    return minutes


def parse_milliseconds(value: object) -> int:
    """`2s` -> 2000, `300ms` -> 300, `0.5s` -> 500."""
    found = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    exact = float(found[1]) * (1 if found[2] == "ms" else 1000) if found else 0.0
    if not exact or exact != int(exact):
        cure = f"write {value}s" if isinstance(value, int | float) and not isinstance(value, bool) else "write for example 2s or 300ms"
        raise broken(f"{shown(value)} is not a duration of seconds or milliseconds", cure)
    return int(exact)


def parse_label(value: object) -> str:
    """A DNS label (RFC 1123): it becomes a host name, a VM name and part of file names."""
    if not isinstance(value, str):
        raise broken(f"{shown(value)} is not text", f'put it in quotes: "{value}"')
    if not _LABEL.fullmatch(value):
        given = shown(value) if value else "empty text"
        raise broken(f"{given} is not a name: 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit", cures.label(value))
    return value


def parse_machine_name(value: object) -> str:
    """A label that is also a name to Terraform (a letter first: `tofu validate` refuses others) and one host to Ansible."""
    first, dot, domain = value.partition(".") if isinstance(value, str) else ("", "", "")
    if dot and _LABEL.fullmatch(first) and all(_LABEL.fullmatch(label) for label in domain.split(".")):
        whole = f"{{name: {first}, hostname: {value}}}"
        raise broken(f"{shown(value)} is a whole host name, not the name of one machine", f"write {first}, or {whole} for its host name")
    name = parse_label(f"{value}" if isinstance(value, int) and not isinstance(value, bool) else value)
    if name[0].isdigit():
        raise broken(f"{shown(name)} begins with a digit, and Terraform's names begin with a letter", f"write m{name}")
    if name in _RESERVED:
        raise broken(f"{shown(name)} means other machines to Ansible", "choose another name")
    return name


def parse_host_name(value: object) -> str:
    """Labels with dots between them, at most 64 characters: Linux keeps no longer host name."""
    labels = value.split(".") if isinstance(value, str) else []
    if not labels or not all(_LABEL.fullmatch(label) for label in labels) or len(str(value)) > _LONGEST_HOST_NAME:
        raise broken(
            f"{shown(value)} is not a host name: names of a-z, 0-9 and -, dots between, at most 64", "write for example server1.home.arpa"
        )
    return str(value)


def as_schema(kind: str, **more: Any) -> WithJsonSchema:
    """What the JSON schema says of a value that a parser of ours reads."""
    return WithJsonSchema({"type": kind, **more})


_SIZE_SCHEMA = as_schema("string", pattern=r"^\d+\s?(MiB|GiB|TiB)$", examples=["4GiB"])

Mebibytes = Annotated[int, BeforeValidator(parse_memory), PlainSerializer(lambda mib: f"{mib}MiB"), _SIZE_SCHEMA]
HostMebibytes = Annotated[int, BeforeValidator(parse_mib), PlainSerializer(lambda mib: f"{mib}MiB"), _SIZE_SCHEMA]
Gibibytes = Annotated[int, BeforeValidator(parse_gib), PlainSerializer(lambda gib: f"{gib}GiB"), _SIZE_SCHEMA]
Minutes = Annotated[
    int,
    BeforeValidator(parse_minutes),
    PlainSerializer(lambda m: f"{m}m"),
    as_schema("string", pattern=r"^(\d+h)?(\d+m)?$", examples=["1h30m"]),
]
Milliseconds = Annotated[
    int,
    BeforeValidator(parse_milliseconds),
    PlainSerializer(written_time),
    as_schema("string", pattern=r"^\d{1,7}(\.\d{1,3})?(ms|s)$", examples=["2s"]),
]
Name = Annotated[str, BeforeValidator(parse_label), as_schema("string", pattern=f"^{_LABEL.pattern}$")]
MachineName = Annotated[str, BeforeValidator(parse_machine_name), as_schema("string", pattern=f"^(?![0-9]){_LABEL.pattern}$")]
HostName = Annotated[str, BeforeValidator(parse_host_name), as_schema("string", pattern=f"^{_LABEL.pattern}(\\.{_LABEL.pattern})*$")]
Account = Annotated[str, Form(r"[a-z_][a-z0-9_-]{0,31}", "an account name", "admin")]
Domain = Annotated[str, Form(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", "a domain", "home.arpa")]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict()]


def between(first: int, last: int, what: str, example: str) -> AfterValidator:
    """A number inside of bounds; the message names both, and what it counts."""

    def check(value: int) -> int:
        if not first <= value <= last:
            raise broken(f"{what} {value} is outside of {first} to {last}", f"write for example {example}")
        return value

    return AfterValidator(check)
