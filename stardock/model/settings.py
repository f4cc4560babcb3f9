"""What all machines of a plan share: the estate, the Kubernetes, the ways to them, the state. No secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stardock.model.api import Endpoint, Haproxy, Keepalived
from stardock.model.jump import Jump
from stardock.model.machine import Interface, Machine, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class PveNode:
    """A Proxmox host. `address` is where its sshd answers; None: the provider asks the API for it."""

    name: str
    address: str | None = None
    ssh_port: int = 22
    ssh_user: str | None = None  # None: the estate's
    ssh_private_key: str | None = None  # path as the user wrote it; None: the estate's
    bridges: Mapping[str, str] = field(default_factory=dict)  # name in cluster.yaml -> name here, where they differ
    images: str = "local"  # datastore of downloaded images
    snippets: str = "local"  # datastore of snippets
    disks: str = "local-lvm"  # datastore of VM disks
    memory_mib: int | None = None  # what machines may take of it; None: not given
    cores: int | None = None
    disk_gib: int | None = None  # the size of its `disks`


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxmox:
    """The estate: endpoint (https URL without path) and hosts in declared order. The token is never here.

    `endpoint` and `insecure` None: PROXMOX_VE_ENDPOINT and PROXMOX_VE_INSECURE say, to the provider and to us (`estate.connection`).
    """

    endpoint: str | None
    nodes: tuple[PveNode, ...]
    ssh_user: str = "root"
    ssh_private_key: str | None = None  # path as the user wrote it; None: agent, or the provider's environment
    insecure: bool | None = None
    socks5: str | None = None  # HOST:PORT of the proxy for SSH; the API takes HTTPS_PROXY
    shared: tuple[str, ...] = ()  # datastores that are the same on every PVE node
    cluster: str = ""  # who asks: the user of its token is named after it; empty: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """The Kubernetes to install. `options` are config.yaml keys of the distribution, checked against its known flags."""

    name: str  # a file of stardock/distributions
    version: str
    options: Mapping[str, Any] = field(default_factory=dict)
    url: str | None = None  # tarball; None: the release's own
    sha256: str | None = None  # of the tarball; None: from the release's checksum file
    url_arm64: str | None = None  # both for hosts with that processor
    sha256_arm64: str | None = None
    selinux_policy_url: str | None = None  # package of its SELinux policy, where no repository has it; None: its makers' own
    selinux_policy_sha256: str | None = None  # of that package; None: it is not fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancing:
    """The VIP in front of the servers, and who carries it: load balancers, or servers themselves. `vrid` is the VRRP id (1-255)."""

    vip: str
    interfaces: Mapping[str, str]  # of each machine that carries it, the name of its NIC for it
    vrid: int
    api_port: int  # where the API is asked for
    supervisor_port: int  # where machines join; k3s: the same
    role: Role = "loadbalancer"  # of those that carry it
    by: str = "keepalived"  # or kube-vip, on servers
    vip_ipv6: str | None = None  # a second one, which goes where the first is
    haproxy: Haproxy = field(default_factory=Haproxy)
    keepalived: Keepalived = field(default_factory=Keepalived)

    @property
    def interface(self) -> str:
        """The NIC of the first that carries it; of most clusters that of all."""
        return next(iter(self.interfaces.values()))

    def carrying(self, machine: Machine) -> Interface:
        """The NIC of one that carries it. A DHCP address is known of a machine's first NIC only."""
        return next(nic for nic in machine.interfaces if nic.name == self.interfaces[machine.name])

    @property
    def endpoint(self) -> Endpoint:
        """Where everybody asks."""
        return Endpoint(host=self.vip, api_port=self.api_port, supervisor_port=self.supervisor_port)

    @property
    def vips(self) -> tuple[str, ...]:
        """The virtual addresses, IPv4 first."""
        return (self.vip, self.vip_ipv6) if self.vip_ipv6 else (self.vip,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Values of a chart that the distribution brings, by its name."""

    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServer:
    """What API servers read: who may log in (entries of `jwt`), files by the argument that names them, further arguments."""

    issuers: tuple[Mapping[str, Any], ...] = ()
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What nodes keep from pods: thousandths of a core and MiB, None: by size; free MiB below which pods are evicted."""

    cpu: int | None
    memory_mib: int | None
    evict_below_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class S3:
    """The bucket for snapshots of etcd. `secret` is the Secret of kube-system that tells servers; sources are `env:NAME` or `file:PATH`."""

    secret: str
    bucket: str
    access_key_source: str
    secret_key_source: str
    endpoint: str | None = None
    folder: str | None = None
    region: str | None = None
    ca: str | None = None
    insecure: bool = False
    keep: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """The HTTP proxy of all machines, by scheme. `password_source` is where the user's password comes from (`env:NAME`, `file:PATH`).

    `no_proxy` are the user's own; what is the cluster's is added for machines (`stardock.bundle.proxy`).
    """

    http: str
    https: str
    user: str | None = None
    password_source: str | None = None
    no_proxy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssh:
    """How the Ansible half reaches machines. `private_key` is a path as the user wrote it, relative to cluster.yaml; None: agent."""

    user: str
    port: int = 22
    private_key: str | None = None
    arguments: str = ""  # further ones for ssh
    jumps: Mapping[str, Jump] = field(default_factory=dict)  # by machine; one that is not there is reached directly


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where Terraform's state lies. `settings` are the backend's, without credentials; a path is relative to cluster.yaml."""

    backend: str = "local"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kured:
    """When kured may drain and reboot machines that run Kubernetes. HH:MM in `timezone`; an `end` before `start` is the next day's."""

    start: str = "18:00"
    end: str = "23:00"
    days: tuple[str, ...] = ("mo", "tu", "we", "th", "fr", "sa", "su")
    period_minutes: int = 60
    timezone: str = "UTC"
    drain_minutes: int = 30  # after which a drain is given up
    lock_minutes: int = 120  # after which a machine's lock is nobody's
