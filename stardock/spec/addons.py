"""`addons`: what is installed into the cluster beside what its Kubernetes brings. One that is not named is not there, or goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, model_validator

from stardock.spec.addon_addresses import KubeVip, Metallb
from stardock.spec.addon_certificates import CertManager
from stardock.spec.addon_chart import AddonChart, KuredChart
from stardock.spec.addon_egress import Egress
from stardock.spec.addon_handover import ArgoCd, Flux, PulumiOperator
from stardock.spec.addon_ingress import Ingress
from stardock.spec.addon_proxmox import ProxmoxCloud, ProxmoxCsi
from stardock.spec.addon_shares import NfsCsi, SmbCsi
from stardock.spec.addon_storage import Longhorn, Piraeus
from stardock.spec.addon_values import ObjectName, ReleaseName, Values
from stardock.spec.keypath import Keys
from stardock.spec.section import Section, broken
from stardock.spec.units import Flag, Form, shown

Repository = Annotated[str, Form(r"https?://[^\s/@]+(/[^\s@]*)?", "the URL of a repository of charts", "https://charts.example.org")]
ChartName = Annotated[
    str,
    Field(min_length=1),
    Form(r"[^\s@]+(@sha256:[0-9a-f]{64})?", "a name or URL of a chart without a user", "oci://registry.example.org/charts/whoami"),
]
Path = Annotated[str, Field(min_length=1)]


class MetricsServer(Section):
    """metrics-server, which both distributions bring: whether it is there, and with what values."""

    enabled: Flag = Field(default=True, description="false: without it; `kubectl top` and autoscaling by load do not work then")
    values: Values = Field(default_factory=dict, description="values of RKE2's chart; k3s has none")

    @model_validator(mode="after")
    def _values_of_one_that_is_there(self) -> MetricsServer:
        if not self.enabled and self.values:
            raise broken("`enabled: false` takes away what `values` are for", "delete one of the two")
        return self


class SystemUpgradeController(Section):
    """system-upgrade-controller, without Plans: those are yours."""

    version: Annotated[str, Form(r"v[0-9]+\.[0-9]+\.[0-9]+", "a release of it", "v0.20.1")] | None = Field(
        default=None, description="default: the pinned one"
    )


class OwnChart(AddonChart):
    """A chart of your own choice."""

    name: ReleaseName = Field(description="name of the release")
    chart: ChartName | None = Field(default=None, description="its name in `repo`, or a whole oci:// or https:// URL; or `archive`")
    repo: Repository | None = Field(default=None, description="URL of its repository")
    namespace: ObjectName = Field(default="default", description="where it is installed; made where it is not there")
    bootstrap: Flag = Field(default=False, description="its Job runs on nodes that are not Ready yet: for a network plugin of your own")

    @model_validator(mode="after")
    def _one_source(self) -> OwnChart:
        if (self.chart is None) == (self.archive is None):
            raise broken(f"{shown(self.name)} has exactly one of `chart` and `archive`", "write archive: FILE.tgz, or chart and repo")
        whole = self.chart is not None and "://" in self.chart
        if self.chart is not None and whole == (self.repo is not None):
            cure = "delete `repo`" if whole else "add `repo: https://...`, or write the chart as an oci:// or https:// URL"
            raise broken(f"{shown(self.chart)} is {'a whole URL' if whole else 'a name in a repository'}", cure)
        if self.chart is not None and not self.chart.startswith(("http://", "https://")) and self.version is None:
            raise broken(f"{shown(self.name)} has no version: each run of its Job would take the newest", "add `version: 1.2.3`")
        return self


class Addons(Section):
    """What is installed beside what the Kubernetes brings. Each is there when its key is; `{}` is enough."""

    kured: KuredChart | None = Field(default=None, description="reboots nodes that ask for it, drained, one at a time")
    metallb: Metallb | None = Field(default=None, description="addresses for Services of type LoadBalancer")
    kube_vip: KubeVip | None = Field(default=None, description="the same by kube-vip: one of the two")
    ingress: Ingress | None = Field(default=None, description="what brings HTTP to Services; default: what the distribution does by itself")
    cert_manager: CertManager | None = Field(default=None, description="certificates")
    longhorn: Longhorn | None = Field(default=None, description="volumes on the nodes' own disks, in several copies")
    piraeus: Piraeus | None = Field(default=None, description="the same by LINSTOR and DRBD, on raw data disks")
    nfs_csi: NfsCsi | None = Field(default=None, description="volumes on shares of NFS servers")
    smb_csi: SmbCsi | None = Field(default=None, description="volumes on shares of SMB servers")
    proxmox_csi: ProxmoxCsi | None = Field(default=None, description="volumes that are disks of Proxmox")
    proxmox_cloud: ProxmoxCloud | None = Field(default=None, description="Proxmox' cloud controller")
    metrics_server: MetricsServer = Field(default=MetricsServer(), description="the one that RKE2 and k3s bring")
    system_upgrade_controller: SystemUpgradeController | None = Field(default=None, description="upgrades of nodes by Plans of yours")
    egress: tuple[Egress, ...] = Field(default=(), description="ways out of the cluster that stay, by cilium")
    argo_cd: ArgoCd | None = Field(default=None, description="Argo CD, and its first Application")
    flux: Flux | None = Field(default=None, description="Flux, and its first Kustomization")
    pulumi: PulumiOperator | None = Field(default=None, description="the Pulumi operator, and its first Stack")
    charts: tuple[OwnChart, ...] = Field(default=(), description="charts of your own")
    manifests: tuple[Path, ...] = Field(default=(), description="manifests of your own: files and folders, relative to cluster.yaml")

    _archives: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _versions: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _objects: Mapping[str, tuple[Mapping[str, Any], ...]] = PrivateAttr(default_factory=dict)

    def with_files(
        self, archives: Mapping[str, str], versions: Mapping[str, str], objects: Mapping[str, tuple[Mapping[str, Any], ...]]
    ) -> Addons:
        """These add-ons, knowing what their files hold: archives in base64, their charts' versions, and the objects of each manifest."""
        self._archives, self._versions, self._objects = archives, versions, objects
        return self

    def archive(self, path: str | None) -> str:
        """An archive in base64; empty without one."""
        return self._archives.get(path or "", "")

    def archived_version(self, path: str | None) -> str:
        """The version of an archive's chart."""
        return self._versions.get(path or "", "")

    @property
    def objects(self) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        """Path of each manifest, as a person would write it -> its objects."""
        return self._objects

    def all_charts(self) -> Iterator[tuple[Keys, AddonChart]]:
        """Every chart that is wished, with the key path where it stands."""
        yield from ((("addons", key), chart) for key, chart in self if isinstance(chart, AddonChart))
        yield from ((("addons", "charts", c), chart) for c, chart in enumerate(self.charts))
