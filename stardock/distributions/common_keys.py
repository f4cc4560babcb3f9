"""What RKE2's and k3s' keys have alike, since RKE2 is built on k3s: which are Stardock's to write, and what to do instead of a secret."""

from __future__ import annotations

from collections.abc import Mapping

OWN_ETCD = "Stardock's clusters keep their data in etcd"
#: Keys whose lists Stardock and the user fill together.
MERGED = frozenset({"tls-san", "node-label", "node-taint", "kube-apiserver-arg"})
#: What to do instead of setting a key that holds a secret.
SECRET_CURES: Mapping[str, str] = {
    **dict.fromkeys(
        ("token", "agent-token"),
        "delete it: Stardock makes the cluster's secrets, or reads them from the file that STARDOCK_SECRETS names",
    ),
    "datastore-endpoint": f"delete it: {OWN_ETCD}",
}
S3_CURE = "delete it, put the credentials in a Secret of kube-system, and name that: `etcd-s3-config-secret: NAME`"

_BY_MACHINE = "it differs by machine, and options are the same for all"
_NAME = "a node has the name of its machine"
_FIRST = "it differs by machine; Stardock writes the address of the first interface"
_RESET = "it would reset the cluster at every start"
_TOKEN = "Stardock writes the token and names its file"  # noqa: S105 -- words
_WHOLE = "every server runs the whole control plane"


def owned(config: str, data: str, kubeconfig: str) -> Mapping[str, str]:
    """Key -> why it is not the user's; folders and file of the distribution."""
    return {
        "config": f"Stardock writes {config}/config.yaml itself",
        "server": "Stardock decides which machine joins where",
        **dict.fromkeys(("node-name", "with-node-id"), _NAME),
        **dict.fromkeys(("node-ip", "advertise-address"), _FIRST),
        **dict.fromkeys(("node-external-ip", "node-internal-dns", "node-external-dns"), _BY_MACHINE),
        "data-dir": f"Stardock looks for the cluster in {data}",
        "write-kubeconfig": f"Stardock reads the kubeconfig at {kubeconfig}",
        **dict.fromkeys(("token-file", "agent-token-file"), _TOKEN),
        **dict.fromkeys(("cluster-reset", "cluster-reset-restore-path"), _RESET),
        "disable-agent": "every server is also a node of the cluster",
        "disable-etcd": "every server is a member of etcd",
        "disable-apiserver": "every server answers the API",
        **dict.fromkeys(("disable-controller-manager", "disable-scheduler"), _WHOLE),
        **dict.fromkeys(("datastore-cafile", "datastore-certfile", "datastore-keyfile"), OWN_ETCD),
    }
