"""Storage that the cluster's own nodes have: Longhorn and Piraeus."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from stardock.spec.addon_chart import AddonChart
from stardock.spec.addon_values import ObjectName
from stardock.spec.hardware import DiskName
from stardock.spec.units import Count, Flag, between

_MOST = 20
Replicas = Annotated[Count, between(1, _MOST, "replicas", "3")]


class Longhorn(AddonChart):
    """Longhorn. Nodes need `storage_clients: [iscsi, nfs]`."""

    CHART: ClassVar[str] = "longhorn"

    replicas: Replicas | None = Field(default=None, description="copies of each volume; default: 3, or as many as there are nodes for them")
    disk: DiskName | None = Field(
        default=None, description="name of the data disks that volumes lie on, mounted; default: /var/lib/longhorn of every node"
    )
    default: Flag = Field(default=False, description="whether claims that name no class get its own")


class Piraeus(AddonChart):
    """Piraeus: LINSTOR and DRBD, on a data disk without a file system."""

    CHART: ClassVar[str] = "piraeus"

    disk: DiskName = Field(description="name of the data disks that volumes lie on; without `mount`")
    replicas: Replicas = Field(
        default=2, description="copies of each volume, each on a node of its own; it is the class's, and fixed with it"
    )
    thin: Flag = Field(default=True, description="volumes take room as they fill")
    storage_class: ObjectName = Field(default="piraeus", description="name of its StorageClass")
    default: Flag = Field(default=False, description="whether claims that name no class get it")
    reclaim: Literal["delete", "retain"] = Field(default="delete", description="what becomes of a volume whose claim goes")
