"""Everything decided, for every machine; what all of them share is in `stardock.model.settings`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from stardock.model.addons import Addon
from stardock.model.api import Endpoint
from stardock.model.host import Host, Member
from stardock.model.machine import Image, Machine, Role
from stardock.model.mesh import Mesh
from stardock.model.registries import Registries
from stardock.model.settings import S3, ApiServer, Chart, Distribution, Kured, LoadBalancing, Proxmox, Proxy, Reservation, Ssh, State


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """An image on a PVE node."""

    pve_node: str
    image: Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A wanted value that differs from what the lock holds: the lock's is used until `runner lock accept NAME`."""

    machine: str
    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything decided. `machines` are in declared order, retained ones (in the lock, gone from cluster.yaml) last.

    `hosts` exist already and only join: the Terraform half knows `machines` alone, the Ansible half all `members`.
    """

    cluster: str
    proxmox: Proxmox
    distribution: Distribution
    machines: tuple[Machine, ...]
    founder: str
    ssh: Ssh
    hosts: tuple[Host, ...] = ()
    mesh: Mesh | None = None  # None: members reach each other by their own addresses
    load_balancing: LoadBalancing | None = None
    external: Endpoint | None = None  # a way to the API that is none of ours
    kured: Kured = field(default_factory=Kured)
    state: State = field(default_factory=State)
    retained: tuple[str, ...] = ()  # names that stay although cluster.yaml lacks them
    removed: tuple[str, ...] = ()  # names under `remove:`: their blocks are gone, and the engine may destroy them
    changes: tuple[Change, ...] = ()
    replacements: tuple[Change, ...] = ()  # what only a replacement of the machine would change
    warnings: tuple[str, ...] = ()
    proxy: Proxy | None = None
    registries: Registries = field(default_factory=Registries)
    api_server: ApiServer = field(default_factory=ApiServer)
    reservation: Reservation | None = None  # None: pods may have all
    journal_mib: int | None = None  # what a machine's journal may take; None: systemd's default
    storage_clients: tuple[Literal["iscsi", "nfs"], ...] = ()
    network: Chart | None = None  # what the network plugin's chart is told; None: nothing
    addons: tuple[Addon, ...] = ()
    s3: S3 | None = None  # None: snapshots of etcd stay on servers
    prefetched: tuple[PlacedImage, ...] = ()  # images where no machine needs them yet, or not only

    @property
    def endpoint(self) -> Endpoint | None:
        """Where the API is asked for and machines join; None: at the first server."""
        return self.external or (self.load_balancing.endpoint if self.load_balancing else None)

    @property
    def asked(self) -> tuple[str, ...]:
        """Addresses or names under which the API is asked for, beside the servers' own."""
        return self.load_balancing.vips if self.load_balancing else (self.external.host,) if self.external else ()

    @property
    def tls_san(self) -> tuple[str, ...]:
        """Every name in servers' certificates that is known before a machine is: what is asked, each server's address and host name."""
        servers = [name for server in self.members_of("server") for name in self._names_of(server)]
        return tuple(dict.fromkeys(name for name in (*self.asked, *servers) if name))

    def _names_of(self, server: Member) -> tuple[str | None, ...]:
        return server.address, self.mesh_address(server.name), server.hostname

    def mesh_address(self, name: str) -> str | None:
        """A member's address in the mesh; None without one."""
        return self.mesh.places[name].address if self.mesh else None

    @property
    def carriers(self) -> tuple[Machine, ...]:
        """The machines that may have the VIP, in plan order."""
        return self.of_role(self.load_balancing.role) if self.load_balancing else ()

    def of_role(self, role: Role) -> tuple[Machine, ...]:
        """The machines of one role, in plan order: VMs of ours alone."""
        return tuple(machine for machine in self.machines if machine.role == role)

    @property
    def members(self) -> tuple[Member, ...]:
        """All that the Ansible half enters: machines, then hosts."""
        return (*self.machines, *self.hosts)

    def members_of(self, role: Role) -> tuple[Member, ...]:
        """Those of one role, in that order."""
        return tuple(member for member in self.members if member.role == role)

    @property
    def images(self) -> tuple[PlacedImage, ...]:
        """Every image where it is needed: a machine's on its PVE node, in plan order, then what is prefetched."""
        return (*(PlacedImage(machine.pve_node, machine.image) for machine in self.machines), *self.prefetched)

    @property
    def secret_sources(self) -> frozenset[str]:
        """Where the secrets of files on machines and of add-ons come from, each as `env:NAME` or `file:PATH`."""
        return self.machine_secret_sources | self.addon_secret_sources

    @property
    def addon_secret_sources(self) -> frozenset[str]:
        """The same, of add-ons."""
        return frozenset(source for addon in self.addons for source in addon.secrets.values())

    @property
    def machine_secret_sources(self) -> frozenset[str]:
        """The same, of files on machines."""
        files = {file.source for member in self.members for file in member.secret_files}
        proxy = [self.proxy.password_source] if self.proxy and self.proxy.password_source else []
        s3 = [self.s3.access_key_source, self.s3.secret_key_source] if self.s3 else []
        return frozenset({*files, *proxy, *self.registries.sources, *s3})

    def machine(self, name: str) -> Machine:
        """The machine of that name; KeyError when there is none."""
        for machine in self.machines:
            if machine.name == name:
                return machine
        raise KeyError(name)

    def member(self, name: str) -> Member:
        """The machine or host of that name; KeyError when there is none."""
        for member in self.members:
            if member.name == name:
                return member
        raise KeyError(name)
