"""The documents of a machine's first boot, from data structures: user-data (cloud-config or Ignition), network-config, meta-data.

First boot brings a machine to where SSH answers. From then on the stage `machines` owns the same files, with content from the same
`stardock.systems.system(...).files(machine)`: its first run finds nothing to change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stardock.firstboot.afterburn import afterburn_config
from stardock.firstboot.hashes import Part, digest, mark, parts
from stardock.firstboot.ignition import ignition
from stardock.firstboot.network import network_config
from stardock.firstboot.user import password_variables, user_data
from stardock.model.machine import Machine
from stardock.systems import system
from stardock.yamltext import yaml_text

__all__ = ["Documents", "documents", "password_variables"]


@dataclass(frozen=True, slots=True)
class Documents:
    """Three texts as they lie on the PVE node, but for the marks of password hashes in `user`: mark -> Terraform variable."""

    user: str
    network: str
    meta: str
    marks: Mapping[str, str] = field(default_factory=dict)

    def user_parts(self) -> Iterator[Part]:
        """Take `user` apart at its marks."""
        return parts(self.user, self.marks)


def documents(cluster: str, machine: Machine) -> Documents:
    """Write the three documents of a machine: the same machine gives the same bytes, whatever else the plan holds."""
    meta = {"instance-id": f"{cluster}-{machine.name}", "local-hostname": machine.hostname}
    told_apart = digest(_user(machine, ""))
    marks = {mark(variable, told_apart): variable for variable in password_variables(machine)}
    return Documents(user=_user(machine, told_apart), network=yaml_text(_network(machine)), meta=yaml_text(meta), marks=marks)


def _network(machine: Machine) -> dict[str, Any]:
    """Where first boot is Ignition, its own document holds the network, and this is for the initramfs."""
    return afterburn_config(machine) if system(machine.image.system).first_boot == "ignition" else network_config(machine)


def _user(machine: Machine, told_apart: str) -> str:
    """What the system's first boot reads. Ignition reads nothing else: its document holds the network too."""
    if system(machine.image.system).first_boot == "ignition":
        return json.dumps(ignition(machine, told_apart), indent=2) + "\n"
    return "#cloud-config\n" + yaml_text(user_data(machine, told_apart))
