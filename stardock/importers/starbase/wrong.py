"""What is wrong in starbase's files as they stand, with the line, and what becomes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from stardock.importers.notes import Kind, Note
from stardock.importers.starbase.machines import is_static, network_of
from stardock.importers.starbase.origin import Nic, Origin
from stardock.importers.starbase.sections import MISSING_ENDPOINT, PRIVATE_KEY, STRATEGIES, is_span, takes_mtu, usable
from stardock.importers.starbase.variables import NetworkConfig
from stardock.spec.keypath import Keys

_SMALL_MTU = 1280


def faults(origin: Origin) -> Iterator[Note]:
    """Every fault between values that are right one by one."""
    yield from _access(origin)
    yield from _template(origin)
    yield from _nodes(origin)
    for role in origin.roles:
        yield from _guests(origin, role)
        yield from _devices(origin, role)


def _wrong(origin: Origin, message: str, *keys: str | int) -> Note:
    return origin.terraform.note(Kind.WRONG, message, *keys)


def _access(origin: Origin) -> Iterator[Note]:
    access = origin.terraform.values.cloud_provider
    if not access.endpoint:
        yield _wrong(origin, f"the endpoint is empty: {MISSING_ENDPOINT} stands in for it", "cloud_provider", "endpoint")
    if not access.ssh.username:
        yield _wrong(origin, "the account on PVE nodes is empty: root stands in for it", "cloud_provider", "ssh", "username")
    if not access.ssh.private_key:
        message = "the path of the key is empty, and Terraform reads it also when an agent is used: no plan is made with it; left out"
        yield _wrong(origin, message, "cloud_provider", "ssh", "private_key")


def _template(origin: Origin) -> Iterator[Note]:
    template, keys = origin.terraform.values.cloud_init_config.template, ("cloud_init_config", "template")
    if not (template.ssh_public_key or "").strip():
        message = f"root has no key: {PRIVATE_KEY}.pub stands in for it, the other half of what starbase's inventory names"
        yield _wrong(origin, message, *keys, "ssh_public_key")
    if origin.terraform.says(*keys, "hashed_password") and not template.hashed_password:
        yield _wrong(origin, "an empty password hash is no valid user-data (cloud-init's schema); left out", *keys, "hashed_password")
    if any(not name for name in template.dns_servers):
        yield _wrong(origin, "an empty name server stops cloud-init's network setup; left out", *keys, "dns_servers")
    for name, end, what in (("reboot_slots", 24, "an hour"), ("minute_offsets", 60, "a minute")):
        given = getattr(template, name)
        if usable(given, end) != list(given):
            yield _wrong(origin, f"{name}: not each number is {what}, and once; the others stay", *keys, name)
    if template.reboot_strategy.lb_nodes not in (None, *STRATEGIES):
        message = f"`{template.reboot_strategy.lb_nodes}` is no strategy of rebootmgr's; maint-window is taken"
        yield _wrong(origin, message, *keys, "reboot_strategy", "lb_nodes")
    if not is_span(template.window_duration):
        yield _wrong(
            origin, f"`{template.window_duration}` is no span of hours and minutes up to 24h; 1h is taken", *keys, "window_duration"
        )


def _nodes(origin: Origin) -> Iterator[Note]:
    for key, name in origin.terraform.values.available_nodes.items():
        if key != name:
            yield _wrong(
                origin, f"`{key}` and `{name}` differ: the image went to one, VMs to the other; {name} is taken", "available_nodes", key
            )
    for role in ("controlplane", "worker", "loadbalancer"):
        for key, full in origin.terraform.values.nodes_of(role).items():
            if full != full.lower():
                yield _wrong(origin, f"`{full}` has capitals, which no Kubernetes node's name has", "vms", role, "nodes", key)
    counted = Counter(machine.vm_id for machine in origin.machines)
    for machine in origin.machines:
        if counted[machine.vm_id] > 1:
            message = f"two VMs get the id {machine.vm_id}; one of them is {machine.full_name}"
            yield _wrong(origin, message, f"{machine.role}_vm_config", "vm_id_start")


def _guests(origin: Origin, role: str) -> Iterator[Note]:
    keys: Keys = (f"cloud_init_{role}_network_config", "network_configs")
    for place, guest in origin.homeless(role):
        yield _wrong(origin, f"`{guest.interface}` is configured, and no {role} has that NIC; left out", *keys, place)
    for nic in origin.nics(role):
        if nic.guest is not None and nic.guest_at is not None:
            yield from _guest(origin, nic.guest, (*keys, nic.guest_at))


def _guest(origin: Origin, nic: NetworkConfig, keys: Keys) -> Iterator[Note]:
    if nic.type not in {None, "dhcp", "static"} or (nic.type == "static" and not is_static(nic)):
        yield _wrong(
            origin, f"`{nic.interface}` is meant to be static and starbase makes it DHCP, without a word; DHCP is taken", *keys, "type"
        )
    if not is_static(nic):
        return
    subnet, owner = network_of(nic), origin.owners.get(nic.gateway) if nic.gateway else None
    if nic.base_ip != subnet.network_address:
        yield _wrong(
            origin, f"Terraform counts from {subnet.network_address}, not from {nic.base_ip}; so does the import", *keys, "base_ip"
        )
    if owner:
        message = f"the gateway {nic.gateway} is the address that starbase gives to {owner.full_name}; the gateway is left out"
        yield _wrong(origin, message, *keys, "gateway")
    elif nic.gateway and nic.gateway not in subnet:
        yield _wrong(origin, f"the gateway {nic.gateway} lies outside of {subnet}; left out", *keys, "gateway")
    for server in nic.dns_nameserver or ():
        named = {str(address): vm for address, vm in origin.owners.items()}.get(server)
        if named:
            yield _wrong(
                origin, f"the name server {server} is the address that starbase gives to {named.full_name}", *keys, "dns_nameserver"
            )


def _devices(origin: Origin, role: str) -> Iterator[Note]:
    for nic in origin.nics(role):
        yield from _device(origin, nic, (f"{role}_vm_config", "network_devices", nic.at))
        if nic.guest is None:
            message = f"`{nic.name}` has no configuration in the guest; in Stardock it is DHCP, from the machine's next first boot on"
            yield _wrong(origin, message, f"{role}_vm_config", "network_devices", nic.at)


def _device(origin: Origin, nic: Nic, keys: Keys) -> Iterator[Note]:
    mtu = nic.device.mtu
    if mtu is None:
        return
    if not takes_mtu(nic):
        message = f"MTU {mtu} on {nic.device.model}: without effect, PVE sets it on virtio only (576 to 65520, or 1); left out"
        yield _wrong(
            origin, message + f". The first deploy takes it off, and PVE plugs {nic.name} anew for that: a moment without it", *keys, "mtu"
        )
    elif 1 < mtu < _SMALL_MTU:
        yield _wrong(origin, f"MTU {mtu} is less than IPv6 needs (1280) and leaves VXLAN little; kept as it is", *keys, "mtu")
