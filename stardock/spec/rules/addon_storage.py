"""Add-ons that bring storage, held against the clients that nodes have, against Proxmox, and against each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from stardock.distributions import distribution
from stardock.distributions.arguments import items
from stardock.errors import Problem
from stardock.spec.cluster import Spec
from stardock.spec.keypath import Keys, path_text
from stardock.spec.places import at
from stardock.spec.rules.addon_network import disabled

_CLIENTS = ("iscsi", "nfs")
_KUBELET = "kubelet-arg"


def addon_storage_rules(spec: Spec) -> Iterator[Problem]:
    """All of them."""
    yield from _longhorns_clients(spec)
    yield from _one_default(spec)
    yield from _an_endpoint(spec)
    yield from _one_region(spec)
    yield from _pools_hear_of_the_cloud(spec)
    yield from _no_hosts_in_the_cloud(spec)


def _longhorns_clients(spec: Spec) -> Iterator[Problem]:
    """Longhorn attaches by iSCSI, and shares a volume between pods by NFS."""
    lacking = [name for name in _CLIENTS if name not in spec.storage_clients]
    if spec.addons.longhorn and lacking:
        message = f"nodes lack what Longhorn mounts with: {', '.join(lacking)}"
        wanted = ", ".join(dict.fromkeys((*spec.storage_clients, *_CLIENTS)))
        yield at(spec, ("addons", "longhorn"), message, f"write storage_clients: [{wanted}] on the first level")


def _one_default(spec: Spec) -> Iterator[Problem]:
    """Of several default classes Kubernetes takes the youngest (kubernetes.io, Storage Classes)."""
    first: Keys | None = None
    for keys in default_classes(spec):
        if first is not None:
            message = f"`{path_text(first)}` is the default class already"
            yield at(spec, keys, message, "write `default: true` once")
        else:
            yield from beside_the_distributions(spec, keys)
        first = first or keys


def beside_the_distributions(spec: Spec, keys: Keys) -> Iterator[Problem]:
    """What is wrong with a default class there, where the distribution brings one too."""
    own = distribution(spec.distribution.name)
    if own.default_class and own.local_storage not in disabled(spec):
        off = ", ".join(dict.fromkeys((*disabled(spec), own.local_storage)))
        message = f"{own.title} brings a default class, `{own.default_class}`: claims would get the younger of the two"
        cure = f"write `disable: [{off}]` under `distribution.options`: volumes of that class stay, new ones are made no more"
        yield at(spec, keys, message, cure)


def default_classes(spec: Spec) -> Iterator[Keys]:
    """Where `addons` says that a class is the default one."""
    addons = spec.addons
    if addons.longhorn is not None:
        persistence = addons.longhorn.values.get("persistence")
        told = persistence.get("defaultClass") if isinstance(persistence, dict) else None
        if told if isinstance(told, bool) else addons.longhorn.default:
            yield ("addons", "longhorn", "values" if isinstance(told, bool) else "default")
    if addons.piraeus is not None and addons.piraeus.default:
        yield ("addons", "piraeus", "default")
    several = ((name, getattr(addons, name)) for name in ("proxmox_csi", "nfs_csi", "smb_csi"))
    for name, one in several:
        classes = enumerate(one.classes if one is not None else ())
        yield from (("addons", name, "classes", c, "default") for c, each in classes if each.default)


def _an_endpoint(spec: Spec) -> Iterator[Problem]:
    for name in ("proxmox_csi", "proxmox_cloud"):
        if getattr(spec.addons, name) and not spec.proxmox.endpoint:
            message = "pods ask Proxmox at `proxmox.endpoint`, and cluster.yaml does not say it"
            yield at(spec, ("addons", name), message, "write endpoint: https://ADDRESS:8006 under `proxmox`")


def _one_region(spec: Spec) -> Iterator[Problem]:
    csi, cloud = spec.addons.proxmox_csi, spec.addons.proxmox_cloud
    if csi and cloud and csi.region != cloud.region:
        message = f"one Proxmox has one name, and `proxmox_csi` calls it {csi.region}"
        yield at(spec, ("addons", "proxmox_cloud", "region"), message, f"write `region: {csi.region}`")


def _pools_hear_of_the_cloud(spec: Spec) -> Iterator[Problem]:
    """Arguments of a pool's own take the place of the cluster's."""
    told = items(distribution(spec.distribution.name).external_cloud, _KUBELET)
    if spec.addons.proxmox_cloud is None or not told:
        return
    pools = ((("pools", p), pool.options) for p, pool in enumerate(spec.pools))
    machines = ((keys, machine.options) for keys, _, machine in spec.members() if machine.options)
    for keys, options in chain(pools, machines):
        if _KUBELET in options and told[0] not in items(options, _KUBELET):
            message = f"these nodes would not wait for `proxmox_cloud`: their own `{_KUBELET}` takes the place of the cluster's"
            yield at(spec, (*keys, "options", _KUBELET), message, f"add {told[0]} to it")


def _no_hosts_in_the_cloud(spec: Spec) -> Iterator[Problem]:
    """A node waits until its cloud controller has found it (kubernetes.io, Cloud Controller Manager: the taint `uninitialized`)."""
    if spec.addons.proxmox_cloud and spec.hosts:
        message = f"{spec.hosts[0].name} is no VM of this Proxmox: its node would wait for `proxmox_cloud` for ever"
        yield at(spec, ("addons", "proxmox_cloud"), message, "delete it; `proxmox_csi` works without it")
