"""What brings volumes: the nodes' own disks, shares of servers, disks of Proxmox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stardock.addons import longhorn, nfs_csi, piraeus, proxmox_cloud, proxmox_csi, smb_csi
from stardock.addons.proxmox import Access
from stardock.addons.storage_class import Class
from stardock.model.addons import Addon
from stardock.model.plan import Plan
from stardock.plan.addons.wish import wish_of

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.addon_proxmox import ProxmoxAccess
    from stardock.spec.addon_shares import SmbClass
    from stardock.spec.addon_storage import Piraeus
    from stardock.spec.addons import Addons


def storage_addons(wanted: Addons, plan: Plan) -> Iterator[Addon]:
    """In the order of cluster.yaml's keys."""
    if wanted.longhorn is not None:
        one = wanted.longhorn
        yield longhorn.addon(plan, wish_of(wanted, one), one.replicas, one.disk, default=one.default)
    if wanted.piraeus is not None:
        yield piraeus.addon(plan, wish_of(wanted, wanted.piraeus), _pool(wanted.piraeus))
    if wanted.nfs_csi is not None:
        nfs = [nfs_csi.Share(**one.model_dump()) for one in wanted.nfs_csi.classes]
        yield nfs_csi.addon(plan, wish_of(wanted, wanted.nfs_csi), nfs)
    if wanted.smb_csi is not None:
        yield smb_csi.addon(plan, wish_of(wanted, wanted.smb_csi), [_share(one) for one in wanted.smb_csi.classes])
    if wanted.proxmox_csi is not None:
        disks = [proxmox_csi.Disks(**one.model_dump()) for one in wanted.proxmox_csi.classes]
        yield proxmox_csi.addon(plan, wish_of(wanted, wanted.proxmox_csi), _access(wanted.proxmox_csi), disks)
    if wanted.proxmox_cloud is not None:
        yield proxmox_cloud.addon(plan, wish_of(wanted, wanted.proxmox_cloud), _access(wanted.proxmox_cloud))


def _pool(one: Piraeus) -> piraeus.Pool:
    volumes = Class(name=one.storage_class, default=one.default, reclaim=one.reclaim)
    return piraeus.Pool(disk=one.disk, replicas=one.replicas, thin=one.thin, volumes=volumes)


def _share(one: SmbClass) -> smb_csi.Share:
    return smb_csi.Share(**one.model_dump(exclude={"password_from"}), password_source=one.password_from.name)


def _access(one: ProxmoxAccess) -> Access:
    return Access(token_id=one.token_id, secret_source=one.token_secret_from.name, region=one.region)
