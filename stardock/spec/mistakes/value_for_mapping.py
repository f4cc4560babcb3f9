"""One value where a mapping belongs: the key that it is the value of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import overload

from pydantic_core import ErrorDetails, PydanticCustomError

from stardock.distributions import DEFAULT, DISTRIBUTIONS, of_release
from stardock.spec import image
from stardock.spec.mistakes import cures, pve_config, role_words, sizes, times
from stardock.systems import SYSTEMS

_GENERIC = "write {KEY: VALUE}, or one key a line, indented"
#: docs/decisions/0049-from-anywhere.md says why.
_ESTATES = "one file has one endpoint: write a cluster.yaml for each, and the others' machines as `hosts` of one (docs/several-clusters.md)"
_BY_ROLE = "and likewise server and loadbalancer"
_URL = re.compile(r"[a-z0-9]+://.+")
#: A word for the whole that means its default.
_DEFAULT = frozenset({"dhcp", "default", "auto"})


def cure(error: ErrorDetails, text: str | None) -> str:
    """What mapping was meant; of an item of a list, what item."""
    given, at = error["input"], [key for key in error["loc"] if isinstance(key, str)]
    item = isinstance(error["loc"][-1], int)
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], str) and not item:
        given, text = given[0], None
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], dict) and not item:
        return "it is one, and no list: take the `- `, or the `[ ]`, away"
    if isinstance(given, str) and "\n" in given.strip() and at and at[-1] in _AS_TEXT:
        return _AS_TEXT[at[-1]]
    if isinstance(given, list) and at == ["proxmox"] and not item:
        return _ESTATES
    if isinstance(given, dict | list) or given is None:
        return _GENERIC
    said = text or str(given).strip()
    whole = ".".join(at[-2:])
    key = whole if whole in _MAPPINGS else at[-1]
    meant = (_ITEMS if item else _MAPPINGS).get(key) if "\n" not in said and len(said) <= 200 else None  # noqa: PLR2004  a line
    return (meant(said) if meant else None) or _GENERIC


def of_key(error: ErrorDetails, text: str | None) -> str | None:
    """The same where names lead to values: addresses of NICs; None where nothing tells."""
    said = cure(error, text) if error["loc"][-1] in _MAPPINGS else None
    return None if said == _GENERIC else said


def item(key: str, said: str) -> str | None:
    """The item of a list that one value means."""
    meant = _ITEMS[key](said) if key in _ITEMS else None
    return meant.removeprefix("write ") if meant else None


@overload
def _written(meant: str) -> str: ...
@overload
def _written(meant: None) -> None: ...
def _written(meant: str | None) -> str | None:
    return f"write {{{meant}}}" if meant else None


def _switch(key: str) -> Callable[[str], str | None]:
    def meant(said: str) -> str | None:
        on = cures.switch(pve_config.properties(said, key).get("enabled", said))
        return None if on is None else _written(f"{key}: {str(on).lower()}")

    return meant


def _ha(said: str) -> str | None:
    on = cures.switch(said)
    return None if on is None else f"write {str(on).lower()}"


def _network(said: str) -> str | None:
    if said.lower() in _DEFAULT:
        return "delete it: interfaces have DHCP on vmbr0 by default"
    if "/" in said or not cures.address_of(said):
        return f"it is of NICs: write {{agent: [{nic(said)}]}}, {_BY_ROLE}" if nic(said) else None
    return _written(f"vip: {said}")


def nic(said: str) -> str | None:
    """One interface: a bridge, a network or an address, or PVE's own line."""
    if said.lower() in _DEFAULT:
        return "{dhcp: true}"
    if cures.address_of(said):
        return f"{{static: {{{_range(said)}}}}}"
    return pve_config.nic(said) or (f"{{bridge: {said}}}" if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.]{0,14}", said) else None)


def _range(said: str) -> str | None:
    address, _, bits = said.partition("/")
    if not cures.address_of(said):
        return None
    quoted = f'"{address}"' if ":" in address else address
    return f"base: {quoted}, prefix: {bits}" if bits else f"base: {quoted}"


def _ipv6(said: str) -> str | None:
    word = said.lower()
    if word in {"auto", "slaac", "ra", "accept-ra"} or cures.switch(word):
        return _written("slaac: true")
    if cures.switch(word) is False:
        return "delete it: without `ipv6`, there is IPv4 only"
    return (
        _written("dhcp: true") if word in {"dhcp", "dhcpv6", "dhcp6"} else _written(f"static: {{{_range(said)}}}" if _range(said) else None)
    )


