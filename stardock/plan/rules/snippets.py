"""PVE reads 1 MiB of a snippet, and fails the VM's start at a larger one (PVE::QemuServer::Cloudinit, read_cloudinit_snippets_file)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stardock.errors import Problem
from stardock.firstboot import documents
from stardock.model.file_names import DOCUMENTS
from stardock.model.machine import Machine
from stardock.plan.allocation.declared import Declared
from stardock.plan.rules.files import places_of_files
from stardock.spec.places import at

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec

MOST_BYTES = 1 << 20
#: Below this much of the user's own no document can come near: what Stardock writes is some kilobytes, and escapes at most double a text.
_HARMLESS_BYTES = MOST_BYTES // 4
#: What stands for a password hash in a document is shorter than the hash (crypt(5): at most 128 characters and some).
_HASH_BYTES = 200


def snippet_problems(spec: Spec, every: Sequence[Declared], machines: Mapping[str, Machine]) -> list[Problem]:
    """Machines whose user-data, network-config or meta-data PVE would not read; of a pool's files each is told once."""
    told: dict[tuple[Keys, str], Problem] = {}
    for declared in every:
        machine = machines[declared.name]
        for kind, size in _too_large(spec.cluster, machine):
            keys, largest = _largest(spec, declared, machine)
            message = f"{declared.name}'s {kind} snippet would have {size} bytes, and PVE reads {MOST_BYTES} at most; {largest}"
            told.setdefault((keys, kind), at(spec, keys, message, "download it in `runcmd`, or bring it in an image of your own"))
    return list(told.values())


def _too_large(cluster: str, machine: Machine) -> Iterator[tuple[str, int]]:
    if _own_bytes(machine) < _HARMLESS_BYTES:
        return
    written = documents(cluster, machine)
    for kind in DOCUMENTS:
        text = getattr(written, kind)
        size = len(text.replace("$${", "${").replace("%%{", "%{").encode()) + _HASH_BYTES * text.count("${var.")
        if size > MOST_BYTES:
            yield kind, size


def _own_bytes(machine: Machine) -> int:
    """What the user's words amount to."""
    texts = [file.content for file in machine.files]
    texts += [*machine.commands, *machine.boot_commands, *machine.packages]
    texts += [key for user in machine.users for key in user.keys]
    return sum(len(text.encode()) for text in texts)


def _largest(spec: Spec, declared: Declared, machine: Machine) -> tuple[Keys, str]:
    """Where the largest of the user's files stands, and how large it is; without files, where commands and keys are."""
    if not machine.files:
        return ("cloud_init",), "its commands, packages and keys are that long"
    file = max(machine.files, key=lambda file: len(file.content.encode()))
    places = places_of_files(spec)
    keys = places.get((declared.pool.name, file.path)) or places.get(("", file.path)) or ("cloud_init",)
    return keys, f"`{file.path}` is the largest part, with {len(file.content.encode())}"
