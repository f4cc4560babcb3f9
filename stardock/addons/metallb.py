"""MetalLB: its chart, and its pools as objects in a file of their own, since they wait until the chart has brought their kinds.

Values: metallb/metallb v0.16.1, charts/metallb/values.yaml: `frrk8s.enabled` is on there and brings FRR to each
node, which only BGP needs.
Objects: api/v1beta1/ipaddresspool_types.go, l2advertisement_types.go, bgpadvertisement_types.go, api/v1beta2/bgppeer_types.go. Range of
Kubernetes: `kubeVersion` of charts/metallb/Chart.yaml. Its speakers listen and send raw packets: their namespace is privileged
(metallb.io, installation).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from stardock.addons.charts import Chart, helm_chart, merged, privileged_namespace
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.addons.tolerations import taints, tolerations
from stardock.model.addons import Addon, Wish
from stardock.model.plan import Plan

RELEASES = (Release("0.16.1", "v0.16.1", (1, 19), None),)
REPOSITORY = "https://metallb.github.io/metallb"
NAME = "metallb"
NAMESPACE = "metallb-system"
_LAYER_2, _BGP = "metallb.io/v1beta1", "metallb.io/v1beta2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Addresses for Services, as MetalLB takes them: `192.0.2.1-192.0.2.9` or a network. `interfaces`: where L2 answers; (): on all."""

    name: str
    addresses: tuple[str, ...]
    auto_assign: bool = True
    by: str = "l2"
    interfaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A router of BGP. `password_secret`: a Secret in MetalLB's namespace, of type kubernetes.io/basic-auth."""

    name: str
    address: str
    asn: int
    own_asn: int
    port: int = 179
    password_secret: str | None = None


def addon(plan: Plan, wish: Wish, pools: Sequence[Pool], peers: Sequence[Peer]) -> Addon:
    """What cluster.yaml's `addons.metallb` comes to."""
    series = series_of(plan.distribution.version)
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=NAME, release=NAME, repository=REPOSITORY, version=version, namespace=NAMESPACE)
    both = merged({"frrk8s": {"enabled": bool(peers)}, **_speaker(plan)}, wish.values)
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=NAMESPACE,
        values=both,
        files={
            NAME: (privileged_namespace(NAMESPACE), helm_chart(chart, both, wish)),
            f"{NAME}-pools": tuple(_objects(pools, peers, _elsewhere(plan))),
        },
        fits=fit("MetalLB", RELEASES, series, wish.version),
    )


def _speaker(plan: Plan) -> dict[str, Any]:
    """It runs on tainted nodes too: where the pods of a Service with `externalTrafficPolicy: Local` are, somebody must answer."""
    of_nodes = tolerations(taints(plan))
    return {"speaker": {"tolerations": of_nodes}} if of_nodes else {}


def _elsewhere(plan: Plan) -> dict[str, Any]:
    """Keeps hosts in other networks than machines' from answering: one of all nodes does, wherever it is (metallb.io, "Layer 2")."""
    nics = [nic for machine in plan.machines for nic in machine.interfaces if nic.address]
    networks = [ip_network(f"{nic.address}/{nic.prefix}", strict=False) for nic in nics]
    away = [host.hostname for host in plan.hosts if networks and not any(ip_address(host.address) in network for network in networks)]
    expression = {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": away}
    return {"nodeSelectors": [{"matchExpressions": [expression]}]} if away else {}


def _objects(pools: Sequence[Pool], peers: Sequence[Peer], elsewhere: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for pool in pools:
        spec = {"addresses": list(pool.addresses), "autoAssign": pool.auto_assign}
        yield _object(_LAYER_2, "IPAddressPool", pool.name, spec)
    for peer in peers:
        secret = {"passwordSecret": {"name": peer.password_secret, "namespace": NAMESPACE}} if peer.password_secret else {}
        spec = {"myASN": peer.own_asn, "peerASN": peer.asn, "peerAddress": peer.address, "peerPort": peer.port, **secret}
        yield _object(_BGP, "BGPPeer", peer.name, spec)
    for pool in pools:
        kind = "L2Advertisement" if pool.by == "l2" else "BGPAdvertisement"
        interfaces = {"interfaces": list(pool.interfaces)} if pool.interfaces else {}
        yield _object(_LAYER_2, kind, pool.name, {"ipAddressPools": [pool.name], **interfaces, **(elsewhere if pool.by == "l2" else {})})


def _object(version: str, kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": dict(spec)}
