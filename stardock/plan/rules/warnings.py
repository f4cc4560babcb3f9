"""What a person should know about a plan that is valid all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

from stardock.distributions import distribution
from stardock.distributions.cidrs import CIDRS, cidrs
from stardock.fold import fold
from stardock.model.lock import Lock
from stardock.model.machine import Interface, Machine
from stardock.plan.allocation.claims import static_addresses
from stardock.plan.allocation.declared import Declared
from stardock.plan.machine import maintenance
from stardock.plan.machine.images import default_from, kernel_of
from stardock.plan.rules.allocated import self_rebooting
from stardock.plan.rules.ha import ha_warnings
from stardock.plan.rules.images import image_warnings
from stardock.plan.rules.placement import placement_warnings
from stardock.systems import SYSTEMS, system

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Spec


def warnings(
    spec: Spec,
    every: Sequence[Declared],
    lock: Lock,
    machines: Mapping[str, Machine],
    retained: Collection[str],
) -> tuple[str, ...]:
    """All warnings; `machines` are all that will exist, `retained` the names among them that cluster.yaml lacks."""
    return (
        *_even_servers(spec, machines),
        *_small_servers(spec, machines),
        *_ballooned_servers(machines),
        *_huge_pages(machines),
        *ha_warnings(spec, machines),
        *_advice(machines),
        *image_warnings(every, machines, lock),
        *_unpinned_again(lock, machines),
        *_blind_to_their_seeds(machines),
        *_unconfined(spec, machines),
        *_close_windows(machines),
        *_no_way_out(machines),
        *_name_servers(machines),
        *_one_subnet_twice(spec),
        *_pods_among_services(spec),
        *_idle_vip(spec, machines),
        *placement_warnings(spec, every, machines),
        *_retained(list(retained)),
        *(_unknown_removal(name) for name in spec.remove if name not in lock.machines),
    )


def _even_servers(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[str]:
    servers = sum(role == "server" for role in (*(one.role for one in machines.values()), *(host.role for host in spec.hosts)))
    if servers % 2 == 0:
        yield f"{servers} servers: an even number survives no more failures than {servers - 1} do; make it {servers - 1} or {servers + 1}"


def _small_servers(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[str]:
    own = distribution(spec.distribution.name)
    small = [name for name, machine in machines.items() if machine.role == "server" and machine.memory_mib < own.server_memory_mib]
    if small:
        yield f"{fold(small)}: less than {own.server_memory_mib // 1024}GiB of memory, {own.title}'s minimum of a server"


def _ballooned_servers(machines: Mapping[str, Machine]) -> Iterator[str]:
    names = [name for name, machine in machines.items() if machine.role == "server" and machine.balloon_mib]
    if names:
        yield f"{fold(names)}: PVE may take memory from servers (`balloon`); etcd then stalls, and the cluster with it"


def _huge_pages(machines: Mapping[str, Machine]) -> Iterator[str]:
    """PVE::API2::Qemu knows no privilege for them, so that they are root@pam's own."""
    names = [name for name, machine in machines.items() if machine.hugepages]
    if names:
        yield (
            f"{fold(names)}: PVE takes `hugepages` from root@pam's password only, from no API token: "
            "`tofu apply` with PROXMOX_VE_USERNAME and PROXMOX_VE_PASSWORD, and without PROXMOX_VE_API_TOKEN"
        )


def _advice(machines: Mapping[str, Machine]) -> Iterator[str]:
    for name in dict.fromkeys(machine.image.system for machine in machines.values()):
        if (advice := system(name).advice) is not None:
            yield f"{name}: {advice}"


