"""Hosts held against what is allocated: names that machines have, files that are Stardock's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from stardock.distributions import distribution
from stardock.errors import Problem
from stardock.model.host import Host
from stardock.model.lock import Lock
from stardock.model.machine import Machine
from stardock.plan.rules.files import OURS, paths_of_keys
from stardock.spec.places import at
from stardock.systems import profile

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec


def host_problems(spec: Spec, lock: Lock, hosts: tuple[Host, ...], machines: Mapping[str, Machine]) -> Iterator[Problem]:
    """All of them; `machines` are all that will exist."""
    active = lock.active()
    nodes = {machine.hostname: name for name, machine in machines.items()}
    declared = {machine.name for _, _, machine in spec.members()}
    for h, host in enumerate(hosts):
        if host.name in active and host.name not in declared:
            message = f"{host.name} exists as a machine that Stardock made (VM {active[host.name].record.vm_id})"
            cure = f"give the host another name; or take that machine away first (`remove: [{host.name}]`, deploy), then write the host"
            yield at(spec, ("hosts", h, "name"), message, cure)
        elif host.hostname in nodes and nodes[host.hostname] not in declared:
            message = f"the machine {nodes[host.hostname]}, which exists, is the Kubernetes node {host.hostname} already"
            yield at(spec, ("hosts", h, "name"), message, "give the host another `hostname`")
        yield from _files(spec, h, host)


def _files(spec: Spec, h: int, host: Host) -> Iterator[Problem]:
    """The user's files must not be Stardock's own."""
    homes = ("/root" if user.name == "root" else f"/home/{user.name}" for user in host.users)
    own = {*OURS, *distribution(spec.distribution.name).written_files, *(f"{home}/.ssh/authorized_keys" for home in homes)}
    own |= {*(file.path for file in profile(host.system).files_of(host)), *paths_of_keys(spec, host)}
    places: dict[str, Keys] = {
        file.path: ("cloud_init", "user_data", "write_files", f, "path") for f, file in enumerate(spec.cloud_init.user_data.write_files)
    }
    for f, file in enumerate(spec.hosts[h].cloud_init.user_data.write_files):
        places[file.path] = ("hosts", h, "cloud_init", "user_data", "write_files", f, "path")
    for path, keys in places.items():
        if path in own or path.startswith(tuple(one for one in own if one.endswith("/"))):
            message = f"`{path}` is a file that Stardock writes itself on {host.name}"
            yield at(spec, keys, message, "choose another path: most services read a folder of further files beside")
