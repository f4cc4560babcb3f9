"""`addons`: what is installed into the cluster beside what its Kubernetes brings. One that is not named is not there, or goes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network, summarize_address_range
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from stardock.spec.addon_values import ObjectName, ReleaseName, Values, ValuesSecret
from stardock.spec.interface import InterfaceName
from stardock.spec.ip import Address, IpNetwork
from stardock.spec.keypath import Keys
from stardock.spec.proxmox import Port
from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Flag, Form, as_schema, between, shown

_SEMVER = r"v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]{1,64})?"
ChartVersion = Annotated[str, Form(_SEMVER, "a version of a chart", "1.2.3")]
Archive = Annotated[str, Form(r"[^\0\n]+\.tgz", "a chart's archive", "charts/metallb-0.16.1.tgz")]
Repository = Annotated[str, Form(r"https?://[^\s/@]+(/[^\s@]*)?", "the URL of a repository of charts", "https://charts.example.org")]
ChartName = Annotated[
    str,
    Field(min_length=1),
    Form(r"[^\s@]+(@sha256:[0-9a-f]{64})?", "a name or URL of a chart without a user", "oci://registry.example.org/charts/whoami"),
]
Path = Annotated[str, Field(min_length=1)]


class AddonChart(Section):
    """What all charts take."""

    version: ChartVersion | None = Field(default=None, description="of the chart; default: the pinned one that fits the Kubernetes")
    archive: Archive | None = Field(
        default=None, description="the chart as a file, relative to cluster.yaml: nobody asks its repository, and `version` is the file's"
    )
    values: Values = Field(default_factory=dict, description="values of the chart, over Stardock's")
    values_secrets: tuple[ValuesSecret, ...] = Field(default=(), description="Secrets with further values: what must not stand here")

    @model_validator(mode="after")
    def _one_version(self) -> AddonChart:
        if self.version is not None and self.archive is not None:
            raise broken("the version is the archive's", "delete `version`, or `archive`")
        return self


class KuredChart(AddonChart):
    """kured, with the hours of `maintenance.kured`."""


def parse_range(value: object) -> str:
    """`192.0.2.1-192.0.2.9`, a network, or one address; MetalLB itself takes no bare address (internal/config, ParseCIDR)."""
    text = value.strip() if isinstance(value, str) else ""
    first, dash, last = (part.strip() for part in text.partition("-"))
    try:
        if not dash:
            return str(ip_network(text))
        low, high = ip_address(first), ip_address(last)
    except ValueError:
        raise broken(f"{shown(value)} is neither a range of addresses nor a network", _range_cure(text)) from None
    if low.version != high.version or int(low) > int(high):
        raise broken(
            f"{shown(value)} does not begin with its lower address", f"write {last}-{first}" if low.version == high.version else ""
        )
    return f"{low}-{high}"


def _range_cure(text: str) -> str:
    short = re.fullmatch(r"((?:\d+\.){3})\d+-(\d+)", text)
    if short:
        return f"write {text.partition('-')[0]}-{short[1]}{short[2]}"
    try:
        return f"write {ip_network(text, strict=False)}"
    except ValueError:
        return "write for example 192.168.1.200-192.168.1.220"


def networks_of(text: str) -> list[IpNetwork]:
    """A range that was read, as networks."""
    first, dash, last = text.partition("-")
    if not dash:
        return [ip_network(text)]
    return list(summarize_address_range(ip_address(first), ip_address(last)))


Range = Annotated[str, BeforeValidator(parse_range), as_schema("string", examples=["192.168.1.200-192.168.1.220"])]
Asn = Annotated[Count, between(1, 4_294_967_295, "AS number", "64512")]


class AddressPool(Section):
    """Addresses that Services of type LoadBalancer get."""

    name: ObjectName = Field(description="name of the pool")
    addresses: tuple[Range, ...] = Field(description="ranges or networks, free of all that is planned", min_length=1)
    auto_assign: Flag = Field(default=True, description="false: only for Services that ask for this pool")
    by: Literal["l2", "bgp"] = Field(default="l2", description="how they are announced: answers to ARP and NDP, or routes")
    interfaces: tuple[InterfaceName, ...] = Field(default=(), description="NICs of nodes where L2 answers; none: all")

    @model_validator(mode="after")
    def _interfaces_are_of_layer_2(self) -> AddressPool:
        if self.by == "bgp" and self.interfaces:
            raise broken("`interfaces` is of L2, and this pool is announced by BGP", "delete it, or `by: bgp`")
        return self


class BgpPeer(Section):
    """A router that learns the addresses of pools with `by: bgp`."""

    name: ObjectName = Field(description="name of the peer")
    address: Address = Field(description="its address")
    asn: Asn = Field(description="its AS number")
    own_asn: Asn = Field(description="the nodes' AS number")
    port: Port = Field(default=179, description="its port")
    password_secret: ObjectName | None = Field(
        default=None, description="Secret of metallb-system, of type kubernetes.io/basic-auth, with the session's password"
    )


class Metallb(AddonChart):
    """MetalLB; k3s' own ServiceLB is switched off with it."""

    pools: tuple[AddressPool, ...] = Field(description="addresses for Services", min_length=1)
    peers: tuple[BgpPeer, ...] = Field(default=(), description="routers, for pools with `by: bgp`")

    @model_validator(mode="after")
    def _somebody_hears(self) -> Metallb:
        by_bgp = [pool.name for pool in self.pools if pool.by == "bgp"]
        if by_bgp and not self.peers:
            raise broken(
                f"pool `{by_bgp[0]}` is announced by BGP, and there is no peer", "add peers: [{name: ..., address: ..., asn: ...}]"
            )
        if self.peers and not by_bgp:
            raise broken("there are peers of BGP, and no pool is announced by it", "write `by: bgp` in a pool, or delete `peers`")
        _once("pools", [pool.name for pool in self.pools])
        _once("peers", [peer.name for peer in self.peers])
        return self


