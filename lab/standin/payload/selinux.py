"""`selinux: true` on a machine that enforces, without RKE2's policy: RKE2 warns, and its static pods never start.

Facts of k3s: pkg/agent/containerd/config_linux.go (the two warnings); of rke2: pkg/executor/staticpod (the pods ask for the types
rke2_service_t and rke2_service_db_t, which only the policy knows), rke2#3381.
"""

from __future__ import annotations

from .config import Config
from .flavor import OURS
from .journal import log
from .paths import Paths

NO_POLICY = (
    f"SELinux is enabled for {OURS.name} but process is not running in context 'container_runtime_t', "
    f"{OURS.name}-selinux policy may need to be applied"
)
NOT_ASKED = f"SELinux is enabled on this host, but {OURS.name} has not been started with --selinux - containerd SELinux support is disabled"


def lets_pods_run(paths: Paths, config: Config) -> bool:
    """Say what is said of SELinux here; false when its own pods' labels are unknown to the kernel."""
    enforce = paths.root / "sys/fs/selinux/enforce"
    policy = any((paths.root / "var/lib/selinux").glob(f"*/active/modules/*/{OURS.name}"))
    if not config.flag("selinux"):
        if enforce.is_file():
            log("warning", NOT_ASKED)
        return True
    if not policy:
        log("warning", NO_POLICY)
    return policy or not enforce.is_file() or not OURS.static_pods
