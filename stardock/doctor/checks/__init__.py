"""What `runner doctor` checks, in the order in which it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stardock.doctor.checks.addresses import addresses, vrid
from stardock.doctor.checks.connection import connection
from stardock.doctor.checks.datastores import datastores
from stardock.doctor.checks.environment import environment
from stardock.doctor.checks.hardware import devices, pools, roots_alone
from stardock.doctor.checks.hosts import hosts
from stardock.doctor.checks.images import images
from stardock.doctor.checks.machines import names, vm_ids
from stardock.doctor.checks.network import bridges
from stardock.doctor.checks.nodes import clocks, nodes, quorum, versions
from stardock.doctor.checks.privileges import privileges
from stardock.doctor.checks.space import space
from stardock.doctor.checks.ssh import jumps, ssh
from stardock.doctor.checks.tools import tools
from stardock.doctor.finding import Finding
from stardock.doctor.scene import Scene

Check = Callable[[Scene], Iterator[Finding]]

#: What is judged by what was seen from here.
HERE: tuple[Check, ...] = (tools, environment, connection, jumps, hosts)

#: What Proxmox was asked for: left out when it could not be asked, which `connection` tells.
ASKED: tuple[Check, ...] = (
    *(privileges, nodes, quorum, versions, clocks, datastores, space, bridges),
    *(vm_ids, names, devices, pools, roots_alone, addresses, vrid, ssh, images),
)


def run(scene: Scene) -> list[Finding]:
    """Judge everything that was seen."""
    checks = (*HERE, *(ASKED if scene.survey else ()))
    return [finding for check in checks for finding in check(scene)]
