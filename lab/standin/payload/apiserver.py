"""kube-apiserver: its command line, as RKE2 and k3s give it, what its version would refuse, and whether it is ready."""

from __future__ import annotations

from collections.abc import Mapping

from . import arguments, authentication, encryption, https, policies
from .config import Config
from .flavor import DOMAIN, OURS, SERVICE_CIDR
from .klog import klog
from .paths import Paths
from .release import VERSION


def command(paths: Paths, config: Config, address: str) -> list[str]:
    """The command line, the user's kube-apiserver-arg included: what cannot be is refused by the API server itself, in its pod's log."""
    users = config.items("kube-apiserver-arg")
    named = arguments.named(users)
    given = {**_anonymous(named, VERSION), **_modes(named), **policies.flags(paths, config, named), **encryption.flags(paths, config)}
    ours = {**_flags(paths, config, address), **given}
    return [str(paths.tools / "kube-apiserver"), *arguments.merged(ours, users)]


def refusing(config: Config) -> list[str]:
    """The command of an API server that ends at once with the words of the version that we claim; none when that version would start."""
    words = authentication.refusal(authentication.Version.of(VERSION), arguments.named(config.items("kube-apiserver-arg")))
    line = klog("E", "run.go:72", "command failed", {"err": words})
    return ["/bin/sh", "-c", 'printf "%s\\n" "$1" >&2; exit 1', "kube-apiserver", line] if words else []


def is_ready(paths: Paths) -> bool:
    """Ask the local API's /readyz as an admin: an anonymous caller gets 401 unless the user opened it."""
    try:
        context = https.trust(paths.tls / "server-ca.crt", paths.tls / "client-admin")
        return https.send(context, "127.0.0.1", OURS.apiserver_port, "/readyz", timeout=5).good
    except https.UNREACHABLE:
        return False


def _anonymous(user: Mapping[str, str], version: str) -> dict[str, str]:
    """Anonymous callers are shut out. Since rke2#8137, k3s#12245 no flag is passed beside an authentication-config: both are refused."""
    alone = authentication.leaves_anonymous_alone(authentication.Version.of(version))
    return {} if authentication.FLAG in user and alone else {"anonymous-auth": "false"}


def _modes(user: Mapping[str, str]) -> dict[str, str]:
    """k3s, pkg/daemons/control/server.go: kube-apiserver refuses modes beside the user's authorization-config."""
    return {} if user.get("authorization-config") else {"authorization-mode": "Node,RBAC"}


def _flags(paths: Paths, config: Config, address: str) -> dict[str, str]:
    return {
        "advertise-address": config.text("advertise-address", address), "secure-port": str(OURS.apiserver_port), **_listening(),
        "allow-privileged": "true", "enable-admission-plugins": "NodeRestriction", "profiling": "false",
        "service-cluster-ip-range": ",".join(config.items("service-cidr", (SERVICE_CIDR,))),
        "service-node-port-range": config.text("service-node-port-range", "30000-32767"),
        "shutdown-delay-duration": "0s", "kubelet-preferred-address-types": "InternalIP,ExternalIP,Hostname",
        "kubelet-certificate-authority": f"{paths.tls}/server-ca.crt",
        "kubelet-client-certificate": f"{paths.tls}/client-kube-apiserver.crt",
        "kubelet-client-key": f"{paths.tls}/client-kube-apiserver.key",
        **_trust(paths), **_service_accounts(paths, config.text("cluster-domain", DOMAIN)),
    }  # fmt: skip


def _listening() -> dict[str, str]:
    """Behind the supervisor's port it is reached from this machine only, and `endpoints` tells others of that port."""
    return {"bind-address": "127.0.0.1", "endpoint-reconciler-type": "none"} if OURS.one_port else {"bind-address": "0.0.0.0"}


def _trust(paths: Paths) -> dict[str, str]:
    tls = paths.tls
    return {
        "client-ca-file": f"{tls}/client-ca.crt",
        "tls-cert-file": f"{tls}/serving-kube-apiserver.crt", "tls-private-key-file": f"{tls}/serving-kube-apiserver.key",
        "etcd-servers": "https://127.0.0.1:2379", "etcd-cafile": f"{tls}/etcd/server-ca.crt",
        "etcd-certfile": f"{tls}/etcd/client.crt", "etcd-keyfile": f"{tls}/etcd/client.key", "storage-backend": "etcd3",
        "requestheader-client-ca-file": f"{tls}/request-header-ca.crt", "requestheader-allowed-names": "system:auth-proxy",
        "requestheader-username-headers": "X-Remote-User", "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "proxy-client-cert-file": f"{tls}/client-auth-proxy.crt", "proxy-client-key-file": f"{tls}/client-auth-proxy.key",
    }  # fmt: skip


def _service_accounts(paths: Paths, domain: str) -> dict[str, str]:
    issuer, key = f"https://kubernetes.default.svc.{domain}", f"{paths.tls}/service.key"
    return {
        "service-account-issuer": issuer, "api-audiences": f"{issuer},{OURS.name}",
        "service-account-key-file": key, "service-account-signing-key-file": key,
    }  # fmt: skip
