"""The real kubelet's command line and its configuration, as RKE2 gives them.

Facts of k3s: pkg/daemons/agent/agent.go (defaultKubeletConfig), agent_linux.go (kubeletArgsAndConfig); of rke2:
pkg/executor/staticpod (Kubelet). The file 90-lab.conf holds what serves the lab: a host on cgroup v1, and a disk that is not the machine's.
"""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

from . import arguments
from .config import Config
from .containerd import SOCKET
from .credfiles import kubeconfig
from .flavor import API_PORT, CLUSTER_CIDR, DOMAIN, OURS, SERVICE_CIDR
from .node import Identity
from .paths import Paths, write

LAB = {
    "failCgroupV1": False,
    "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
    "imageGCHighThresholdPercent": 100,
}
CONTROLLER = OURS.controller.replace("-", "")
CLUSTER_DNS = 10  # the tenth address of the services


def configure(paths: Paths, config: Config) -> None:
    """Write the drop-ins and the kubeconfig."""
    agent = paths.agent
    api = f"https://127.0.0.1:{API_PORT if config.role == 'server' else OURS.balancer_port}"
    for name, stem in (("kubelet", "client-kubelet"), ("kubeproxy", "client-kube-proxy"), (CONTROLLER, f"client-{OURS.controller}")):
        write(agent / f"{name}.kubeconfig", kubeconfig(api, agent / "server-ca.crt", agent / stem))
    folder = agent / "etc/kubelet.conf.d"
    write(folder / f"00-{OURS.name}-defaults.conf", _drop_in(_settings(paths, config)))
    write(folder / "90-lab.conf", _drop_in(LAB))
    (agent / "pod-manifests").mkdir(mode=0o750, parents=True, exist_ok=True)


def command(paths: Paths, config: Config, identity: Identity) -> list[str]:
    """The command line, with the user's kubelet-arg."""
    agent = paths.agent
    ours = {
        "config-dir": f"{agent}/etc/kubelet.conf.d", "kubeconfig": f"{agent}/kubelet.kubeconfig", "read-only-port": "0",
        "hostname-override": identity.name, "node-ip": ",".join(identity.addresses), "node-labels": ",".join(identity.labels),
        "volume-plugin-dir": "/var/lib/kubelet/volumeplugins", "file-check-frequency": "5s", "sync-frequency": "30s",
        **({"register-with-taints": ",".join(identity.taints)} if identity.taints else {}),
        **({"protect-kernel-defaults": "true"} if _protects(config) else {}),
    }  # fmt: skip
    return [str(paths.tools / "kubelet"), *arguments.merged(ours, config.items("kubelet-arg"))]


def _protects(config: Config) -> bool:
    return config.flag("protect-kernel-defaults") or config.text("profile") == "cis"


def _settings(paths: Paths, config: Config) -> dict[str, Any]:
    agent = paths.agent
    return {
        "authentication": {
            "anonymous": {"enabled": False}, "webhook": {"enabled": True, "cacheTTL": "2m0s"},
            "x509": {"clientCAFile": f"{agent}/client-ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs", "failSwapOn": False, "healthzBindAddress": "127.0.0.1", "serializeImagePulls": False,
        "clusterDNS": list(config.items("cluster-dns", (cluster_dns(config),))), "clusterDomain": config.text("cluster-domain", DOMAIN),
        "containerRuntimeEndpoint": f"unix://{SOCKET}", "resolvConf": "/run/systemd/resolve/resolv.conf",
        "evictionHard": {"imagefs.available": "5%", "nodefs.available": "5%"},
        "staticPodPath": f"{agent}/pod-manifests",
        "tlsCertFile": f"{agent}/serving-kubelet.crt", "tlsPrivateKeyFile": f"{agent}/serving-kubelet.key",
    }  # fmt: skip


def cluster_dns(config: Config) -> str:
    """The address of the cluster's DNS where none is given (k3s, pkg/cli/server)."""
    services = config.items("service-cidr", (SERVICE_CIDR,))[0]
    return str(ip_network(services)[CLUSTER_DNS])


def cluster_cidr(config: Config) -> str:
    """The networks of pods, with commas."""
    return ",".join(config.items("cluster-cidr", (CLUSTER_CIDR,)))


def _drop_in(settings: dict[str, Any]) -> str:
    return json.dumps({"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", **settings}, indent=1) + "\n"
