"""The way to machines by SSH: account, port, key, arguments, and through which jump host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stardock.model.jump import Jump
from stardock.model.machine import Machine
from stardock.model.settings import Ssh
from stardock.spec.jumps import jump_of

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec


def ssh_of(spec: Spec, machines: Sequence[Machine]) -> Ssh:
    """As cluster.yaml says; a machine that it lacks has the cluster's jump host."""
    said = {machine.name: machine.ssh_jump or pool.ssh_jump or spec.ssh.jump for _, pool, machine in spec.members()}
    said |= {host.name: host.ssh_jump or spec.ssh.jump for host in spec.hosts}
    names = (*(machine.name for machine in machines), *(host.name for host in spec.hosts))
    found: dict[str, Jump | None] = {name: jump_of(text) for name in names if (text := said.get(name, spec.ssh.jump)) is not None}
    return Ssh(
        user=spec.ssh.user,
        port=spec.ssh.port,
        private_key=spec.ssh.private_key,
        arguments=spec.ssh.extra_args or "",
        jumps={name: jump for name, jump in found.items() if jump},
    )
