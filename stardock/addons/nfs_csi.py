"""csi-driver-nfs: volumes that are folders of an NFS share, and StorageClasses for shares.

Values: kubernetes-csi/csi-driver-nfs, charts/v4.13.4/csi-driver-nfs/values.yaml; parameters of classes: docs/driver-parameters.md. It
mounts by itself, in the host's network: nodes need NFS in their kernel and no package. Range of Kubernetes: README ("Project status").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stardock.addons.charts import NAMESPACE, Chart, helm_chart, merged
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.addons.storage_class import Class, storage_class
from stardock.model.addons import Addon, Wish
from stardock.model.plan import Plan

RELEASES = (Release("4.13.4", "v4.13.4", (1, 21), None),)
REPOSITORY = "https://raw.githubusercontent.com/kubernetes-csi/csi-driver-nfs/master/charts"
NAME = "csi-driver-nfs"
_PROVISIONER = "nfs.csi.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Class):
    """A class for a share. `folder`: below it; may hold the driver's words, such as ${pvc.metadata.name}."""

    server: str
    share: str
    folder: str | None = None


def addon(plan: Plan, wish: Wish, shares: Sequence[Share]) -> Addon:
    """What cluster.yaml's `addons.nfs_csi` comes to."""
    series = series_of(plan.distribution.version)
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=NAME, release=NAME, repository=REPOSITORY, version=version, namespace=NAMESPACE)
    both = merged({}, wish.values)
    classes = tuple(_class(share) for share in shares)
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=NAMESPACE,
        values=both,
        files={NAME: (helm_chart(chart, both, wish),), **({f"{NAME}-classes": classes} if classes else {})},
        fits=fit(NAME, RELEASES, series, wish.version),
    )


def _class(share: Share) -> dict[str, object]:
    parameters = {"server": share.server, "share": share.share, **({"subDir": share.folder} if share.folder else {})}
    return storage_class(share, _PROVISIONER, parameters, waits=False, expands=True)
