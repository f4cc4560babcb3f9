"""The sections of cluster.yaml that follow from starbase's variables, as plain data. What is not in them is told by `notes`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from stardock.distributions import DEFAULT
from stardock.importers.starbase.machines import is_static, network_of
from stardock.importers.starbase.origin import Nic, Origin
from stardock.importers.starbase.variables import ROLES, NetworkConfig, VmConfig
from stardock.model.api import Haproxy
from stardock.model.machine import Role
from stardock.spec.api import BALANCES
from stardock.systems import system

#: Stands where a value is missing that only a person knows; no host has a name under `.invalid` (RFC 2606).
MISSING_ENDPOINT = "https://fill-in.invalid:8006"
#: starbase's inventory names this key; its public half stands in for a missing one.
PRIVATE_KEY = "~/.ssh/ansible_rsa"
SYSTEM = "microos"
#: rebootmgr's words.
STRATEGIES = ("maint-window", "best-effort", "instantly", "off")

_GIB = 1024
_MTUS = (576, 65520)
#: What Stardock takes for the name of an interface: Jinja and facts are none.
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,14}")
#: Stardock brings them itself: RKE2 from a release, its SELinux policy wherever `selinux` is on.
_NOT_PACKAGES = frozenset({"rke2", DEFAULT.confinement.package})


def document(origin: Origin, cluster: str, hosts: Iterable[str] = ()) -> dict[str, Any]:
    """All of cluster.yaml; `hosts` are further PVE nodes, to which VMs were moved."""
    return {
        "cluster": cluster,
        "distribution": {"name": "rke2", "options": options(origin)},
        "proxmox": proxmox(origin, hosts),
        "image": image(origin),
        "ssh": {"keys": [public_key(origin)], "private_key": PRIVATE_KEY},
        **({"cloud_init": found} if (found := cloud_init(origin)) else {}),
        "network": network(origin),
        **({"api": found} if (found := api(origin)) else {}),
        "pools": [pool(origin, role) for role in origin.roles],
        "maintenance": maintenance(origin),
    }


def image(origin: Origin) -> dict[str, Any]:
    """What new machines start from, and where the publisher tells its checksum."""
    download = origin.terraform.values.image_download_config
    checksum = download.checksum_url or f"{download.url}.sha256"
    return {"system": SYSTEM, "url": download.url, **({"checksum_url": checksum} if download.checksum_algorithm == "sha256" else {})}


def options(origin: Origin) -> dict[str, Any]:
    """config.yaml's keys."""
    rke2 = origin.ansible.values.rke2_config
    extra = {"tls-san": [name for name in rke2.tls_san if name], "disable": list(rke2.disable_charts), "node-label": list(rke2.node_labels)}
    embedded = {"embedded-registry": True} if rke2.embedded_registry.enabled else {}
    return {"cni": rke2.cni, "selinux": rke2.selinux, **embedded, **{key: items for key, items in extra.items() if items}}


def proxmox(origin: Origin, hosts: Iterable[str]) -> dict[str, Any]:
    """The estate. PVE nodes in the order of their keys: only so does counting give what starbase counted."""
    terraform = origin.terraform.values
    access, first = terraform.cloud_provider, terraform.hardware_of("controlplane")
    stores = {
        "images": terraform.image_download_config.datastore_id,
        "snippets": terraform.cloud_init_config.datastore_id,
        "disks": first.disk_datastore,
    }
    ssh = {"user": access.ssh.username or "root"} | ({"private_key": access.ssh.private_key} if access.ssh.private_key else {})
    return {
        "endpoint": access.endpoint or MISSING_ENDPOINT,
        "nodes": list(dict.fromkeys((*terraform.pve_nodes, *hosts))),
        "ssh": ssh,
        "datastores": stores,
        **({"insecure": True} if access.insecure else {}),
    }


def public_key(origin: Origin) -> str:
    """The key of root."""
    given = (origin.terraform.values.cloud_init_config.template.ssh_public_key or "").strip()
    return given or f"{PRIVATE_KEY}.pub"


def cloud_init(origin: Origin) -> dict[str, Any]:
    """Packages of all machines, and the mirror where starbase switched to one."""
    template = origin.terraform.values.cloud_init_config.template
    wanted = packages(template.packages, *ROLES.values())
    mirror = {"mirrors": {SYSTEM: template.repo_domain}} if template.change_repo and template.repo_domain else {}
    return ({"packages": wanted} if wanted else {}) | mirror


def packages(wanted: Iterable[str], *roles: Role) -> list[str]:
    """What is left when Stardock's own are taken out."""
    chosen = system(SYSTEM)
    own = {*chosen.packages, *_NOT_PACKAGES, *(name for role in roles for name in chosen.role_packages(role))}
    return [name for name in dict.fromkeys(wanted) if name not in own]


def _extra_packages(origin: Origin, role: str) -> list[str]:
    terraform = origin.terraform.values
    extra = terraform.loadbalancer_cloud_init_extra_packages if role == "loadbalancer" else terraform.rke2_cloud_init_extra_packages
    return packages(extra, ROLES[role])