def _image(said: str) -> str | None:
    if not (_URL.fullmatch(said) or ("." in said and "/" in said) or said.endswith(image.DISK_FORMATS)):
        return _of_a_system(said)
    system = next((own.name for own in SYSTEMS.values() if own.name in said.lower() or own.named_by(said.rpartition("/")[2])), None)
    source = f"{'url' if _URL.fullmatch(said) else 'file'}: {said}"
    return (
        _written(f"system: {system}, {source}") if system else f"write {{system: NAME, {source}}}, NAME being one of {', '.join(SYSTEMS)}"
    )


def _of_a_system(said: str) -> str | None:
    """A system, or the name of a release that tells which."""
    try:
        image.parse_system(said)
    except PydanticCustomError as error:
        told = re.match(r"write `(system: [^`]+)`", str((error.context or {}).get("cure")))
        return _written(told[1] if told else f"system: {said}")
    return _written(f"system: {said}")


def _distribution(said: str) -> str | None:
    if re.match(r"v?\d", said):
        named = of_release(said)
        return _written(f"version: {said}" if named is None or named is DEFAULT else f"name: {named.name}, version: {said}")
    names = [said] if said in DISTRIBUTIONS else list(DISTRIBUTIONS)
    return f"write {' or '.join(f'{{name: {name}}}' for name in names)}" + ("" if said in DISTRIBUTIONS else ": no other is installed")


def _state(said: str) -> str | None:
    scheme, sep, rest = said.partition("://")
    bucket, _, key = rest.partition("/")
    if sep and scheme in {"s3", "gs"}:
        inner = f", {'key' if scheme == 's3' else 'prefix'}: {key}" if key else ""
        return _written(f"backend: {'s3' if scheme == 's3' else 'gcs'}, bucket: {bucket}{inner}")
    if sep and scheme in {"http", "https"}:
        return _written(f"backend: http, address: {said}")
    if said.endswith(".tfstate") or "/" in said:
        return "delete it: the state is the file X.tfstate beside X.yaml"
    return _written(f"backend: {said}")


def _startup(said: str) -> str | None:
    words = pve_config.properties(said, "order")
    names = {"order": "order", "up": "up_delay", "down": "down_delay"}
    return _written(", ".join(f"{names[key]}: {value}" for key, value in words.items())) if words and set(words) <= set(names) else None


def _flags(said: str) -> str | None:
    words = pve_config.properties(said)
    values = {
        key: {"on": "true", "1": "true", "off": "false", "0": "false", "ignore": "false"}.get(value, value) for key, value in words.items()
    }
    return _written(", ".join(f"{key}: {value}" for key, value in values.items())) if all(values) else None


def _ssh(said: str) -> str | None:
    return _written(f"keys: [{said}]") if said.endswith(".pub") or " AAAA" in said else _written(f"keys: [id_ed25519.pub], user: {said}")


def _pve_ssh(said: str) -> str | None:
    return (
        _written(f"private_key: {said}" if "/" in said or said.startswith("id_") else f"user: {said}")
        if re.match(r"[a-z_~/.]", said)
        else None
    )


def _content(said: str) -> str | None:
    variable = re.fullmatch(r"\$?\{?(?:env:)?([A-Z][A-Z0-9_]*)\}?", said)
    return _written(f"env: {variable[1]}" if variable else f"file: {said}" if re.search("[./]", said) else None)


def _addresses(said: str) -> str | None:
    return _written(f"ens18: {cures.address_of(said)}") if cures.address_of(said) else None


def _maintenance(said: str) -> str | None:
    found = times.window(said)
    return _written(f"slots: [{found[0]}]" + (f", duration: {times.spelled(found[1])}" if found[1] else "")) if found else None


def _endpoint(said: str) -> str | None:
    return _written(f"endpoint: {cures.endpoint(said)}, nodes: [pve1]") if "." in said or ":" in said else None


def _data_disk(said: str) -> str | None:
    size = sizes.disk(said).removeprefix("write ").partition(",")[0]
    return None if " " in size else _written(f"name: data, size: {size}")


def _pool(said: str) -> str | None:
    role = role_words.role_of(said)
    return _written(f"name: {said}, role: {role}, machines: [NAME, ...]") if role else None


