"""The root of cluster.yaml: what is wanted of one cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import Field, PrivateAttr, model_validator

from stardock.spec.addons import Addons
from stardock.spec.api import Api
from stardock.spec.api_server import ApiServer
from stardock.spec.cloud_init import CloudInit
from stardock.spec.cni import Cni
from stardock.spec.distribution import Distribution
from stardock.spec.hooks import Hooks
from stardock.spec.hosts import Host
from stardock.spec.image import INHERITED, Image
from stardock.spec.interface import Interface
from stardock.spec.journal import Journal
from stardock.spec.keypath import Keys
from stardock.spec.kubelet import Kubelet
from stardock.spec.maintenance import Maintenance
from stardock.spec.mesh import Mesh
from stardock.spec.network import Network, RoleName
from stardock.spec.pools import Machine, Pool
from stardock.spec.proxmox import Proxmox
from stardock.spec.proxy import Proxy
from stardock.spec.registries import Registries
from stardock.spec.section import Section
from stardock.spec.snapshots import Snapshots
from stardock.spec.ssh import Ssh
from stardock.spec.state import State
from stardock.spec.units import Flag, Name
from stardock.systems.storage import ClientName

__all__ = ["Keys", "Spec"]


class Spec(Section):
    """cluster.yaml, validated. `positions` remember on which line each key stood."""

    cluster: Name = Field(description="name of the cluster; never changes")
    distribution: Distribution = Field(default=Distribution(), description="the Kubernetes to install")
    proxmox: Proxmox = Field(description="where machines are made")
    image: Image = Field(description="what machines start from")
    network: Network = Field(default=Network(), description="interfaces and the virtual IP")
    mesh: Mesh | None = Field(default=None, description="WireGuard between machines and hosts of several sites")
    cni: Cni = Field(default=Cni(), description="the network of pods")
    api: Api = Field(default=Api(), description="the way to the API server")
    api_server: ApiServer = Field(default=ApiServer(), description="who may log in, what is written down, what pods may do")
    kubelet: Kubelet = Field(default=Kubelet(), description="what nodes keep for themselves")
    journal: Journal = Field(default=Journal(), description="the journal of each machine")
    storage_clients: tuple[ClientName, ...] = Field(default=(), description="what nodes mount volumes with: iscsi, nfs")
    pools: tuple[Pool, ...] = Field(description="the machines", min_length=1)
    hosts: tuple[Host, ...] = Field(default=(), description="machines that exist already, and only join")
    cloud_init: CloudInit = Field(default=CloudInit(), description="further set-up of machines")
    proxy: Proxy | None = Field(default=None, description="HTTP proxy of machines that reach the internet by no other way")
    registries: Registries = Field(default=Registries(), description="where container images come from")
    snapshots: Snapshots = Field(default=Snapshots(), description="snapshots of etcd")
    addons: Addons = Field(default=Addons(), description="what is installed into the cluster")
    maintenance: Maintenance = Field(default=Maintenance(), description="when machines may reboot themselves")
    ssh: Ssh = Field(description="access to machines")
    state: State = Field(default=State(), description="where Terraform's state lies")
    hooks: Hooks = Field(default=Hooks(), description="your own commands before and after the halves")
    protect: Flag = Field(default=True, description="destroying the cluster needs this to be false first")
    remove: tuple[Name, ...] = Field(default=(), description="machines that are to go; a name merely taken out of `pools` stays")

    @model_validator(mode="before")
    @classmethod
    def _images_of_all_pools(cls, data: Any) -> Any:
        """The cluster's image is asked for where a pool lacks one of its own; else how images are fetched is all that it could say."""
        pools = data.get("pools") if isinstance(data, dict) and "image" not in data else None
        images = [pool.get("image") if isinstance(pool, dict) else None for pool in pools] if isinstance(pools, list) else []
        systems = [image.get("system") if isinstance(image, dict) else None for image in images]
        return {**data, "image": {"system": systems[0]}} if systems and all(systems) else data

    _positions: Mapping[Keys, int] = PrivateAttr(default_factory=lambda: MappingProxyType({}))

    def with_positions(self, positions: Mapping[Keys, int]) -> Spec:
        """This spec, knowing on which lines its keys stand (1-based)."""
        self._positions = MappingProxyType(dict(positions))
        return self

    def line_of(self, *keys: str | int) -> int | None:
        """The 1-based line of a key, e.g. `line_of("pools", 0, "role")`, or of the nearest that was written; None without positions."""
        for end in range(len(keys), -1, -1):
            if keys[:end] in self._positions:
                return self._positions[keys[:end]]
        return None

    def interfaces_of(self, pool: Pool) -> tuple[Interface, ...]:
        """The interfaces of a pool's machines: its own, else its role's."""
        return pool.interfaces if pool.interfaces is not None else self.network.of(pool.role)

    def image_of(self, pool: Pool) -> Image:
        """The image of a pool's machines: its own, fetched as the cluster's where it does not say how; else the cluster's."""
        if pool.image is None:
            return self.image
        kept = {key: getattr(self.image, key) for key in INHERITED if key not in pool.image.model_fields_set}
        return pool.image.model_copy(update=kept if not pool.image.file else kept | {"mirror": None})

    def interface_lists(self) -> Iterator[tuple[Keys, tuple[Interface, ...]]]:
        """All lists of interfaces, roles' and pools' own, each with its key path."""
        roles: tuple[RoleName, ...] = ("server", "agent", "loadbalancer")
        yield from ((("network", role), self.network.of(role)) for role in roles)
        yield from ((("pools", p, "interfaces"), pool.interfaces) for p, pool in enumerate(self.pools) if pool.interfaces)

    def members(self) -> Iterator[tuple[Keys, Pool, Machine]]:
        """All machines in declared order, each with its pool and the key path where it is named."""
        for p, pool in enumerate(self.pools):
            for m, machine in enumerate(pool.members):
                yield ("pools", p, "machines", m) if pool.machines is not None else ("pools", p, "pattern"), pool, machine
