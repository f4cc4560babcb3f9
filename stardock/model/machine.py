"""A machine, decided in full, and nothing that was observed.

All that the right side (stacks, bundle, tables) reads. Frozen, plain values, no secrets: a machine's record in the lock is
this `Machine` as JSON, so that a machine whose pool is gone can still be written out exactly as it was last planned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stardock.model.parts import Agent, DataDisk, Device, DiskOptions, Ha, PackageProxy, Startup, Usb

Role = Literal["server", "agent", "loadbalancer"]
Strategy = Literal["maint-window", "best-effort", "instantly", "off"]

#: Where PVE attaches the first disk. A machine that exists keeps it: another place is another disk to the provider.
DiskInterface = Literal["scsi0", "virtio0"]

#: Where PVE attaches the cloud-init drive of machines in locks that were written before it was recorded. AHCI on q35: Debian 12's cloud
#: kernel has no driver for it.
FORMER_SEED = "ide2"
#: Where it is on new machines, whatever chipset and firmware: every kernel that finds its disk on virtio-scsi finds a drive there too.
SEED = "scsi1"

#: The order in which roles are shown, started and bootstrapped.
ROLES: tuple[Role, ...] = ("loadbalancer", "server", "agent")


def start_order(role: Role) -> int:
    """PVE's order at the start of a node, where nobody says another: load balancers before servers before agents."""
    return ROLES.index(role) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route of one NIC beside its default route. `to` is a network in CIDR form, `via` an address of the same family."""

    to: str
    via: str
    metric: int | None = None  # None: the guest's default


@dataclass(frozen=True, slots=True, kw_only=True)
class Ipv6:
    """IPv6 of a NIC, beside its IPv4. The three addresses are those of `static`; a `gateway` may be link-local."""

    mode: Literal["static", "slaac", "dhcp"]  # slaac: router advertisements alone; dhcp: DHCPv6, and advertisements for the route
    address: str | None = None
    prefix: int | None = None
    gateway: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One NIC of a machine. `address` is None for DHCP; `prefix` is a prefix length; the first interface is the machine's own address.

    `metric` and `default_route` concern the default route alone: its `gateway`s, or what DHCP and router advertisements offer.
    """

    name: str  # as the guest names it, e.g. ens18: PVE's net0
    bridge: str
    mac: str  # upper case, colons
    model: str = "virtio"
    zone: str | None = None  # SDN zone of a bridge that is a vnet; None: the PVE node's own bridge
    vlan: int | None = None
    trunks: tuple[str, ...] = ()  # VLANs that the guest gets tagged, 10 or 30-35; () without a VLAN: all of the bridge
    mtu: int | None = None  # bytes; None: PVE's and the guest's default, 1: as the bridge has it (the guest is told nothing)
    firewall: bool = False  # PVE's firewall on this NIC
    address: str | None = None
    prefix: int | None = None
    gateway: str | None = None
    ipv6: Ipv6 | None = None  # None: nothing is planned; beside a static address router advertisements are then ignored
    dns: tuple[str, ...] = ()  # both families
    search: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()  # both families
    metric: int | None = None  # None: the guest's default
    default_route: bool = True  # False: a default route that is offered here is not taken

    @property
    def hears_offers(self) -> bool:
        """Whether DHCP or a router offers it a default route."""
        return self.address is None or (self.ipv6 is not None and self.ipv6.mode != "static")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When a machine may reboot itself, in `Machine.timezone`. `start` is HH:MM; `strategy` is rebootmgr's word for how it uses it."""

    start: str
    duration_minutes: int
    strategy: Strategy = "maint-window"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A disk image that PVE downloads, or that is uploaded: once per PVE node, once in all on a shared datastore.

    Either `url` or `file` is set. `checksum` is `sha256:HEX` or `sha512:HEX`. The last three say how it is fetched, and are no part of
    what a machine was made from.
    """

    system: str  # a file of stardock/systems
    release: str = ""  # of that system; the lock's reader fills it in where a record was written before there were releases
    url: str | None = None
    file: str | None = None  # on the user's machine, as written: relative to cluster.yaml, or under ~
    file_name: str
    datastore: str
    checksum: str | None = None
    shared: bool = False  # whether the datastore is the same on every PVE node
    overwrite: bool = False
    timeout_seconds: int = 1800
    verify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person's or automation's account on a machine. `password_variable` names the sensitive Terraform variable that holds the hash."""

    name: str
    keys: tuple[str, ...] = ()  # public keys, whole lines
    sudo: bool = True
    password_variable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFile:
    """A file of the user's on a machine, whole. `mode` is four octal digits; the group is root."""

    path: str
    content: str
    mode: str = "0644"
    owner: str = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFile:
    """A file of the user's whose content is a secret: nothing has it but the machine. `source` is `env:NAME` or `file:PATH`."""

    path: str
    source: str
    mode: str = "0600"
    owner: str = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One VM, decided in full. Memory in MiB, disk in GiB."""

    name: str
    role: Role
    pool: str
    pve_node: str
    vm_id: int
    hostname: str
    interfaces: tuple[Interface, ...]
    image: Image
    cores: int
    cpu_type: str
    memory_mib: int
    disk_gib: int
    disk_datastore: str
    snippet_datastore: str
    users: tuple[User, ...]
    disk_interface: DiskInterface = "scsi0"
    disk_options: DiskOptions = field(default_factory=DiskOptions)
    seed_interface: str = FORMER_SEED  # PVE's slot of the cloud-init drive; a machine that exists keeps it
    cicustom: str | None = None  # first-boot files of an imported machine, as PVE keeps them; None: Stardock's own three
    packages: tuple[str, ...] = ()  # the role's and the user's; the system adds its own (guest agent, ...)
    selinux: bool = False  # Kubernetes runs under its own SELinux policy; a default that the lock keeps, since it needs labels
    options: Mapping[str, Any] = field(default_factory=dict)  # of the distribution, its own: they win over the cluster's
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    timezone: str = "UTC"
    window: Window | None = None
    protect: bool = True
    sockets: int = 1  # which the cores are spread over
    numa: bool = False
    hugepages: str | None = None  # any, 2MiB, 1GiB
    balloon_mib: int = 0  # what PVE may take the memory down to; 0: no balloon
    firmware: str = "seabios"
    chipset: str = "q35"
    tpm: bool = False
    data_disks: tuple[DataDisk, ...] = ()
    devices: tuple[Device, ...] = ()
    usb: tuple[Usb, ...] = ()
    pve_pool: str | None = None
    description: str | None = None  # None: what the machine is
    startup: Startup | None = None  # None: by role
    serial: bool = True
    agent: Agent = field(default_factory=Agent)
    stop_on_destroy: bool = True
    on_boot: bool = True
    ha: Ha | None = None
    kubernetes: str | None = None  # a file of stardock/distributions; None: the one that is meant where none is named
    cni: tuple[str, ...] = ("canal",)  # the cluster's network plugins: their interfaces are left alone by the system
    mirror: str | None = None  # URL of a copy of the system's repositories
    proxy: PackageProxy | None = None  # None: no proxy, or one with a password: then only the stage `machines` writes it
    files: tuple[UserFile, ...] = ()  # the user's own
    secret_files: tuple[SecretFile, ...] = ()  # those that only the stage `machines` writes
    commands: tuple[str, ...] = ()  # the user's own, once at the end of the first boot
    boot_commands: tuple[str, ...] = ()  # the user's own, early at every boot

    @property
    def started(self) -> Startup:
        """When PVE starts it; by role where the record of an older lock does not say."""
        return self.startup or Startup(order=start_order(self.role))

    @property
    def address(self) -> str | None:
        """The static address of the first interface, or None when DHCP gives it (then it is a fact, see `stardock.workspace.facts`)."""
        return self.interfaces[0].address
