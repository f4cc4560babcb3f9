"""Piraeus: LINSTOR's volumes on LVM of a data disk, copied from node to node by DRBD, whose module it builds on each.

Chart: piraeusdatastore/piraeus-operator v2, charts/piraeus 2.10.7. Its values.yaml was read at 2.6.0 alone; the one that we set,
`installCRDs`, is in docs/how-to/helm.md. Objects: docs/reference/linstorcluster.md, linstorsatelliteconfiguration.md (`storagePools`),
docs/how-to/flatcar.md, and for the class docs/tutorial/replicated-volumes.md. Never run here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stardock.addons.charts import Chart, helm_chart, merged, privileged_namespace
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.addons.storage_class import Class, storage_class
from stardock.addons.tolerations import taints, tolerations
from stardock.model.addons import Addon, Wish
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.systems import system

RELEASES = (Release("2.10.7", "v2.10.7", (1, 25), None),)
REPOSITORY = "oci://ghcr.io/piraeusdatastore/piraeus-operator/piraeus"
NAME = "piraeus-operator"
NAMESPACE = "piraeus-datastore"
_API = "piraeus.io/v1"
_POOL = "stardock"
_LABEL = "stardock.io/piraeus"
_NODE = "stardock.io/piraeus-node"
_BUILDER = "stardock.io/piraeus-builder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Data disks of one name, and the class of volumes on them."""

    disk: str
    replicas: int
    thin: bool
    volumes: Class


def nodes(machines: Sequence[Machine], disk: str) -> tuple[Machine, ...]:
    """Those that have the disk."""
    found = (machine for machine in machines if machine.role != "loadbalancer")
    return tuple(machine for machine in found if any(one.name == disk for one in machine.data_disks))


def addon(plan: Plan, wish: Wish, pool: Pool) -> Addon:
    """What cluster.yaml's `addons.piraeus` comes to."""
    series = series_of(plan.distribution.version)
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=REPOSITORY, release=NAME, repository="", version=version, namespace=NAMESPACE)
    both = merged({"installCRDs": True}, wish.values)
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=NAMESPACE,
        values=both,
        files={
            NAME: (privileged_namespace(NAMESPACE), helm_chart(chart, both, wish)),
            f"{NAME}-cluster": tuple(_objects(plan, pool)),
        },
        fits=fit("Piraeus", RELEASES, series, wish.version),
        node_labels=_labels(plan, pool.disk),
    )


def _labels(plan: Plan, disk: str) -> dict[str, dict[str, str]]:
    """Which nodes have a pool, and how each builds the module where that is not the usual way."""
    with_disk = {machine.name for machine in nodes(plan.machines, disk)}
    builders = {machine.name: _builder(machine) for machine in plan.machines if machine.role != "loadbalancer"}
    return {
        name: {
            _NODE: "true",
            **({_LABEL: "disk"} if name in with_disk else {}),
            **({_BUILDER: builder} if builder in _BUILDERS else {}),
        }
        for name, builder in builders.items()
    }


def _builder(machine: Machine) -> str:
    drbd = system(machine.image.system).drbd
    return drbd.builder_on(machine.image.release) if drbd else ""


def _objects(plan: Plan, pool: Pool) -> Iterator[dict[str, Any]]:
    found = tolerations(taints(plan, hosts=False))
    tolerated = {"tolerations": found} if found else {}  # api/v1/linstorcluster_types.go: satellites and CSI
    where = {"nodeSelector": {_NODE: "true"}}  # a host that exists already may have a kernel without headers
    yield {"apiVersion": _API, "kind": "LinstorCluster", "metadata": {"name": "linstorcluster"}, "spec": {**where, **tolerated}}
    kind = "lvmThinPool" if pool.thin else "lvmPool"
    device = f"/dev/disk/by-id/virtio-{pool.disk}"
    pools = [{"name": _POOL, kind: {}, "source": {"hostDevices": [device]}}]
    yield _configuration("stardock-pool", {_LABEL: "disk"}, {"storagePools": pools})
    used = {_builder(machine) for machine in plan.machines if machine.role != "loadbalancer"}
    for builder in sorted(used & _BUILDERS.keys()):
        yield _configuration(f"stardock-{builder}", {_BUILDER: builder}, {"podTemplate": {"spec": _BUILDERS[builder]}})
    parameters = {"linstor.csi.linbit.com/storagePool": _POOL, "linstor.csi.linbit.com/placementCount": str(pool.replicas)}
    yield storage_class(pool.volumes, "linstor.csi.linbit.com", parameters, waits=True, expands=True)


_MODULE = "drbd-module-loader"
_OVERLAY = "mount -t overlay overlay -olowerdir=/usr:/usr-host /usr\nexec /entry.sh\n"
#: Changes of a satellite's pod, by `stardock.systems.drbd.Builder`.
_BUILDERS: Mapping[str, Mapping[str, Any]] = {
    "without-usr-src": {
        "volumes": [{"name": "usr-src", "$patch": "delete"}],
        "initContainers": [{"name": _MODULE, "volumeMounts": [{"mountPath": "/usr/src", "name": "usr-src", "$patch": "delete"}]}],
    },
    "above-usr": {
        "volumes": [{"name": "usr", "hostPath": {"path": "/usr", "type": "Directory"}}],
        "initContainers": [
            {
                "name": _MODULE,
                "command": ["sh", "-exc", _OVERLAY],
                "securityContext": {"privileged": True},
                "volumeMounts": [{"name": "usr", "mountPath": "/usr-host", "readOnly": True}],
            }
        ],
    },
}


def _configuration(name: str, selector: dict[str, str], spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": "LinstorSatelliteConfiguration",
        "metadata": {"name": name},
        "spec": {"nodeSelector": selector, **spec},
    }
