"""Plan and facts to an inventory: groups, what all machines share, and what each one needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from stardock.addons import kube_vip, longhorn
from stardock.bundle import kubernetes
from stardock.bundle.addons import addon_variables
from stardock.bundle.balancing import own_variables, shared_variables
from stardock.bundle.cni import network_files
from stardock.bundle.groups import groups
from stardock.bundle.host import host_variables
from stardock.bundle.machine import journal_file, machine_variables
from stardock.bundle.mesh import mesh_files, own_mesh, shared_mesh
from stardock.bundle.proxy import downloader, proxy_files
from stardock.bundle.registries import registry_files
from stardock.bundle.reservation import reservation
from stardock.bundle.snapshots import snapshot_files
from stardock.bundle.ssh import own_arguments, shared_arguments
from stardock.distributions import Kubernetes, distribution
from stardock.distributions.authentication import configuration
from stardock.distributions.cidrs import is_dual_stack
from stardock.distributions.founding import founding_keys
from stardock.distributions.hardening import kernel_settings, needs_etcd_user
from stardock.distributions.own_options import merged
from stardock.errors import ConditionError
from stardock.model.api import Endpoint, https
from stardock.model.facts import Facts, address_of, ipv6_of, reached_at
from stardock.model.host import Host, Member
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.systems import system, system_of

Variables = dict[str, Any]


def inventory_files(plan: Plan, facts: Facts, left_out: Collection[str] = ()) -> dict[str, Variables]:
    """All files of the inventory: name -> content; those that are left out are in it by name only.

    `ConditionError` when the address of any other machine is not known.
    """
    asked = [member for member in plan.members if member.name not in left_out]
    addresses = {machine.name: address_of(machine, facts) for machine in asked}
    unknown = [name for name, address in addresses.items() if address is None]
    if unknown:
        raise ConditionError(
            f"no address is known for {', '.join(unknown)}",
            cure="run `runner deploy`, or where the machines exist already `runner discover`: they are asked through Proxmox",
        )
    known = {name: address for name, address in addresses.items() if address}
    ipv6 = _second_addresses(plan, facts, asked)
    shared = shared_variables(plan, known)
    servers = "group_vars/server.yml"
    # hosts are servers, too, and carry no virtual address
    carried = shared.pop(servers, {}) if any(host.role == "server" for host in plan.hosts) else {}
    return {
        "hosts.yml": {"all": {"children": groups(plan, left_out)}},
        "group_vars/all.yml": _all(plan, facts, known),
        **shared,
        servers: {**shared.get(servers, {}), **addon_variables(plan)},
        **{
            f"host_vars/{member.name}.yml": {**_host(plan, facts, member, known, ipv6), **(carried if member in plan.carriers else {})}
            for member in asked
        },
    }


def _second_addresses(plan: Plan, facts: Facts, asked: Iterable[Member]) -> dict[str, str]:
    """IPv6 addresses of the nodes of a dual-stack cluster; of any other cluster nobody asks for them. `ConditionError` for unknown ones."""
    if not is_dual_stack(plan.distribution.options):
        return {}
    found = {machine.name: ipv6_of(machine, facts) for machine in asked if machine.role != "loadbalancer"}
    unknown = [name for name, address in found.items() if address is None]
    if unknown:
        message = f"the cluster is dual stack, and no IPv6 address is known for {', '.join(unknown)}"
        raise ConditionError(message, cure="run `runner discover`; does their network have a router that advertises, or DHCPv6?")
    return {name: address for name, address in found.items() if address}


def _all(plan: Plan, facts: Facts, addresses: dict[str, str]) -> Variables:
    options, version = plan.distribution.options, plan.distribution.version
    own = distribution(plan.distribution.name)
    endpoint = plan.endpoint or Endpoint(host=addresses[plan.founder], api_port=own.api_port, supervisor_port=own.supervisor_port)
    return {
        "ansible_user": plan.ssh.user,
        "ansible_port": plan.ssh.port,
        "ansible_python_interpreter": "/usr/bin/python3",
        **shared_arguments(plan),
        "founding_cluster": plan.cluster,
        "founding_founder": plan.founder,
        "founding_known": facts.founded.ca_sha256 if facts.founded else "",
        "kubeconfig_cluster": plan.cluster,
        "kubeconfig_server": https(endpoint.host, endpoint.api_port),
        **_probed(plan),
        **kubernetes.facts(own),
        "kubernetes_authentication": configuration(options, version, plan.api_server.issuers),
        "kubernetes_server_files": kubernetes.api_server_files(plan),
        "kubernetes_etcd_user": needs_etcd_user(options),
        "kubernetes_founding_keys": list(founding_keys(own)),
        "kubernetes_former_kube_vip": kube_vip.former_manifest(plan),
        "kubernetes_has_network": own.has_network(options),
        "kubernetes_version": version,
        "kubernetes_url": plan.distribution.url or own.archive_url(version),
        "kubernetes_sha256": plan.distribution.sha256 or "",
        **_every_image(plan, own),
        "kubernetes_downloader": downloader(plan),
        "machine_downloader": downloader(plan),
        **shared_mesh(plan, facts),
    }


def _every_image(plan: Plan, own: Kubernetes) -> Variables:
    """Of all processors, where hosts may have others than machines."""
    patterns = list(dict.fromkeys((own.image_archives, own.files_for("arm64").images)))
    return {"kubernetes_every_image_archives": patterns} if plan.hosts else {}


def _probed(plan: Plan) -> Variables:
    """What is to answer once the first server does, and is set up by nobody of ours: something that exists already, or kube-vip."""
    if plan.endpoint is None or (plan.load_balancing and plan.load_balancing.by == "keepalived"):
        return {}
    return {
        "endpoint_host": plan.endpoint.host,
        "endpoint_ports": _asked_ports(plan.endpoint, distribution(plan.distribution.name)),
        "endpoint_supervisor_port": plan.endpoint.supervisor_port,
        "endpoint_exists": plan.external is not None,
    }


def _asked_ports(endpoint: Endpoint, own: Kubernetes) -> list[int]:
    """Those that are told to people and servers; and the servers' own, where agents of two ports ask (`stardock.bundle.balancing`)."""
    agents = [] if own.supervisor_port == own.api_port else [own.api_port, own.supervisor_port]
    return list(dict.fromkeys([endpoint.api_port, endpoint.supervisor_port, *agents]))