def api(origin: Origin) -> dict[str, Any]:
    """The algorithm of haproxy, where it is another than ours and one for connections."""
    wanted = origin.ansible.values.haproxy.balance_algorithm
    return {"haproxy": {"balance": wanted}} if wanted in BALANCES and wanted != Haproxy().balance and origin.of("loadbalancer") else {}


def network(origin: Origin) -> dict[str, Any]:
    """VIP and interfaces."""
    vip = (origin.ansible.values.keepalived.virtual_ip or "").strip()
    carrier = origin.ansible.values.keepalived.network_interface
    found: dict[str, Any] = {"vip": vip} if vip and origin.of("loadbalancer") else {}
    if found and _INTERFACE.fullmatch(carrier):
        found["vip_interface"] = carrier
    return found | {ROLES[role]: [interface(origin, nic) for nic in origin.nics(role)] for role in origin.roles}


def interface(origin: Origin, nic: Nic) -> dict[str, Any]:
    """One NIC."""
    device = nic.device
    found: dict[str, Any] = {"name": nic.name, "bridge": device.bridge}
    if device.model not in {None, "virtio"}:
        found["model"] = device.model
    if device.vlan_id:
        found["vlan"] = device.vlan_id
    if takes_mtu(nic):
        found["mtu"] = device.mtu
    if device.firewall:
        found["firewall"] = True
    return found | (_static(origin, nic.guest) if nic.guest and is_static(nic.guest) else {})


def takes_mtu(nic: Nic) -> bool:
    """PVE sets an MTU on virtio only: 1 (the bridge's), or 576 to 65520."""
    return (
        nic.device.mtu is not None
        and nic.device.model in {None, "virtio"}
        and (nic.device.mtu == 1 or _MTUS[0] <= nic.device.mtu <= _MTUS[1])
    )


def _static(origin: Origin, guest: NetworkConfig) -> dict[str, Any]:
    subnet, gateway = network_of(guest), origin.gateway(guest)
    servers = guest.dns_nameserver or tuple(name for name in origin.terraform.values.cloud_init_config.template.dns_servers if name)
    counted = {"base": str(subnet.network_address), "offset": guest.offset or 0, "prefix": subnet.prefixlen}
    return {
        "static": counted | ({"gateway": str(gateway)} if gateway else {}),
        **({"dns": list(servers)} if servers else {}),
        **({"search": list(guest.dns_search)} if guest.dns_search else {}),
    }


def pool(origin: Origin, role: str) -> dict[str, Any]:
    """One pool a role, with the hardware that its machines have now."""
    hardware, own = origin.terraform.values.hardware_of(role), origin.terraform.values.hardware_of("controlplane")
    return {
        "name": f"{ROLES[role]}s",
        "role": ROLES[role],
        "machines": [{"name": vm.name, "hostname": vm.full_name} for vm in origin.of(role)],
        "vm_id_start": hardware.vm_id_start,
        "cores": hardware.cpu_cores,
        "cpu": hardware.cpu_type,
        "memory": size(hardware.mem_dedicated),
        "disk": f"{hardware.disk_size}GiB",
        **({} if hardware.disk_datastore == own.disk_datastore else {"disk_datastore": hardware.disk_datastore}),
        "disk_interface": "virtio0",
        **_hardware(hardware),
        **({"cloud_init": {"packages": extra}} if (extra := _extra_packages(origin, role)) else {}),
    }


def _hardware(hardware: VmConfig) -> dict[str, Any]:
    """What differs from Stardock's defaults."""
    return {
        "balloon": size(hardware.mem_floating) if hardware.mem_floating else 0,
        "chipset": "i440fx",
        "serial": False,
        **({} if hardware.stop_on_destroy else {"stop_on_destroy": False}),
        **({"pve_pool": hardware.pool_id} if hardware.pool_id else {}),
        **({} if hardware.qemu_agent_enabled else {"agent": {"enabled": False}}),
    }


def size(mib: int) -> str:
    """In the unit that a person would write."""
    return f"{mib}MiB" if mib % _GIB else f"{mib // _GIB}GiB"


def maintenance(origin: Origin) -> dict[str, Any]:
    """The windows; what is no hour, minute or span is told by `notes` and left to the default."""
    template = origin.terraform.values.cloud_init_config.template
    slots, offsets = usable(template.reboot_slots, 24), usable(template.minute_offsets, 60)
    strategy = template.reboot_strategy.lb_nodes
    return {
        **({"slots": slots} if slots else {}),
        **({"offsets": offsets} if offsets else {}),
        **({"duration": template.window_duration} if is_span(template.window_duration) else {}),
        **({"strategy": strategy} if strategy in STRATEGIES else {}),
    }


def usable(numbers: tuple[int, ...], end: int) -> list[int]:
    """The numbers from 0 up to `end`, each once."""
    return [number for number in dict.fromkeys(numbers) if 0 <= number < end]


def is_span(text: str) -> bool:
    """Hours and minutes, as Stardock takes them: at least a minute, at most a day."""
    found = re.fullmatch(r"(?:(\d{1,2})h)?(?:(\d{1,4})m)?", text)
    minutes = int(found[1] or 0) * 60 + int(found[2] or 0) if found else 0
    return 0 < minutes <= 24 * 60
