"""csi-driver-smb: volumes that are folders of an SMB share, StorageClasses for shares, and a Secret with who logs in for each.

Values: kubernetes-csi/csi-driver-smb, charts/v1.20.3/csi-driver-smb/values.yaml; parameters of classes and keys of Secrets:
docs/driver-parameters.md. It mounts by itself: nodes need cifs in their kernel and no package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stardock.addons.charts import NAMESPACE, Chart, helm_chart, merged
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.addons.secrets import Sources, files_with, secret
from stardock.addons.storage_class import Class, storage_class
from stardock.model.addons import Addon, Wish
from stardock.model.plan import Plan

RELEASES = (Release("1.20.3", "v1.20.3", (1, 21), None),)
REPOSITORY = "https://raw.githubusercontent.com/kubernetes-csi/csi-driver-smb/master/charts"
NAME = "csi-driver-smb"
_PROVISIONER = "smb.csi.k8s.io"
#: How Secrets begin that each volume names, to be mounted and deleted with (external-provisioner, docs of "StorageClass Secrets").
OF_VOLUMES = "stardock-smb-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Class):
    """A class for a share, `//HOST/SHARE`. `password_source` is `env:NAME` or `file:PATH`."""

    source: str
    user: str
    password_source: str
    domain: str | None = None


def addon(plan: Plan, wish: Wish, shares: Sequence[Share]) -> Addon:
    """What cluster.yaml's `addons.smb_csi` comes to."""
    series, sources = series_of(plan.distribution.version), Sources()
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=NAME, release=NAME, repository=REPOSITORY, version=version, namespace=NAMESPACE)
    both = merged({}, wish.values)
    secrets, classes = tuple(_secret(share, sources) for share in shares), tuple(map(_class, shares))
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=NAMESPACE,
        values=both,
        files={
            **files_with(NAME, (), secrets, (helm_chart(chart, both, wish),)),
            **({f"{NAME}-classes": classes} if classes else {}),
        },
        fits=fit(NAME, RELEASES, series, wish.version),
        secrets=sources.marks,
    )


def _name(share: Share) -> str:
    return f"{OF_VOLUMES}{share.name}"


def _secret(share: Share, sources: Sources) -> dict[str, Any]:
    texts = {"username": share.user, "password": sources.mark(share.password_source)}
    return secret(_name(share), NAMESPACE, {**texts, **({"domain": share.domain} if share.domain else {})})


def _class(share: Share) -> dict[str, Any]:
    """Who makes a volume and who mounts it log in alike."""
    who = {
        f"csi.storage.k8s.io/{step}-secret-{key}": value
        for step in ("provisioner", "node-stage")
        for key, value in (("name", _name(share)), ("namespace", NAMESPACE))
    }
    return storage_class(share, _PROVISIONER, {"source": share.source, **who}, waits=False, expands=True)
