"""A host that exists already and only joins: bare metal, a Raspberry Pi, a VM of somebody else's. Terraform never hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stardock.model.machine import Machine, SecretFile, User, UserFile
from stardock.model.parts import PackageProxy

#: As releases of Kubernetes are called.
Architecture = Literal["amd64", "arm64"]
ARCHITECTURES: tuple[Architecture, ...] = ("amd64", "arm64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What is decided for one host. Nothing of it is allocated, so that no lock has it; nothing of it was observed.

    Where a field has the name of one of `Machine`, it is the same. `memory_mib` and `cores` are what it has, 0: nobody said.
    """

    name: str
    role: Literal["server", "agent"]
    hostname: str  # the name of its Node; what the host calls itself is its own affair
    address: str  # in the cluster: its node-ip, IPv4
    reached_at: str  # by SSH: an address or a host name
    system: str  # a profile of stardock/systems/hosts.py
    ssh_user: str | None = None  # None: the cluster's
    ssh_port: int | None = None
    host_keys: tuple[str, ...] = ()  # `ssh-ed25519 AAAA...`, as cluster.yaml pins them
    ipv6: str | None = None  # its second address where the cluster is dual stack
    interface: str | None = None  # by which pods of other machines are met; None: that of the default route
    architecture: Architecture | None = None  # None: the host is asked
    users: tuple[User, ...] = ()  # not the account by which bootstrap enters: that is the owner's
    packages: tuple[str, ...] = ()
    files: tuple[UserFile, ...] = ()
    secret_files: tuple[SecretFile, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[str, ...] = ()
    kubernetes: str | None = None
    cni: tuple[str, ...] = ("canal",)
    proxy: PackageProxy | None = None
    cores: int = 0
    memory_mib: int = 0
    kured: bool = False  # whether kured may drain and reboot it
    tunnel: Literal["vxlan", "wireguard", "none"] = "vxlan"  # by which its pods meet those of others: its kernel must have that

    @property
    def balloon_mib(self) -> int:
        """Nobody takes memory from it."""
        return 0

    @property
    def selinux(self) -> bool:
        """Whether Kubernetes runs under a policy of its own there: no profile has one."""
        return False


#: Whom the Ansible half enters.
Member = Machine | Host
