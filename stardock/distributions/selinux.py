"""RKE2's own SELinux policy, rke2-selinux: where it comes from on which base policy, and what of RKE2's it has to label.

Read in rancher/rke2-selinux (63deede, `policy/microos` and `policy/slemicro`: rke2.fc, rke2-selinux.spec), in rke2's install.sh
(`do_restorecon_tar`) and in the packages of openSUSE:Factory. Without it RKE2 runs (unconfined_service_t), but with `selinux: true` its
static pods never start: their types rke2_service_t and rke2_service_db_t are undefined (rke2#3381).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PACKAGE = "rke2-selinux"

#: On these systems the program lies below /opt/rke2, since /usr/local is a file system of its own. Policies that list /usr/bin and
#: /usr/local/bin only need this beside them, in SELinux's own language CIL; it is what `policy/slemicro` has.
MODULE = '(filecon "/opt/rke2/bin/rke2" file (system_u object_r container_runtime_exec_t ((s0)(s0))))\n'

#: What gets its labels before the first start; upstream's package makes and labels the folders, but sees a shadow of /var while it is
#: installed in a snapshot (openSUSE/transactional-update, Transaction.cpp), and /opt/cni not at all (rke2-selinux#64).
LABELLED = (
    "/opt/rke2",
    "/etc/systemd/system/rke2*",
    "/var/lib/rancher",
    "/var/lib/kubelet",
    "/var/lib/cni",
    "/opt/cni",
    "/etc/cni",
)
FOLDERS = ("/var/lib/rancher/rke2", "/opt/cni", "/etc/cni")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a base policy gets RKE2's: the package is in the system's repositories (`url` None), or is fetched, its checksum asked for."""

    url: str | None = None
    module: str = ""  # CIL that is loaded beside it


#: Base policy (`System.policy`) -> RKE2's.
POLICIES: Mapping[str, Policy] = {
    "microos": Policy(module=MODULE),
    # no repository of Leap Micro's has it; the release of v0.22.stable.1 does, and publishes no checksums (its release.yml)
    "slemicro": Policy(
        url="https://github.com/rancher/rke2-selinux/releases/download/v0.22.stable.1/rke2-selinux-0.22-1.slemicro.noarch.rpm"
    ),
}


def can_confine(base: str | None, sha256: str | None) -> bool:
    """Whether a machine of this base policy can run RKE2 under its own policy; `sha256` is that of the package that is fetched."""
    policy = POLICIES.get(base or "")
    return policy is not None and (policy.url is None or sha256 is not None)


def packages(base: str | None) -> tuple[str, ...]:
    """What a machine that runs RKE2 under its policy installs from its system's repositories."""
    policy = POLICIES.get(base or "")
    return (PACKAGE,) if policy and policy.url is None else ()


def variables(base: str | None, url: str | None, sha256: str | None) -> dict[str, Any]:
    """What the roles of such a machine need: `rke2` its module and labels, `machine` the package that no repository has."""
    policy = POLICIES[base or ""]
    labels = {"rke2_selinux_module": policy.module, "rke2_selinux_folders": list(FOLDERS), "rke2_selinux_labelled": list(LABELLED)}
    if policy.url is None:
        return labels
    return {**labels, "machine_fetched_packages": [{"name": PACKAGE, "url": url or policy.url, "sha256": sha256}]}
