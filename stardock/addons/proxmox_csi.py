"""proxmox-csi-plugin: volumes that are disks of Proxmox, attached to the VM of the node that asks. Its token is in a Secret.

Values: sergelogvinov/proxmox-csi-plugin, charts/proxmox-csi-plugin/values.yaml (0.5.9), templates/storageclass.yaml. Rights:
docs/install.md (`CSI`). Its node plugin mounts: the namespace is privileged. VMs have virtio-scsi, which it asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stardock.addons.charts import Chart, helm_chart, merged, privileged_namespace
from stardock.addons.proxmox import KEY, REGION, Access, config_secret, node_labels
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.addons.secrets import Sources, files_with
from stardock.addons.storage_class import Class, storage_class
from stardock.addons.tolerations import taints, tolerations
from stardock.model.addons import Addon, ProxmoxRole, ProxmoxToken, Wish
from stardock.model.plan import Plan

RELEASES = (Release("0.5.9", "v0.19.1", (1, 25), None),)
REPOSITORY = "oci://ghcr.io/sergelogvinov/charts/proxmox-csi-plugin"
NAME = "proxmox-csi-plugin"
NAMESPACE = "csi-proxmox"
_PROVISIONER = "csi.proxmox.sinextra.dev"
_SECRET = "stardock-proxmox-csi"  # noqa: S105 -- a name

#: The chart's own of the node plugin, which a list of ours replaces.
_ITS_OWN = (
    *("karpenter.sh/disrupted:NoSchedule", "node.kubernetes.io/unschedulable:NoSchedule"),
    "node.kubernetes.io/disk-pressure:NoSchedule",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disks(Class):
    """A class for disks on a datastore of Proxmox."""

    datastore: str
    filesystem: str = "ext4"


def addon(plan: Plan, wish: Wish, access: Access, classes: Sequence[Disks]) -> Addon:
    """What cluster.yaml's `addons.proxmox_csi` comes to."""
    series, sources = series_of(plan.distribution.version), Sources()
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=REPOSITORY, release=NAME, repository="", version=version, namespace=NAMESPACE)
    ours = {
        "existingConfigSecret": _SECRET,
        "existingConfigSecretKey": KEY,
        "storageClass": [_class(one) for one in classes],
        "node": {"nodeSelector": {REGION: access.region}, **_tolerations(plan)},  # a node that is no VM of this Proxmox can attach nothing
    }
    both, config = merged(ours, wish.values), config_secret(plan, access, _SECRET, NAMESPACE, sources)
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=NAMESPACE,
        values=both,
        files=files_with(NAME, (privileged_namespace(NAMESPACE),), (config,), (helm_chart(chart, both, wish),)),
        fits=fit(NAME, RELEASES, series, wish.version),
        secrets=sources.marks,
        classes=() if "storageClass" in wish.values else tuple(map(_whole, classes)),
        token=ProxmoxToken(token_id=access.token_id, roles=_roles(classes)),
        node_labels=node_labels(plan, access.region),
    )


def _roles(classes: Sequence[Disks]) -> tuple[ProxmoxRole, ...]:
    """What its makers' role has, on the paths where each counts; without classes of ours on every datastore."""
    datastores = tuple(f"/storage/{name}" for name in sorted({one.datastore for one in classes})) or ("/storage",)
    return (
        ProxmoxRole(
            kind="csi-vms", what_for="volumes, attached to VMs and taken off", privileges=("VM.Audit", "VM.Config.Disk"), paths=("/vms",)
        ),
        ProxmoxRole(
            kind="csi-disks",
            what_for="volumes, made, grown and deleted",
            privileges=("Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.Audit"),
            paths=datastores,
        ),
    )


def _class(one: Disks) -> dict[str, Any]:
    default = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}} if one.default else {}
    mounts = {"mountOptions": list(one.mount_options)} if one.mount_options else {}
    fixed = {"name": one.name, "storage": one.datastore, "reclaimPolicy": one.reclaim.capitalize(), "fstype": one.filesystem}
    return {**fixed, **mounts, **default}


def _whole(one: Disks) -> dict[str, Any]:
    """The StorageClass that its chart makes of it (templates/storageclass.yaml)."""
    parameters = {"csi.storage.k8s.io/fstype": one.filesystem, "storage": one.datastore}
    return storage_class(one, _PROVISIONER, parameters, waits=True, expands=True)


def _tolerations(plan: Plan) -> dict[str, Any]:
    """A node without its plugin mounts nothing, and a pod that tolerates the node's taints waits there for ever."""
    of_nodes = taints(plan, hosts=False)
    return {"tolerations": tolerations((*_ITS_OWN, *of_nodes))} if of_nodes else {}
