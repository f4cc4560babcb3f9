"""What differs between the distributions that this program stands for: RKE2 is built on k3s, so all else is the same modules.

Facts of k3s: pkg/version (`Program`, which is in paths, names of Secrets and annotations), pkg/cli/server (ports),
pkg/daemons/config/types.go (`CriticalControlArgs`, what a joining server must have as the others have it), pkg/daemons/executor/embed.go
(components are parts of the service). Facts of rke2: pkg/executor/staticpod, docs.rke2.io/install/requirements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .release import VERSION

SERVICE_CIDR = "10.43.0.0/16"
CLUSTER_CIDR = "10.42.0.0/16"
DOMAIN = "cluster.local"
#: where a server's API is reached from outside, on every machine
API_PORT = 6443
NO_NETWORK = "none"

_CRITICAL = {
    "cluster-cidr": CLUSTER_CIDR, "service-cidr": SERVICE_CIDR, "cluster-dns": "", "cluster-domain": DOMAIN,
    "egress-selector-mode": "agent", "disable-cloud-controller": "false", "embedded-registry": "false", "supervisor-metrics": "false",
    "secrets-encryption-provider": "aescbc",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """One distribution. Paths are those of the real one, below `Paths.root`."""

    name: str
    mark: str  # in the tag of a release, behind the `+`
    supervisor_port: int  # where machines join
    apiserver_port: int  # where kube-apiserver itself listens; another one than API_PORT is behind the supervisor's port
    balancer_port: int  # where an agent finds the API on itself
    static_pods: bool  # else what a server runs is a part of its service
    has_profiles: bool
    always_encrypts: bool  # Secrets, in etcd
    is_one_file: bool  # the program brings all others, and unpacks them
    other_datastore: str  # what a first server has that is not told to found etcd; empty: there is none
    has_flannel: bool  # its network is flannel, a part of each machine's service; else its charts bring one
    cni_folder: str  # where containerd finds a network of its own; below the data folder, unless it is absolute
    programs: str  # its folder of programs, below the data folder
    critical: Mapping[str, str] = field(default_factory=lambda: _CRITICAL)
    #: minor -> the first patch that leaves --anonymous-auth to an authentication-config; later minors always did
    anonymous_fixed: Mapping[int, int]

    @property
    def data(self) -> str:
        """The data folder, where none is told."""
        return f"/var/lib/rancher/{self.name}"

    @property
    def routes(self) -> str:
        """How paths of the supervisor begin."""
        return f"/v1-{self.name}"

    @property
    def controller(self) -> str:
        """The user of its own controllers, whose certificate all nodes share."""
        return f"{self.name}-controller"

    @property
    def one_port(self) -> bool:
        """Whether supervisor and API are reached at the same port."""
        return self.supervisor_port == API_PORT


RKE2 = Flavor(
    name="rke2",
    mark="rke2r",
    supervisor_port=9345,
    apiserver_port=API_PORT,
    balancer_port=API_PORT,
    static_pods=True,
    has_profiles=True,
    always_encrypts=True,
    is_one_file=False,
    other_datastore="",
    has_flannel=False,
    cni_folder="/etc/cni/net.d",
    programs="bin",
    critical={**_CRITICAL, "enable-servicelb": "false"},
    # rke2#8137 and its backports #8245, #8246, #8247
    anonymous_fixed={31: 10, 32: 6, 33: 2},
)
K3S = Flavor(
    name="k3s",
    mark="k3s",
    supervisor_port=API_PORT,
    apiserver_port=6444,
    balancer_port=6444,
    static_pods=False,
    has_profiles=False,
    always_encrypts=False,
    is_one_file=True,
    other_datastore="SQLite",
    has_flannel=True,
    cni_folder="agent/etc/cni/net.d",
    programs="data/current/bin",
    critical={
        **_CRITICAL,
        "disable-helm-controller": "false",
        "disable-network-policy": "false",
        "flannel-backend": "vxlan",
        "flannel-external-ip": "false",
        "flannel-ipv6-masq": "false",
        "secrets-encryption": "false",
    },
    # k3s#12245
    anonymous_fixed={32: 5, 33: 1},
)


def of(version: str) -> Flavor:
    """The distribution that a release is of."""
    return next(flavor for flavor in (RKE2, K3S) if f"+{flavor.mark}" in version)


#: the one that this program stands for
OURS = of(VERSION)
