"""A VM's configuration: what is given is checked, normalised as PVE would write it, and kept."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from lab.pve import drives
from lab.pve.errors import bad_parameters, failed
from lab.pve.estate import Estate
from lab.pve.schema.check import parse_property_string, rule_of
from lab.pve.schema.model import Route, Rules
from lab.pve.state import Vm

Options = dict[str, str]
_NET = re.compile(r"net\d+")
_TRUE = frozenset({"1", "on", "yes", "true"})
#: Parameters of the routes that are not part of a VM's configuration.
NOT_OPTIONS = frozenset(
    {"node", "vmid", "delete", "digest", "revert", "skiplock", "force", "background_delay", "start", "storage", "pool", "archive"}
    | {"bwlimit", "unique", "live-restore", "ha-managed", "import-working-storage"}
)


def options_of(parameters: Mapping[str, Any]) -> Options:
    """The configuration options among a request's parameters."""
    return {key: str(value) for key, value in parameters.items() if key not in NOT_OPTIONS and not key.startswith("unused")}


def check(estate: Estate, node: str, route: Route, options: Options) -> None:
    """What PVE refuses before it starts a task. Raises PveError."""
    for key, text in options.items():
        if drives.DRIVE.fullmatch(key):
            drives.check(estate, node, key, drives.drive_of(route.rules, key, text))
        elif key == "cicustom":
            for part in text.split(","):
                estate.storages.get(node, part.partition("=")[2].partition(":")[0])


def check_balloon(vm: Vm, options: Options) -> None:
    """What PVE looks at when a VM is changed, and not when it is made. Raises PveError."""
    if "memory" in options or "balloon" in options:
        together = {**vm.config, **options}
        memory = int(str(together.get("memory", 512)).removeprefix("current="))
        if int(together.get("balloon", 0)) > memory:
            raise failed("balloon value too large (must be smaller than assigned memory)")


def apply(estate: Estate, vm: Vm, rules: Rules, options: Options) -> None:
    """Sets options on a VM. Raises TaskError when a disk cannot be made; then the caller drops the VM as it was changed."""
    for key, text in options.items():
        if drives.DRIVE.fullmatch(key):
            _set_drive(estate, vm, rules, key, text)
        elif _NET.fullmatch(key):
            vm.config[key] = _network(rules, key, text)
        else:
            vm.config[key] = _plain(rules, key, text)


def deleted(rules: Rules, names: str) -> list[str]:
    """The options that `delete` names. Raises PveError (400) for a name that is no option."""
    found = [name for name in re.split(r"[,;\s]+", names) if name]
    for name in found:
        if rule_of(rules, name) is None or name in NOT_OPTIONS:
            raise bad_parameters({"delete": f"unknown option '{name}'"})
    return found


def delete(vm: Vm, names: list[str]) -> None:
    """Takes options out."""
    for name in names:
        if drives.DRIVE.fullmatch(name) or name.startswith("unused"):
            drives.detach(vm, name)
        else:
            vm.config.pop(name, None)


def digest(vm: Vm) -> str:
    """The configuration's digest: another one after each change."""
    return hashlib.sha1(json.dumps(vm.config, sort_keys=True).encode(), usedforsecurity=False).hexdigest()


def check_digest(vm: Vm, given: str | None) -> None:
    """Raises PveError when the caller has seen another configuration."""
    if given and given != digest(vm):
        raise failed("checksum mismatch (file change by other user?)")


def _set_drive(estate: Estate, vm: Vm, rules: Rules, key: str, text: str) -> None:
    drive = drives.drive_of(rules, key, text)
    if str(vm.config.get(key, "")).partition(",")[0] != drive["file"]:
        drives.detach(vm, key)
    for unused in [name for name, volid in vm.config.items() if name.startswith("unused") and volid == drive["file"]]:
        del vm.config[unused]
    vm.config[key] = drives.attach(estate, vm, key, drive)


def _network(rules: Rules, key: str, text: str) -> str:
    """PVE writes the MAC behind the model, in capitals, and makes one up when none was given."""
    rule = rule_of(rules, key)
    if rule is None or not isinstance(rule.format, Mapping):
        raise TypeError(f"{key} is no network device")
    found = parse_property_string(rule.format, text)
    mac = found.pop("macaddr", None) or "BC:24:11:" + ":".join(f"{byte:02X}" for byte in secrets.token_bytes(3))
    return ",".join([f"{found.pop('model')}={mac.upper()}", *(f"{name}={found[name]}" for name in sorted(found))])


def _plain(rules: Rules, key: str, text: str) -> Any:
    rule = rule_of(rules, key)
    if key == "tags":
        return ";".join(sorted({tag.lower() for tag in re.split(r"[;,\s]+", text) if tag}))
    if key == "description":
        return text.rstrip("\n")
    if rule and rule.kind == "boolean":
        return int(text.lower() in _TRUE)
    return int(text) if rule and rule.kind == "integer" else text
