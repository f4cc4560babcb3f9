"""Add-ons that ask Proxmox: disks as volumes, nodes with their VM's place."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from stardock.spec.addon_chart import AddonChart, once
from stardock.spec.addon_shares import StorageClass
from stardock.spec.cloud_init import ContentSource
from stardock.spec.pve_names import Datastore
from stardock.spec.units import Form

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
TokenId = Annotated[str, Form(rf"{_NAME}@{_NAME}!{_NAME}", "the id of a token: USER@REALM!NAME", "kubernetes@pve!csi")]
Region = Annotated[str, Form(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", "a region: the value of a label", "home")]


class ProxmoxAccess(AddonChart):
    """Who asks Proxmox. `runner proxmox-role` prints what this token needs, and makes it."""

    token_id: TokenId = Field(description="a token of its own: USER@REALM!NAME")
    token_secret_from: ContentSource = Field(description="source of its secret, which reaches the cluster as a Secret")
    region: Region = Field(default="proxmox", description="name of this Proxmox, in volumes and labels of nodes; never changes")


class ProxmoxClass(StorageClass):
    """Disks on a datastore."""

    datastore: Datastore = Field(description="datastore of Proxmox")
    filesystem: Literal["ext4", "xfs"] = Field(default="ext4", description="made on a new volume")


class ProxmoxCsi(ProxmoxAccess):
    """Volumes that are disks of Proxmox."""

    CHART: ClassVar[str] = "proxmox-csi-plugin"

    classes: tuple[ProxmoxClass, ...] = Field(default=(), description="StorageClasses")

    @model_validator(mode="after")
    def _classes_once(self) -> ProxmoxCsi:
        once("classes", [one.name for one in self.classes])
        return self


class ProxmoxCloud(ProxmoxAccess):
    """Proxmox' cloud controller, in the place of the distribution's own; only before the cluster is founded."""

    CHART: ClassVar[str] = "proxmox-cloud-controller-manager"