_ADDRESSES = "addresses: [192.168.1.200-192.168.1.220]"
_POOLS = "pools: [{name: default, addresses: [192.168.1.200-192.168.1.220]}]"


def _addon(said: str) -> str | None:
    """A switch, or a release."""
    if re.fullmatch(r"v?[0-9]+\.[0-9]+\.[0-9]+", said):
        return _written(f"version: {said}")
    on = cures.switch(said)
    return None if on is None else "write {}" if on else "delete it: an add-on that is not named is not there"


def _ingress(said: str) -> str | None:
    """A switch, or a controller."""
    on = cures.switch(said)
    name = "ingress-nginx" if "nginx" in said.lower() else "traefik" if said.lower() == "traefik" or on else "none" if on is False else None
    return _written(f"controller: {name}") if name else None


def _mesh(said: str) -> str | None:
    """A switch, or its network."""
    on = cures.switch(said)
    return (
        "delete it: without it, there is no mesh"
        if on is False
        else _written(f"network: {'10.98.0.0/24' if on else said}")
        if on or "/" in said
        else None
    )


def _kured(said: str) -> str | None:
    """Under `maintenance` are its hours."""
    return (
        "delete it, and write addons: {kured: {}} on the first level"
        if cures.switch(said)
        else "delete it: `addons` installs kured, or not"
    )


def _cloud_init(said: str) -> str | None:
    """The name of a file, as `qm set --cicustom user=...` takes one."""
    return f"no file is read here: {_USER_DATA}" if re.search(r"\.(ya?ml|cfg|txt|tftpl|j2)$|[:/]", said) else None


_USER_DATA = "write its write_files, runcmd and bootcmd under user_data: {...}, its packages and users as they are"
#: Key -> what to do where its mapping is a text, behind `|`.
_AS_TEXT: Mapping[str, str] = {
    "cloud_init": f"take the `|` away, for keys: {_USER_DATA}",
    "user_data": "take the `|` away, for keys: write_files, runcmd and bootcmd",
    "options": "take the `|` away: its lines are keys",
}

#: Key -> what its one value means.
_MAPPINGS: Mapping[str, Callable[[str], str | None]] = {
    "agent": _switch("enabled"),
    "maintenance.kured": _kured,
    **dict.fromkeys(("kured", "cert_manager", "system_upgrade_controller"), _addon),
    "metrics_server": _switch("enabled"),
    "ingress": _ingress,
    "mesh": _mesh,
    "kube_vip": lambda said: "delete it: without it, kube-vip is not there" if cures.switch(said) is False else _written(_ADDRESSES),
    "metallb": lambda said: "delete it: without it, MetalLB is not there" if cures.switch(said) is False else _written(_POOLS),
    "ha": _ha,
    "cloud_init": _cloud_init,
    "user_data": lambda said: (
        "no file is read here: write its write_files, runcmd and bootcmd as keys" if re.search("[./]", said) else None
    ),
    "network": _network,
    "static": lambda said: "write dhcp: true in place of `static`" if said.lower() in _DEFAULT else _written(_range(said)),
    "ipv6": _ipv6,
    "image": _image,
    "distribution": _distribution,
    "state": _state,
    "startup": _startup,
    "disk_options": _flags,
    "ssh": _ssh,
    "proxmox.ssh": _pve_ssh,
    "content_from": _content,
    "addresses": _addresses,
    "macs": lambda said: _written(f'ens18: "{said}"') if re.fullmatch(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}", said) else None,
    "maintenance": _maintenance,
    "proxmox": _endpoint,
    "cni": lambda said: _written(f"plugin: {said.lower()}") if re.fullmatch(r"[A-Za-z]+", said) else None,
    "datastores": lambda said: _written(f"disks: {said}") if re.fullmatch(r"[\w-]+", said) else None,
}

#: The key of a list -> what one value means as its item.
_ITEMS: Mapping[str, Callable[[str], str | None]] = {
    **dict.fromkeys(("interfaces", "agent", "server", "loadbalancer"), lambda said: f"write {nic(said)}" if nic(said) else None),
    "users": lambda said: _written(f"name: {said}, keys: [id_ed25519.pub]"),
    "data_disks": _data_disk,
    "routes": lambda said: _written(f"to: {said}, via: ADDRESS") if "/" in said else None,
    "pools": _pool,
}