def _host(plan: Plan, facts: Facts, machine: Member, addresses: dict[str, str], ipv6: Mapping[str, str]) -> Variables:
    own = distribution(plan.distribution.name)
    options = merged(plan.distribution.options, machine.options)
    if isinstance(machine, Host):
        mine = host_variables(plan, machine, own, options)
    else:
        mine = {**machine_variables(machine, own, options), **own_variables(plan, machine, addresses)}
    common = {"ansible_host": reached_at(machine, facts), **own_arguments(plan, machine.name), **mine, **own_mesh(plan, machine, addresses)}
    clear, secret = proxy_files(plan, facts, machine)
    common["machine_files"] += [*clear, journal_file(plan), *mesh_files(plan)]
    common["machine_secret_files"] += secret
    if machine.role == "loadbalancer":
        return common
    clear, secret = registry_files(plan, machine)
    common["machine_files"] += [*clear, _kernel_file(plan), *longhorn.node_files(plan, machine)]
    common["machine_secret_files"] += secret
    if machine.role == "server":
        clear, secret = snapshot_files(plan)
        if isinstance(machine, Machine):
            common["machine_files"] += kube_vip.network_files(plan, machine, [file["path"] for file in common["machine_files"]])
        common["machine_files"] += [*clear, *network_files(plan), *kube_vip.server_files(plan)]
        common["machine_secret_files"] += secret
    node, wanted = kubernetes.node(plan, machine), plan.distribution
    base = system(machine.image.system).policy if isinstance(machine, Machine) else None
    confined = own.confinement.variables(base, wanted.selinux_policy_url, wanted.selinux_policy_sha256) if machine.selinux else {}
    return {
        **common,
        **confined,
        "machine_packages": [*common["machine_packages"], *(each["name"] for each in confined.get("machine_fetched_packages", ()))],
        "machine_storage_units": list(system_of(machine).storage_units(plan.storage_clients)),
        "kubernetes_config": kubernetes.config(plan, machine, addresses, ipv6),
        "kubernetes_reservation": reservation(plan, machine),
        "kubernetes_node": kubernetes.existing(node),
        "kubernetes_registration": kubernetes.registration(node),
        "kubernetes_join_address": kubernetes.join_address(plan, machine, addresses),
    }


def _kernel_file(plan: Plan) -> dict[str, str]:
    """What a profile demands of the kernel; where none does, the file of before goes."""
    settings, path = kernel_settings(plan.distribution.options), distribution(plan.distribution.name).sysctl_file
    if not settings:
        return {"path": path, "state": "absent"}
    return {"path": path, "content": "".join(f"{key} = {value}\n" for key, value in settings.items()), "applies": "sysctl"}
