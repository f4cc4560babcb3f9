"""k3s: docs.k3s.io, its install.sh, and the sources github.com/k3s-io/k3s that are named beside each fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stardock.distributions import common_keys
from stardock.distributions.keys import Keys
from stardock.distributions.model import Anonymous, Kubernetes, NodeRole, ReleaseFiles
from stardock.distributions.network import NO_PLUGIN, Network, Wanted
from stardock.distributions.selinux import Confinement, Policy

_CONFIG = "/etc/rancher/k3s"
_DATA = "/var/lib/rancher/k3s"
_KUBECONFIG = f"{_CONFIG}/k3s.yaml"
_PORT = 6443
#: The one plugin that it brings.
_FLANNEL = "flannel"
_BACKEND = "flannel-backend"
_WIREGUARD = "wireguard-native"
_INTERFACE = "flannel-iface"

_ONE_PORT = f"machines join and ask the API at port {_PORT}, where Stardock and the load balancers look for both"

_OWNED: Mapping[str, str] = {
    **common_keys.owned(_CONFIG, _DATA, _KUBECONFIG),
    "cluster-init": "Stardock writes it for every server, so that one server can become three",
    "https-listen-port": _ONE_PORT,
    "supervisor-port": _ONE_PORT,
    "apiserver-port": _ONE_PORT,
    "apiserver-bind-address": _ONE_PORT,
    "advertise-port": _ONE_PORT,
    "kine-tls": common_keys.OWN_ETCD,
    "rootless": "its service is root's",
    "kube-controller-arg": "it is the old name of `kube-controller-manager-arg`, which Stardock looks through",
    "kube-cloud-controller-arg": "it is the old name of `kube-cloud-controller-manager-arg`",
}

_SECRET_CURES: Mapping[str, str] = {
    **common_keys.SECRET_CURES,
    "vpn-auth": "delete it, and name a file of every machine that holds it: `vpn-auth-file: /PATH/FILE`",
}

#: Keys of RKE2's that have a counterpart here.
_INSTEAD: Mapping[str, str] = {
    "cni": "delete it: k3s brings flannel; `cni: {encryption: wireguard}` encrypts it, `{plugin: none}` leaves the network to you",
    "profile": "write `protect-kernel-defaults: true`: k3s has no profile; what else the CIS benchmark asks is in docs/how-to/hardening.md",
    "enable-servicelb": "delete it: k3s has it on; `disable: [servicelb]` switches it off",
    "ingress-controller": "delete it: k3s brings traefik; `disable: [traefik]` takes it away",
    "audit-policy-file": "write `api_server: {audit: {rules: [...]}}` beside `distribution`",
    "pod-security-admission-config-file": "write `api_server: {pod_security: {enforce: ...}}` beside `distribution`",
}

_UNINSTALL: Mapping[NodeRole, str] = {"server": "k3s-uninstall.sh", "agent": "k3s-agent-uninstall.sh"}

_KEYS = Keys(
    title="k3s",
    command="k3s server --help",
    facts="k3s-flags.json",
    owned=_OWNED,
    merged=common_keys.MERGED,
    secret_cures=_SECRET_CURES,
    secret_cure=common_keys.S3_CURE,
    instead=_INSTEAD,
)

_POLICY_RELEASE = "https://github.com/k3s-io/k3s-selinux/releases/download/v1.6.stable.1"

#: Read in k3s-io/k3s-selinux (6991bc1, `policy/microos` and `policy/slemicro`: k3s.fc, k3s-selinux.spec): the program is labelled in
#: /usr/local/bin and /opt/bin, so that nothing is loaded beside it; what it unpacks lies below its data folder, plugins of the network
#: among it. install.sh (`setup_selinux`) takes the package from its makers, which publish no checksums. `.sle` is built from
#: policy/microos. The package conflicts with rke2-selinux.
_CONFINEMENT = Confinement(
    package="k3s-selinux",
    policies={
        "microos": Policy(url=f"{_POLICY_RELEASE}/k3s-selinux-1.6-1.sle.noarch.rpm"),
        "slemicro": Policy(url=f"{_POLICY_RELEASE}/k3s-selinux-1.6-1.slemicro.noarch.rpm"),
    },
    # the package makes them in a snapshot's shadow of /var alone
    folders=(f"{_DATA}/agent/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots", f"{_DATA}/data", "/var/lib/cni"),
    labelled=(
        "/usr/local/bin/k3s",
        "/opt/bin/k3s",
        "/etc/systemd/system/k3s*",
        "/var/lib/rancher",
        "/var/lib/kubelet",
        "/var/lib/cni",
    ),
)


def network_plugins(options: Mapping[str, Any]) -> tuple[str, ...]:
    """flannel, unless its backend is none (k3s, pkg/agent/config: `FlannelBackendNone`)."""
    return (NO_PLUGIN,) if options.get(_BACKEND) == NO_PLUGIN else (_FLANNEL,)


def _network_options(wanted: Wanted) -> dict[str, tuple[str, Any]]:
    """docs.k3s.io, "Basic Network Options"."""
    backends = {
        "plugin": NO_PLUGIN if wanted.plugin == NO_PLUGIN else None,
        "encryption": _WIREGUARD if wanted.encryption else None,
        "backend": wanted.backend,
    }
    return {
        **dict([(_BACKEND, (key, name)) for key, name in backends.items() if name][:1]),
        **({_INTERFACE: ("interface", wanted.interface)} if wanted.interface else {}),
        **({} if wanted.kube_proxy else {"disable-kube-proxy": ("kube_proxy", True)}),
    }


K3S = Kubernetes(
    name="k3s",
    title="k3s",
    mark="k3s",
    default_version="v1.36.5+k3s1",
    unrecorded=None,
    channels="https://update.k3s.io/v1-release/channels",
    releases="https://github.com/k3s-io/k3s/releases",
    # the program itself; it brings the rest of it along, and unpacks it at its first start
    archive="k3s",
    checksums="sha256sum-amd64.txt",
    image_archives="k3s-airgap-images*-amd64.tar*",
    # install.sh, `setup_verify_arch` and `download_hash`
    arm64=ReleaseFiles("k3s-arm64", "sha256sum-arm64.txt", "k3s-airgap-images*-arm64.tar*"),
    unpacked_mib=2048,
    keys=_KEYS,
    services={"server": "k3s.service", "agent": "k3s-agent.service"},
    config_dir=_CONFIG,
    data_dir=_DATA,
    kubeconfig=_KUBECONFIG,
    # cmd/k3s/main.go, `extract`: the program's own folder of tools, by the link that names the newest
    client=f"{_DATA}/data/current/bin/kubectl",
    # install.sh, `setup_env`: where /usr/local/bin takes no file
    other_prefix="/opt",
    avoids_mounts=False,
    # install.sh, `create_systemd_service_file`: %N of the unit
    environment_files={"server": "/etc/default/k3s", "agent": "/etc/default/k3s-agent"},
    read_files=(
        "/etc/default/k3s",
        "/etc/sysconfig/k3s",
        "/etc/systemd/system/k3s.service.env",
        "/etc/systemd/system/k3s-agent.service.env",
        f"{_DATA}/agent/",
        "/var/lib/rancher/credentialprovider/",
    ),
    installed_files=(
        *(f"/etc/systemd/system/{name}.service" for name in ("k3s", "k3s-agent")),
        *(f"{prefix}/bin/{name}" for prefix in ("/usr/local", "/opt") for name in ("k3s-killall.sh", *_UNINSTALL.values())),
    ),
    sysctl_file="/etc/sysctl.d/90-stardock-k3s.conf",
    # the supervisor hands on what is for the API (pkg/server/handlers/router.go)
    api_port=_PORT,
    supervisor_port=_PORT,
    network_plugin=_FLANNEL,
    network_plugins=network_plugins,
    network=Network(
        plugins=(_FLANNEL, NO_PLUGIN), encrypted=(_FLANNEL,), options=_network_options, chart=None, backends=("vxlan", "host-gw")
    ),
    founding={
        "cluster-domain": "cluster.local",
        "disable-cloud-controller": "false",
        "disable-helm-controller": "false",
        "disable-network-policy": "false",
        "egress-selector-mode": "agent",
        _BACKEND: "vxlan",
        "flannel-external-ip": "false",
        "flannel-ipv6-masq": "false",
        "secrets-encryption": "false",
        "data-dir": _DATA,
    },
    # Without it a lone server keeps its data in SQLite. It says nothing to one that joins: RKE2 sets it on all of its servers.
    founds_with={"cluster-init": True},
    # flannel takes the interface of the default route, not that of node-ip (pkg/agent/flannel/flannel.go, `LookupExtInterface`)
    interface_key=_INTERFACE,
    # fixed in the releases of May 2025
    anonymous=Anonymous(first={(1, 32): "v1.32.5+k3s1", (1, 33): "v1.33.1+k3s1"}, source="k3s-io/k3s#12245"),
    # docs.k3s.io/installation/requirements
    chart_names=("traefik",),
    metrics_server="metrics-server",
    # k3s, pkg/daemons/agent/agent_linux.go `kubeletArgs`: without its own controller kubelets are not told of any
    external_cloud={"disable-cloud-controller": True, "kubelet-arg": ["cloud-provider=external"]},
    ingress_charts={"traefik": "traefik"},
    # k3s, manifests/local-storage.yaml
    default_class="local-path",
    local_storage="local-storage",
    service_lb="servicelb",
    server_memory_mib=2048,
    control_plane_mib=1,  # it is part of the service, which no pod's request is
    uninstall=_UNINSTALL,
    reset="k3s server --cluster-reset --cluster-reset-restore-path=...",
    confinement=_CONFINEMENT,
)
