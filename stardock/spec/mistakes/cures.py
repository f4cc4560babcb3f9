"""A value that is nearly right, made right: each cure can be written into the file as it is, and then means what the person meant.

Sizes and times have modules of their own.
"""

from __future__ import annotations

import ipaddress
import math
import re

#: What another tool would fill in: Ansible and Helm, Terraform, Compose, a shell.
FILLED_IN = re.compile(r"[$%{]\{|\{%|<%|\$[A-Za-z(]")
ITSELF = "write the value itself: cluster.yaml has no variables and no templates"
#: Of a name for the virtual IP.
ITSELF_AS_NAME = "write the address itself as network: {vip: ADDRESS}; into the certificate the name goes by"
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_YES = frozenset({"yes", "y", "on", "1", "true", "enabled", "enable", "always"})
_NO = frozenset({"no", "n", "off", "0", "false", "disabled", "disable", "never", "none"})


def whole(value: object) -> str:
    """For a whole number; a leading zero, quotes, a unit or a decimal point are taken off, a part counts as one more."""
    if isinstance(value, float) and math.isfinite(value):
        return f"write {math.ceil(value)}"
    text = value.strip() if isinstance(value, str) else ""
    if text.lower() in _NUMBERS:
        return f"write {_NUMBERS.index(text.lower())}"
    found = re.fullmatch(r"/?0*(\d+)(?:\.0+|:00|\s*[A-Za-z]+)?", text)
    if found:
        return f"write {found[1]}, without quotes"
    prefix = netmask(text)
    return f"write {prefix}" if prefix is not None else "write digits, without quotes"


def offset(value: object) -> str:
    """For what is added to `base`: an address is a base of its own."""
    own = address_of(value)
    return f"write base: {own} in place of `base` and `offset`" if own else whole(value)


def mtu(value: object) -> str:
    """For bytes of a frame, which other tools may call jumbo."""
    said = whole(value)
    return "write for example 9000, or 1 for the bridge's" if "digits" in said else said


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
    if FILLED_IN.search(value):
        return ITSELF
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


def only(value: object) -> object:
    """The one item of a list that stands where one value belongs; everything else as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


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


def address_of(value: object) -> str | None:
    """An address, with or without its prefix."""
    try:
        return str(ipaddress.ip_interface(value).ip) if isinstance(value, str) else None
    except ValueError:
        return None


def virtual_ip(text: str) -> str | None:
    """The address of what other tools call an endpoint, and may write as a URL or with a port; None where it is one already, or no host."""
    host = re.sub(r"^[a-z]+://", "", text.strip(), flags=re.IGNORECASE).split("/")[0]
    host = re.sub(r":\d{1,5}$", "", host) if host.count(":") == 1 else host
    if re.fullmatch(r"\d+(\.\d+){3}", host):
        return None if host == text.split("/", maxsplit=1)[0] else f"write {host}"
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", host) or not re.search(r"[A-Za-z]", host):
        return None
    return f"{ITSELF_AS_NAME} distribution: {{options: {{tls-san: [{host}]}}}}"


def mapping(value: object) -> str:
    """For a mapping where `KEY=VALUE` stands, alone or in a list."""
    items = value if isinstance(value, list) else re.split(r"[,;]\s*", value) if isinstance(value, str) else [value]
    pairs = [str(item).split("=", 1) for item in items if re.fullmatch(r"[A-Za-z0-9._/-]+=[A-Za-z0-9._-]*", str(item))]
    if not items or len(pairs) != len(items):
        return "write {KEY: VALUE}, or one key a line, indented"
    return "write {" + ", ".join(f'{key}: "{text}"' for key, text in pairs) + "}"
