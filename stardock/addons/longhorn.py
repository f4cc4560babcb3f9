"""Longhorn: volumes on the nodes' own disks, each in several copies.

Values: longhorn/longhorn, chart/values.yaml (v1.12.1): `defaultSettings` are what is set at the first start only; later Longhorn's own
Settings hold. Demands on hosts: longhorn.io/docs, "Installation Requirements" (open-iscsi, NFSv4 client). Data on a disk: nodes with
label `node.longhorn.io/create-default-disk` get one at `defaultDataPath`, the others none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stardock.addons.charts import Chart, helm_chart, merged, privileged_namespace
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.addons.tolerations import taints, tolerations
from stardock.model.addons import Addon, Wish
from stardock.model.host import Member
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.systems import HEAD, system_of

RELEASES = (Release("1.12.1", "v1.12.1", (1, 25), None),)
REPOSITORY = "https://charts.longhorn.io"
NAME = "longhorn"
NAMESPACE = "longhorn-system"
_DISK = "node.longhorn.io/create-default-disk"
#: More copies than that gain little.
_COPIES = 3

_MULTIPATH = "/etc/multipath/conf.d/stardock-longhorn.conf"
_BLACKLIST = """\
# Longhorn's volumes; multipathd would take them, and nobody could mount them.
blacklist {
    device {
        vendor "IET"
        product "VIRTUAL-DISK"
    }
}
"""


def node_files(plan: Plan, member: Member) -> list[dict[str, str]]:
    """What keeps multipathd off its volumes, which Ubuntu's images run; other disks of the owner's stay with it.

    longhorn.io/kb/troubleshooting-volume-with-multipath; by vendor and product, as longhorn/longhorn#6755 has it. Drop-ins are read, see
    multipath.conf(5). Without Longhorn the file stays, and says nothing to anybody.
    """
    if all(addon.name != NAME for addon in plan.addons) or system_of(member).package_manager != "apt":
        return []
    return [{"path": _MULTIPATH, "content": HEAD + _BLACKLIST, "mode": "0644", "applies": "unit-multipathd.service"}]


def with_disk(machines: Sequence[Machine], disk: str) -> tuple[Machine, ...]:
    """Those whose data disk of that name is mounted: copies lie on them alone, and on no host that exists already."""
    return tuple(machine for machine in machines if machine.role != "loadbalancer" and mount_of(machine, disk))


def without_disk(members: Sequence[Member]) -> tuple[Member, ...]:
    """Those that copies may lie on where no disk is named: agents, hosts among them, or servers where there is no agent."""
    agents = tuple(member for member in members if member.role == "agent")
    return agents or tuple(member for member in members if member.role == "server")


def mount_of(machine: Machine, disk: str) -> str | None:
    """Where a data disk of that name is mounted; None without one."""
    return next((one.mount for one in machine.data_disks if one.name == disk), None)


def addon(plan: Plan, wish: Wish, replicas: int | None, disk: str | None, *, default: bool) -> Addon:
    """What cluster.yaml's `addons.longhorn` comes to."""
    series, on = series_of(plan.distribution.version), with_disk(plan.machines, disk) if disk else ()
    copies = len(on) if disk else len(without_disk(plan.members))
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=NAME, release=NAME, repository=REPOSITORY, version=version, namespace=NAMESPACE)
    ours = _values(replicas or min(_COPIES, copies), disk and mount_of(on[0], disk), default)
    both = merged(merged(ours, _tolerations(plan, disk)), wish.values)
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=NAMESPACE,
        values=both,
        files={NAME: (privileged_namespace(NAMESPACE), helm_chart(chart, both, wish))},
        fits=fit("Longhorn", RELEASES, series, wish.version),
        node_labels={machine.name: {_DISK: "true"} for machine in on} if disk else {},
    )


def _values(replicas: int, path: str | None, default: bool) -> dict[str, Any]:
    where = {"defaultDataPath": path, "createDefaultDiskLabeledNodes": True} if path else {}
    return {
        "persistence": {"defaultClass": default, "defaultClassReplicaCount": replicas},
        "defaultSettings": {"defaultReplicaCount": replicas, **where},
    }


def _tolerations(plan: Plan, disk: str | None) -> dict[str, Any]:
    """Its pods attach volumes on each node where they run, and without `disk` they keep copies there: then not on servers beside agents.

    Pods that its chart makes take tolerations, those that its manager makes a setting (longhorn.io/docs, "Taint Toleration").
    """
    found = tolerations(taints(plan, *(("agent",) if plan.members_of("agent") and disk is None else ())))
    if not found:
        return {}
    setting = "; ".join(f"{one['key']}:{one['effect']}" for one in found)
    return {
        "longhornManager": {"tolerations": found},
        "longhornDriver": {"tolerations": found},
        "defaultSettings": {"taintToleration": setting},
    }
