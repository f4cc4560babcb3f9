"""The user's files must not be Stardock's own: of two owners, each run would undo the other's work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stardock.distributions import distribution
from stardock.errors import Problem
from stardock.model.host import Member
from stardock.model.machine import Machine
from stardock.plan.allocation.declared import Declared
from stardock.spec.places import at
from stardock.systems import system, system_of

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec

#: What bootstrap writes beside the files of the systems; a folder ends with a slash.
OURS = (
    *("/etc/hostname", "/etc/localtime", "/etc/timezone", "/etc/stardock/"),
    *("/etc/haproxy/haproxy.cfg", "/etc/keepalived/keepalived.conf"),
)


def file_problems(spec: Spec, every: Sequence[Declared], wishes: Mapping[str, Machine]) -> list[Problem]:
    """Each place of cluster.yaml once, however many machines it concerns."""
    places = places_of_files(spec)
    found: dict[Keys, Problem] = {}
    for declared in every:
        machine = wishes[declared.name]
        own = _own_paths(machine, spec.distribution.name) | set(paths_of_keys(spec, machine))
        for written in [file.path for file in machine.files] + [file.path for file in machine.secret_files]:
            if written in own or written.startswith(tuple(path for path in own if path.endswith("/"))):
                keys = places[declared.pool.name, written] if (declared.pool.name, written) in places else places["", written]
                message = f"`{written}` is a file that Stardock writes itself on {declared.name}"
                found.setdefault(keys, at(spec, keys, message, "choose another path: most services read a folder of further files beside"))
    return list(found.values())


def _own_paths(machine: Machine, kubernetes: str) -> set[str]:
    homes = {"/root" if user.name == "root" else f"/home/{user.name}" for user in machine.users}
    system_files = {file.path for file in system(machine.image.system).files_of(machine)}
    return {*OURS, *distribution(kubernetes).written_files, *system_files, *(f"{home}/.ssh/authorized_keys" for home in homes)}


def paths_of_keys(spec: Spec, machine: Member) -> Iterator[str]:
    """The files of keys that may be left out, and then are the user's to write."""
    own, kubernetes = system_of(machine), distribution(spec.distribution.name)
    if spec.proxy and own.proxy_path:
        yield own.proxy_path
    if spec.proxy and machine.role != "loadbalancer":
        yield kubernetes.environment_files[machine.role]
    yield kubernetes.registry_authorities
    if spec.registries.mirrors or spec.registries.access:
        yield kubernetes.registries


def places_of_files(spec: Spec) -> dict[tuple[str, str], Keys]:
    """(pool or "", path) -> where it is written."""
    return dict(_written(spec))


def _written(spec: Spec) -> Iterator[tuple[tuple[str, str], Keys]]:
    for f, file in enumerate(spec.cloud_init.user_data.write_files):
        yield ("", file.path), ("cloud_init", "user_data", "write_files", f, "path")
    for p, pool in enumerate(spec.pools):
        for f, file in enumerate(pool.cloud_init.user_data.write_files):
            yield (pool.name, file.path), ("pools", p, "cloud_init", "user_data", "write_files", f, "path")