def _once(what: str, names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise broken(f"two {what} are named `{twice}`", "give one of them another name")


_SERVERS = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
_EMAIL = r"[^\s@]+@[^\s@]+\.[^\s@]+"


def parse_directory(value: object) -> str:
    """A word for Let's Encrypt, or a URL."""
    if isinstance(value, str) and (value in _SERVERS or value.startswith("https://")):
        return _SERVERS.get(value, value)
    raise broken(f"{shown(value)} is not a directory of ACME", "write letsencrypt, letsencrypt-staging, or an https:// URL")


class Acme(Section):
    """Certificates of Let's Encrypt, or of another one that speaks ACME. Exactly one way to prove who one is."""

    email: Annotated[str, Form(_EMAIL, "an e-mail address", "admin@example.org")] = Field(description="where warnings go")
    directory: Annotated[str, BeforeValidator(parse_directory)] = Field(
        default=_SERVERS["letsencrypt"], description="letsencrypt, letsencrypt-staging, or a URL"
    )
    ingress_class: ObjectName | None = Field(default=None, description="by HTTP: the class of the ingress that answers (http01)")
    solvers: tuple[Values, ...] = Field(default=(), description="otherwise: solvers in cert-manager's own words, such as dns01")

    @model_validator(mode="after")
    def _one_way(self) -> Acme:
        if (self.ingress_class is None) == (not self.solvers):
            raise broken("ACME needs one of `ingress_class` and `solvers`", "write for example ingress_class: traefik")
        return self


class Issuer(Section):
    """A ClusterIssuer. Exactly one of the three."""

    name: ObjectName = Field(description="name of the issuer")
    self_signed: Flag = Field(default=False, description="certificates that sign themselves")
    ca_secret: ObjectName | None = Field(default=None, description="Secret of the namespace cert-manager with an authority's pair of keys")
    acme: Acme | None = Field(default=None, description="an authority that speaks ACME")

    @model_validator(mode="after")
    def _one_kind(self) -> Issuer:
        if sum((self.self_signed, self.ca_secret is not None, self.acme is not None)) != 1:
            raise broken(
                f"{shown(self.name)} is exactly one of `self_signed`, `ca_secret` and `acme`", "write for example self_signed: true"
            )
        return self


class CertManager(AddonChart):
    """cert-manager with its CRDs."""

    issuers: tuple[Issuer, ...] = Field(default=(), description="ClusterIssuers")

    @model_validator(mode="after")
    def _issuers_once(self) -> CertManager:
        _once("issuers", [issuer.name for issuer in self.issuers])
        return self


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
    cert_manager: CertManager | None = Field(default=None, description="certificates")
    metrics_server: MetricsServer = Field(default=MetricsServer(), description="the one that RKE2 and k3s bring")
    system_upgrade_controller: SystemUpgradeController | None = Field(default=None, description="upgrades of nodes by Plans of yours")
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
        named = (("kured", self.kured), ("metallb", self.metallb), ("cert_manager", self.cert_manager))
        yield from ((("addons", key), chart) for key, chart in named if chart is not None)
        yield from ((("addons", "charts", c), chart) for c, chart in enumerate(self.charts))
