"""`cni`: which network plugin pods get, and how it goes from machine to machine."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from stardock.distributions.network import Wanted
from stardock.spec.interface import InterfaceName
from stardock.spec.section import Section
from stardock.spec.units import Flag

Plugin = Literal["canal", "calico", "cilium", "flannel", "none"]


class Cni(Section):
    """The network of pods. All of it is written before the cluster is founded; later edits of most of it are refused or do nothing."""

    plugin: Plugin | None = Field(default=None, description="none: yours to install; default: canal with RKE2, flannel with k3s")
    multus: Flag = Field(default=False, description="multus before it, for pods with several networks; RKE2 only")
    interface: InterfaceName | None = Field(
        default=None, description="by which pods of different machines meet; default: that of the default route, with k3s the first"
    )
    encryption: Literal["wireguard"] | None = Field(default=None, description="whether that is encrypted")
    kube_proxy: Flag = Field(default=True, description="false: cilium, or a plugin of your own, serves Services in its place")
    backend: Literal["vxlan", "host-gw"] | None = Field(default=None, description="how flannel of k3s reaches other machines")
    values: dict[str, Any] = Field(default_factory=dict, description="further values of the plugin's chart; RKE2 only")

    def wanted(self) -> Wanted:
        """The same for a distribution."""
        return Wanted(**self.model_dump())
