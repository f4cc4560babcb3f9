"""What Stardock does otherwise than starbase, and what is left for a person."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.importers.notes import Kind, Note
from stardock.importers.starbase.origin import Origin
from stardock.importers.starbase.sections import MISSING_ENDPOINT
from stardock.importers.starbase.variables import Ansible, Haproxy, Keepalived
from stardock.spec.api import BALANCES


def differences(origin: Origin) -> Iterator[Note]:
    """Every difference that the user would notice, or miss."""
    yield from _allocation(origin)
    yield from _first_boot(origin)
    yield from _hardware(origin)
    yield from _ansible(origin)


def to_do(origin: Origin, cluster_file: str) -> Iterator[Note]:
    """What only a person knows or may do."""
    access = origin.terraform.values.cloud_provider
    if not access.endpoint:
        yield Note(Kind.TO_DO, f"write the URL of the API in the place of {MISSING_ENDPOINT}", cluster_file)
    yield Note(Kind.TO_DO, "export PROXMOX_VE_API_TOKEN: tokens are never in a file of Stardock's")
    if origin.of("loadbalancer") and not (origin.ansible.values.keepalived.virtual_ip or "").strip():
        yield origin.ansible.note(Kind.TO_DO, "no VIP is known: write `network: {vip: ADDRESS}`", "keepalived", "virtual_ip")
    yield from _files(origin)
    yield Note(Kind.TO_DO, "write `distribution.version` as `rke2 --version` tells it on a server: starbase pins none")
    message = (
        "put starbase's terraform.tfstate away when Stardock has taken over: its `terraform apply` and `destroy` still reach these VMs"
    )
    yield Note(Kind.TO_DO, message)
    yield Note(Kind.TO_DO, "leave starbase's snippets on the PVE nodes: these VMs do not start without them until each is replaced once")


def _files(origin: Origin) -> Iterator[Note]:
    """What starbase's roles wrote and Stardock has no key for: the next machine comes up without it."""
    values, note = origin.ansible.values, origin.ansible.note
    where = "under `cloud_init.user_data.write_files`: the nodes that exist keep theirs, and new machines have none"
    if values.rke2_config.embedded_registry.enabled:
        mirrors = ", ".join(values.rke2_config.embedded_registry.mirrors)
        message = f"the mirrors of the embedded registry ({mirrors}) are not taken over: write /etc/rancher/rke2/registries.yaml {where}"
        yield note(Kind.TO_DO, message, "rke2_config", "embedded_registry", "mirrors")
    if values.rke2_proxy.enable_proxy:
        files = "/etc/default/rke2-server and /etc/default/rke2-agent"
        yield note(Kind.TO_DO, f"the proxy is not taken over: write {files} {where}", "rke2_proxy")


def _other(origin: Origin, message: str, *keys: str | int) -> Note:
    return origin.terraform.note(Kind.OTHERWISE, message, *keys)


def _allocation(origin: Origin) -> Iterator[Note]:
    declared = list(origin.terraform.values.vms.controlplane.nodes)
    if declared != sorted(declared):
        yield _other(origin, "machines are listed in the order of their keys, by which starbase counted", "vms", "controlplane", "nodes")
    nodes = list(origin.terraform.values.available_nodes)
    if nodes != sorted(nodes):
        message = "PVE nodes are listed in the order of their names, by which starbase placed; its documents promise the order of the file"
        yield _other(origin, message, "available_nodes")
    yield _other(origin, "from now on the lock keeps id, PVE node and addresses of each name: new names move nobody", "vms")


def _first_boot(origin: Origin) -> Iterator[Note]:
    template, keys = origin.terraform.values.cloud_init_config.template, ("cloud_init_config", "template")
    yield _other(
        origin,
        "windows: in order within a role; starbase took the hour by the place among all VMs and a random minute",
        *keys,
        "reboot_slots",
    )
    if template.hashed_password:
        message = "root's password hash is not taken over; an account with one: `cloud_init.users`, `password_hash: {env: NAME}`"
        yield _other(origin, message, *keys, "hashed_password")
    message = (
        "starbase's switch leaves transactional-update to reboot Kubernetes machines undrained; Stardock's stage `machines` sets a method"
    )
    yield _other(origin, message, *keys, "disable_rebootmgr")
    image = "a new download for machines that will be made; those that exist keep their disk. `runner image pin` holds it to a checksum"
    yield _other(origin, image, "image_download_config", "url")


def _hardware(origin: Origin) -> Iterator[Note]:
    message = "tags, description, startup order and OS type `l26` are set by the first deploy, without a restart"
    yield _other(origin, message, "controlplane_vm_config")
    servers = origin.terraform.values.hardware_of("controlplane")
    if servers.mem_floating:
        message = "balloons stay as they are; Stardock's own servers have none, since etcd stalls when memory goes (`balloon: 0`)"
        yield _other(origin, message, "controlplane_vm_config", "mem_floating")


def _ansible(origin: Origin) -> Iterator[Note]:
    values, note = origin.ansible.values, origin.ansible.note
    kind = Kind.OTHERWISE
    yield note(
        kind, "RKE2 comes from its release, pinned, not from the distribution's packages; the change on running nodes was never tried"
    )
    yield from _balancers(origin, values)


def _balancers(origin: Origin, values: Ansible) -> Iterator[Note]:
    note, kind = origin.ansible.note, Kind.OTHERWISE
    for key, instead in (("api_port", "port"), ("registration_port", "supervisor_port")):
        if getattr(values.haproxy, key) != getattr(Haproxy(), key):
            message = f"haproxy.{key} is the servers' own, {getattr(Haproxy(), key)}; `api.{instead}` is a further one"
            yield note(kind, message, "haproxy", key)
    if values.haproxy.balance_algorithm not in BALANCES:
        yield note(
            kind, f"haproxy balances by {BALANCES[0]}: {values.haproxy.balance_algorithm} is of HTTP", "haproxy", "balance_algorithm"
        )
    if values.keepalived.priority or values.keepalived.unicast_peers or values.keepalived_unicast_peers:
        message = "VRRP priorities and unicast peers are worked out by Stardock; `api.keepalived.priorities` are those by hand"
        yield note(kind, message, "keepalived", "priority")
    if not values.keepalived.unicast_enabled:
        message = "VRRP goes to the other load balancers alone; `api: {keepalived: {mode: multicast}}` is as it was"
        yield note(kind, message, "keepalived", "unicast_enabled")
    if values.keepalived.virtual_ip_prefix != Keepalived().virtual_ip_prefix:
        yield note(kind, "the VIP's prefix is that of its interface", "keepalived", "virtual_ip_prefix")
