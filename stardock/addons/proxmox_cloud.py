"""proxmox-cloud-controller-manager: nodes get their VM's id as `providerID`, labels of region and zone, and go when their VM does.

Values: sergelogvinov/proxmox-cloud-controller-manager, charts/proxmox-cloud-controller-manager/values.yaml (0.2.28). Rights and
what kubelets must be told: docs/install.md (`CCM`; `cloud-provider=external`, and the distribution's own controller off).
"""

from __future__ import annotations

from typing import Any

from stardock.addons.charts import NAMESPACE, Chart, helm_chart, merged
from stardock.addons.proxmox import KEY, Access, config_secret, node_labels
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.addons.secrets import Sources, files_with
from stardock.addons.tolerations import taints, tolerations
from stardock.model.addons import Addon, ProxmoxRole, ProxmoxToken, Wish
from stardock.model.plan import Plan

RELEASES = (Release("0.2.28", "v0.13.1", (1, 25), None),)
REPOSITORY = "oci://ghcr.io/sergelogvinov/charts/proxmox-cloud-controller-manager"
NAME = "proxmox-cloud-controller-manager"
_SECRET = "stardock-proxmox-cloud"  # noqa: S105 -- a name

#: The chart's own, which a list of ours replaces; its template adds one for nodes that are not ready.
_ITS_OWN = ("node-role.kubernetes.io/control-plane:NoSchedule", "node.cloudprovider.kubernetes.io/uninitialized:NoSchedule")
_ROLES = (
    ProxmoxRole(kind="cloud-vms", what_for="VMs of nodes, found", privileges=("VM.Audit", "VM.GuestAgent.Audit"), paths=("/vms",)),
    ProxmoxRole(kind="cloud-nodes", what_for="PVE nodes of VMs, found", privileges=("Sys.Audit",), paths=("/nodes",)),
)


def addon(plan: Plan, wish: Wish, access: Access) -> Addon:
    """What cluster.yaml's `addons.proxmox_cloud` comes to."""
    series, sources = series_of(plan.distribution.version), Sources()
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=REPOSITORY, release=NAME, repository="", version=version, namespace=NAMESPACE)
    # A node is not Ready before it ran, and has no network then: it runs in the host's on servers.
    ours = {
        "existingConfigSecret": _SECRET,
        "existingConfigSecretKey": KEY,
        "enabledControllers": ["cloud-node", "cloud-node-lifecycle"],
        "useDaemonSet": True,
        "nodeSelector": {"node-role.kubernetes.io/control-plane": "true"},
        **_tolerations(plan),
    }
    both, config = merged(ours, wish.values), config_secret(plan, access, _SECRET, NAMESPACE, sources)
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=NAMESPACE,
        values=both,
        files=files_with(NAME, (), (config,), (helm_chart(chart, both, wish, bootstrap=True),)),
        fits=fit(NAME, RELEASES, series, wish.version),
        secrets=sources.marks,
        token=ProxmoxToken(token_id=access.token_id, roles=_ROLES),
        node_labels=node_labels(plan, access.region),
    )


def _tolerations(plan: Plan) -> dict[str, Any]:
    """Every node waits for it, and it runs on servers: one that it could not tolerate would keep the cluster from ever being Ready."""
    servers = taints(plan, "server")
    return {"tolerations": tolerations((*_ITS_OWN, *servers))} if servers else {}
