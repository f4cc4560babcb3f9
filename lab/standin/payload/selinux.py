"""`selinux: true` on a machine that enforces, without RKE2's policy: RKE2 warns, and its static pods never start.

Facts of k3s: pkg/agent/containerd/config_linux.go (the two warnings); of rke2: pkg/executor/staticpod (the pods ask for the types
rke2_service_t and rke2_service_db_t, which only the policy knows), rke2#3381.
"""

from __future__ import annotations

from .config import Config
from .journal import log
from .paths import Paths

NO_POLICY = (
    "SELinux is enabled for rke2 but process is not running in context 'container_runtime_t', rke2-selinux policy may need to be applied"
)
NOT_ASKED = "SELinux is enabled on this host, but rke2 has not been started with --selinux - containerd SELinux support is disabled"


def lets_pods_run(paths: Paths, config: Config) -> bool:
    """Say what RKE2 says of SELinux here; false when its pods' labels are unknown to the kernel."""
    enforce = paths.root / "sys/fs/selinux/enforce"
    policy = any((paths.root / "var/lib/selinux").glob("*/active/modules/*/rke2"))
    if not config.flag("selinux"):
        if enforce.is_file():
            log("warning", NOT_ASKED)
        return True
    if not policy:
        log("warning", NO_POLICY)
    return policy or not enforce.is_file()
