"""RKE2: docs.rke2.io, and the sources github.com/rancher/rke2 and github.com/k3s-io/k3s that are named beside each fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stardock.distributions import common_keys
from stardock.distributions.keys import Keys
from stardock.distributions.model import Anonymous, Kubernetes, ReleaseFiles
from stardock.distributions.rke2_network import NETWORK
from stardock.distributions.selinux import Confinement, Policy

_CONFIG = "/etc/rancher/rke2"
_DATA = "/var/lib/rancher/rke2"
_KUBECONFIG = f"{_CONFIG}/rke2.yaml"
_CANAL = "canal"

_OWNED: Mapping[str, str] = {
    **common_keys.owned(_CONFIG, _DATA, _KUBECONFIG),
    "node-name-from-cloud-provider-metadata": "a node has the name of its machine",
}


_KEYS = Keys(
    title="RKE2",
    command="rke2 server --help",
    facts="rke2-flags.json",
    owned=_OWNED,
    merged=common_keys.MERGED,
    secret_cures=common_keys.SECRET_CURES,
    secret_cure=common_keys.S3_CURE,
    instead={"flannel-backend": "write `cni: flannel`, or another plugin: RKE2 brings several"},
)

#: On these systems the program lies below /opt/rke2, since /usr/local is a file system of its own. Policies that list /usr/bin and
#: /usr/local/bin only need this beside them, in SELinux's own language CIL; it is what `policy/slemicro` has.
MODULE = '(filecon "/opt/rke2/bin/rke2" file (system_u object_r container_runtime_exec_t ((s0)(s0))))\n'

#: Base policy (`System.policy`) -> RKE2's.
_POLICIES: Mapping[str, Policy] = {
    "microos": Policy(module=MODULE),
    # no repository of Leap Micro's has it; the release of v0.22.stable.1 does, and publishes no checksums (its release.yml)
    "slemicro": Policy(
        url="https://github.com/rancher/rke2-selinux/releases/download/v0.22.stable.1/rke2-selinux-0.22-1.slemicro.noarch.rpm"
    ),
}


#: Read in rancher/rke2-selinux (63deede, `policy/microos` and `policy/slemicro`: rke2.fc, rke2-selinux.spec), in rke2's install.sh
#: (`do_restorecon_tar`) and in the packages of openSUSE:Factory. Without it RKE2 runs (unconfined_service_t), but with `selinux: true` its
#: static pods never start: their types rke2_service_t and rke2_service_db_t are undefined (rke2#3381). Upstream's package makes and labels
#: the folders, but sees a shadow of /var while it is installed in a snapshot (openSUSE/transactional-update, Transaction.cpp), and /opt/cni
#: not at all (rke2-selinux#64).
_CONFINEMENT = Confinement(
    package="rke2-selinux",
    policies=_POLICIES,
    folders=(_DATA, "/opt/cni", "/etc/cni"),
    labelled=(
        "/opt/rke2",
        "/etc/systemd/system/rke2*",
        "/var/lib/rancher",
        "/var/lib/kubelet",
        "/var/lib/cni",
        "/opt/cni",
        "/etc/cni",
    ),
)


def network_plugins(options: Mapping[str, Any]) -> tuple[str, ...]:
    """RKE2 takes a list, or names with commas between."""
    told = options.get("cni", _CANAL)
    names = told if isinstance(told, list | tuple) else [told]
    return tuple(name.strip() for one in names for name in str(one).split(","))


RKE2 = Kubernetes(
    name="rke2",
    title="RKE2",
    mark="rke2r",
    default_version="v1.36.5+rke2r1",
    unrecorded="v1.36.5+rke2r1",
    channels="https://update.rke2.io/v1-release/channels",
    releases="https://github.com/rancher/rke2/releases",
    archive="rke2.linux-amd64.tar.gz",
    checksums="sha256sum-amd64.txt",
    image_archives="rke2-images*.linux-amd64.tar*",
    arm64=ReleaseFiles("rke2.linux-arm64.tar.gz", "sha256sum-arm64.txt", "rke2-images*.linux-arm64.tar*"),
    unpacked_mib=5120,
    keys=_KEYS,
    services={"server": "rke2-server.service", "agent": "rke2-agent.service"},
    config_dir=_CONFIG,
    data_dir=_DATA,
    kubeconfig=_KUBECONFIG,
    client=f"{_DATA}/bin/kubectl",
    # install.sh: `check_target_mountpoint`, `check_target_ro`
    other_prefix="/opt/rke2",
    avoids_mounts=True,
    # docs.rke2.io/install/configuration; the units of the tarball read both (rke2, bundle/lib/systemd/system)
    environment_files={"server": "/etc/default/rke2-server", "agent": "/etc/default/rke2-agent"},
    read_files=("/etc/default/rke2-", "/etc/sysconfig/rke2-", f"{_DATA}/agent/", "/var/lib/rancher/credentialprovider/"),
    sysctl_file="/etc/sysctl.d/90-stardock-rke2.conf",
    api_port=6443,
    supervisor_port=9345,
    network_plugin=_CANAL,
    network_plugins=network_plugins,
    network=NETWORK,
    founding={
        "cluster-domain": "cluster.local",
        "disable-cloud-controller": "false",
        "disable-kube-proxy": "false",
        "egress-selector-mode": "agent",
        "secrets-encryption": "true",
        "cni": _CANAL,
        "data-dir": _DATA,
    },
    # rancher/rke2#8137, #8245, #8246: `anonymous-auth` was set beside it
    anonymous=Anonymous(first={(1, 32): "v1.32.6+rke2r1", (1, 33): "v1.33.2+rke2r1"}, source="rancher/rke2#8137"),
    chart_names=("rke2-",),
    metrics_server="rke2-metrics-server",
    metrics_chart="rke2-metrics-server",
    # rke2, pkg/rke2/rke2_linux.go: the name goes to kubelets, whatever it is; ranchermanager.docs.rancher.com, "Out-of-tree" providers
    external_cloud={"disable-cloud-controller": True, "cloud-provider-name": "external"},
    # rke2, pkg/cli/cmds/server.go and pkg/bootstrap/bootstrap.go `UpdateManifests`; the notes of v1.37.0: nginx only beside traefik
    ingress_charts={"traefik": "rke2-traefik", "ingress-nginx": "rke2-ingress-nginx"},
    ingress_option="ingress-controller",
    ingress_ends={"ingress-nginx": (1, 37)},
    server_memory_mib=4096,
    control_plane_mib=2176,  # rke2, pkg/podtemplate/config.go: 1024 + 128 + 256 + 128 + 512 + 128
    uninstall={"server": "rke2-uninstall.sh", "agent": "rke2-uninstall.sh"},
    reset="rke2 server --cluster-reset --cluster-reset-restore-path=...",
    confinement=_CONFINEMENT,
)