def _unconfined(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[str]:
    """Kubernetes works without its policy, with the rights of an unconfined service; whoever wrote `selinux: false` knows."""
    if spec.distribution.options.get("selinux") is not None:
        return
    sha256, kubernetes = spec.distribution.selinux_policy_sha256, distribution(spec.distribution.name)
    for name, own in SYSTEMS.items():
        found = [one.name for one in machines.values() if one.image.system == name and one.role != "loadbalancer" and not one.selinux]
        if not found or own.policy is None:
            continue
        key = "options: {selinux: true}" if kubernetes.confinement.can_confine(own.policy, sha256) else "selinux_policy_sha256"
        names = fold(found)
        title = kubernetes.title
        yield f"{name}: {title} runs without its SELinux policy on {names}; `distribution: {{{key}}}` changes that (docs/systems.md)"


def _blind_to_their_seeds(machines: Mapping[str, Machine]) -> Iterator[str]:
    """Only a lock from before has such: if they exist, they came up in the lab or with another kernel."""
    names = [name for name, machine in machines.items() if not kernel_of(machine.image).ahci and _on_ahci(machine)]
    if names:
        yield (
            f"{fold(names)}: the image's kernel has no driver for the controller of the cloud-init drive; harmless to a machine that "
            "was set up, and one that never came up does with `runner deploy --replace NAME`"
        )


def _unpinned_again(lock: Lock, machines: Mapping[str, Machine]) -> Iterator[str]:
    """Whoever pinned a system's image has no pin of the one that we take now."""
    existing = lock.active()
    new = {name: one.image for name, one in machines.items() if name not in existing and one.image.checksum is None}
    for url in dict.fromkeys(image.url for image in new.values()):
        names = [name for name, image in new.items() if image.url == url]
        image = new[names[0]]
        origin = default_from(image)
        former = [pinned for pinned in lock.images if origin is not None and default_from(replace(image, url=pinned)) == origin]
        if former:
            yield f"{fold(names)}: {url} is not pinned, as {former[0]} is; run `runner image pin`, then plan again"


def _on_ahci(machine: Machine) -> bool:
    """PVE hangs SATA on AHCI, and IDE too on q35 (PVE::QemuServer::DriveDevice)."""
    slot = machine.seed_interface
    return slot.startswith("sata") or (slot.startswith("ide") and machine.chipset == "q35")


def _close_windows(machines: Mapping[str, Machine]) -> Iterator[str]:
    for one, other, minutes in maintenance.close_starts(self_rebooting(machines)):
        yield f"the load balancers {one} and {other} may reboot {minutes} minutes apart; a boot takes up to {maintenance.BOOT_MINUTES}"


def _no_way_out(machines: Mapping[str, Machine]) -> Iterator[str]:
    """A static address, and no default route from anybody: images, packages and other networks are out of reach."""
    names = [name for name, machine in machines.items() if machine.address is not None and not any(map(_leads_out, machine.interfaces))]
    if names:
        yield f"{fold(names)}: no gateway, so that nothing outside of its own subnet is reached; write `gateway: ADDRESS` under `static`"


def _leads_out(nic: Interface) -> bool:
    own = nic.gateway or (nic.ipv6 and nic.ipv6.gateway)
    return own is not None or (nic.hears_offers and nic.default_route)


def _name_servers(machines: Mapping[str, Machine]) -> Iterator[str]:
    servers = {server for machine in machines.values() for nic in machine.interfaces for server in nic.dns}
    for name, machine in machines.items():
        for nic in machine.interfaces:
            for address in static_addresses(nic):
                if address in servers:
                    yield f"{name}'s address {address} is also named as a DNS server"


def _one_subnet_twice(spec: Spec) -> Iterator[str]:
    for _, interfaces in spec.interface_lists():
        first: dict[str, str] = {}
        for nic in interfaces:
            for network in (str(static.network) for static in nic.ranges):
                if (other := first.setdefault(network, nic.name)) != nic.name:
                    yield f"{other} and {nic.name} are both in {network}: answers may leave through the other one than asked"


def _pods_among_services(spec: Spec) -> Iterator[str]:
    """Kubernetes takes it, and a cluster that was founded so cannot change it any more."""
    pods, services = ([ip_network(text) for text in cidrs(spec.distribution.options, key)] for key in CIDRS)
    for one in pods:
        for other in services:
            if one.version == other.version and one.overlaps(other):
                yield f"{one}, of pods (cluster-cidr), overlaps {other}, of services (service-cidr): a new cluster wants them apart"


def _idle_vip(spec: Spec, machines: Mapping[str, Machine]) -> Iterator[str]:
    balanced = any(machine.role == "loadbalancer" for machine in machines.values())
    if spec.network.vip and not balanced and not spec.api.on_servers:
        yield f"no load balancer holds the VIP {spec.network.vip}: machines join the first server's own address"
    if not balanced and "haproxy" in spec.api.model_fields_set:
        yield "`api.haproxy` is for load balancers, and there are none"


def _retained(names: Sequence[str]) -> Iterator[str]:
    if len(names) == 1:
        yield f"{names[0]} is retained although no pool names it; to remove it write `remove: [{names[0]}]`"
    elif names:
        yield f"{fold(names)} are retained although no pool names them; to remove one write its name under `remove:`"


def _unknown_removal(name: str) -> str:
    return f"the lock has no machine {name}, which is listed under `remove`: delete it there"
