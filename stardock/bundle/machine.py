"""What the stage `machines` owns on a machine: the same files, users and packages that its first boot set up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from stardock.bundle.readers import SYSTEMD, UNITS, readers
from stardock.distributions import DEFAULT, Kubernetes
from stardock.firstboot.user import first_files
from stardock.model.host import Member
from stardock.model.machine import Machine, User
from stardock.model.plan import Plan
from stardock.systems import HEAD, SENTINEL, ManagedFile, system
from stardock.systems.shared import own_window

_JOURNAL = "/etc/systemd/journald.conf.d/90-stardock.conf"
NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


def machine_variables(machine: Machine, kubernetes: Kubernetes = DEFAULT, options: Mapping[str, Any] = NO_OPTIONS) -> dict[str, Any]:
    """The role's variables for one machine; `options` are the distribution's, which may name files of the user's."""
    own = system(machine.image.system)
    return {
        "machine_users": [{"name": user.name, "home": home(user), "keys": list(user.keys)} for user in machine.users],
        "machine_files": [*_files(machine, kubernetes, options), *_timezone(machine), *(key_file(user) for user in machine.users)],
        "machine_secret_files": list(secret_files(machine, kubernetes, options)),
        "machine_package_manager": own.package_manager,
        "machine_packages": list(own.packages_of(machine)),
        "machine_mirror": _mirror(machine),
        "machine_services": dict(own.services_of(machine)),
        "machine_sentinel": SENTINEL,
        "machine_reboots_itself": own_window(machine) is not None,
        "machine_reboot_timeout": own.answer_seconds,
        "reachable_macs": [nic.mac.lower() for nic in machine.interfaces],
        "reachable_timeout": own.answer_seconds,
        "reachable_first_boot_timeout": own.first_boot_seconds,
    }


def _mirror(machine: Machine) -> dict[str, Any]:
    """Sources of packages, and what switches the others off; empty where the system's own are used."""
    mirror = system(machine.image.system).mirror(machine)
    if mirror is None:
        return {}
    files = [{"path": file.path, "content": file.content, "mode": file.mode, "applies": "mirror"} for file in mirror.files]
    return {"check": mirror.check, "files": files, "commands": list(mirror.commands)}


def home(user: User) -> str:
    """Where an account's keys are."""
    return "/root" if user.name == "root" else f"/home/{user.name}"


def _files(machine: Machine, kubernetes: Kubernetes, options: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """All files of the first boot, with who reads them."""
    yield from managed(first_files(machine), {file.path for file in machine.files}, kubernetes, options)


def managed(
    files: Iterable[ManagedFile], own: Collection[str], kubernetes: Kubernetes, options: Mapping[str, Any]
) -> Iterator[dict[str, str]]:
    """Files with who reads them; `own` are the user's. Units of ours say themselves what they start: nothing restarts for them."""
    for file in files:
        ours = file.path not in own and file.path.startswith(UNITS)
        reader = SYSTEMD if ours else readers(file.path, kubernetes, options)
        applies = {"applies": reader} if reader else {}
        owner = {} if file.owner == "root" else {"owner": file.owner}
        yield {"path": file.path, "content": file.content, "mode": file.mode, **owner, **applies}


def secret_files(machine: Member, kubernetes: Kubernetes, options: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Files whose content comes by the variable `stardock_contents`, found there by its source."""
    for file in machine.secret_files:
        yield {
            "path": file.path,
            "source": file.source,
            "mode": file.mode,
            "owner": file.owner,
            "applies": readers(file.path, kubernetes, options),
        }


def _timezone(machine: Machine) -> Iterator[dict[str, str]]:
    yield {"path": "/etc/localtime", "link": f"/usr/share/zoneinfo/{machine.timezone}"}
    yield {"path": "/etc/timezone", "content": machine.timezone + "\n"}


def journal_file(plan: Plan) -> dict[str, str]:
    """journald.conf(5): `SystemMaxUse` of what is kept on disk. Where the key goes, so does the file."""
    file = {"path": _JOURNAL, "applies": readers(_JOURNAL, DEFAULT, {})}
    if plan.journal_mib is None:
        return {**file, "state": "absent"}
    return {**file, "content": f"{HEAD}[Journal]\nSystemMaxUse={plan.journal_mib}M\n"}


def key_file(user: User) -> dict[str, Any]:
    """The file of a user's keys, whole: a key that is not in it opens nothing. cloud-init writes them in an order of its own."""
    path = f"{home(user)}/.ssh/authorized_keys"
    if not user.keys:
        return {"path": path, "state": "absent"}
    content = "".join(f"{key}\n" for key in user.keys)
    owner = {"owner": user.name, "group": "", "mode": "0600", "directory_mode": "0700"}
    return {"path": path, "content": content, "unordered": True, **owner}
