"""`mesh` and `site`: each key as it cannot be, a network that meets another, pods that would go elsewhere."""

from __future__ import annotations

from tests.unit.spec.conftest import Case
from tests.unit.spec.faults_of_estate import LAST
from tests.unit.spec.faults_of_plain_values import last

NETWORK = "network: 10.98.0.0/24"


def mesh(words: str, key: str, message: str, cure: str) -> Case:
    """Further words of one that is sound without them."""
    return last(f"mesh: {{{NETWORK}, {words}}}", f"mesh.{key}", message, cure)


def network(text: str, message: str, cure: str) -> Case:
    """One of another network."""
    return last(f"mesh: {{network: {text}}}", "mesh.network", message, cure)


def beside(text: str, line: str, key: str, message: str, cure: str) -> Case:
    """A sound mesh, and something else that does not go with it."""
    return (LAST, f"{LAST}\nmesh: {{{NETWORK}}}\n{text}"), line, key, message, cure


MESH: dict[str, Case] = {
    "mesh_without_a_network": last("mesh: {port: 51830}", "mesh.network", "`network` is missing", "add `network: ...`"),
    "mesh_by_its_network_alone": last("mesh: 10.98.0.0/24", "mesh", "is not a mapping", "write {network: 10.98.0.0/24}"),
    "mesh_switched_on": last("mesh: true", "mesh", "true is not a mapping", "write {network: 10.98.0.0/24}"),
    "mesh_switched_off": last("mesh: false", "mesh", "false is not a mapping", "delete it"),
    "mesh_site_by_its_name": mesh("sites: home", "sites", "`home` is not a list", "write"),
    "mesh_of_two_sites_of_one_name": (
        (LAST, f"{LAST}\nmesh: {{{NETWORK}, sites: [{{name: home}}, {{name: home}}]}}"),
        "mesh:",
        "mesh.sites[1].name",
        "two sites are named `home`",
        "another name",
    ),
    "mesh_network_that_is_none": network("home", "is not a network", "10.20.0.0/16"),
    "mesh_network_of_ipv6": network("'fd00::/64'", "is IPv6, and nodes know each other by IPv4", "10.98.0.0/24"),
    "mesh_network_of_two": network("10.98.0.0/31", "outside of /8 to /29", "10.98.0.0/24"),
    "mesh_network_without_room": network("10.98.0.0/30", "outside of /8 to /29", "10.98.0.0/24"),
    "mesh_network_of_machines": network("192.168.1.0/24", "meets 192.168.1.0/24, that of machines", "10.98.0.0/24"),
    "mesh_network_of_pods": network("10.42.0.0/24", "meets 10.42.0.0/16, the network of pods", "10.98.0.0/24"),
    "mesh_network_of_services": network("10.43.7.0/24", "meets 10.43.0.0/16, the network of services", "10.98.0.0/24"),
    "mesh_network_of_load_balancers": (
        (LAST, f"{LAST}\nmesh: {{{NETWORK}}}\naddons: {{metallb: {{pools: [{{name: a, addresses: [10.98.0.128/25]}}]}}}}"),
        "mesh:",
        "mesh.network",
        "meets 10.98.0.128/25, addresses of Services (pool a)",
        "10.98.0.0/24",
    ),
    "mesh_network_of_a_host": (
        (LAST, f"{LAST}\nmesh: {{{NETWORK}}}\nhosts: [{{name: pi1, role: agent, address: 10.98.0.77, system: debian}}]"),
        "mesh:",
        "mesh.network",
        "holds 10.98.0.77, the address of `pi1`",
        "10.98.0.0/24",
    ),
    "mesh_port_of_flannel": mesh("port: 51820", "port", "UDP port 51820 is flannel's WireGuard", "51830"),
    "mesh_port_of_vxlan": mesh("port: 8472", "port", "UDP port 8472 is flannel's VXLAN", "51830"),
    "mesh_port_of_node_ports": mesh("port: 31000", "port", "UDP port 31000 is NodePorts'", "51830"),
    "mesh_port_that_is_none": mesh("port: 70000", "port", "port 70000 is outside of 1 to 65535", ""),
    "mesh_mtu_too_small": mesh("mtu: 1200", "mtu", "MTU 1200 is outside of 1280 to 8920", "1420"),
    "mesh_mtu_in_words": mesh("mtu: small", "mtu", "`small` is not a whole number", ""),
    "mesh_keepalive_never": mesh("keepalive: 0", "keepalive", "keepalive (seconds) 0 is outside of 5 to 600", "25"),
    "mesh_keepalive_with_a_unit": mesh("keepalive: 25s", "keepalive", "`25s` is not a whole number", ""),
    "mesh_site_without_a_name": mesh("sites: [{nat: true}]", "sites[0].name", "`name` is missing", "add `name: ...`"),
    "mesh_site_of_a_name_that_is_none": mesh("sites: [{name: Home_1}]", "sites[0].name", "is not a name", "home"),
    "mesh_site_nat_in_words": mesh("sites: [{name: home, nat: maybe}]", "sites[0].nat", "`maybe` is not true or false", ""),
    "mesh_endpoint_without_a_port": mesh(
        "sites: [{name: home, endpoints: {server1: home.example.org}}]",
        "sites[0].endpoints.server1",
        "`home.example.org` is not HOST:PORT",
        'write for example "home.example.org:51830"',
    ),
    "mesh_endpoint_of_a_url": mesh(
        "sites: [{name: home, endpoints: {server1: 'udp://x:1'}}]",
        "sites[0].endpoints.server1",
        "is not HOST:PORT",
        "home.example.org:51830",
    ),
    "mesh_endpoint_that_would_run": mesh(
        "sites: [{name: home, endpoints: {server1: 'x;id:51830'}}]", "sites[0].endpoints.server1", "is not HOST:PORT", "home.example.org"
    ),
    "mesh_key_that_is_a_secret": mesh("private_key: x", "private_key", "unknown key `private_key`", "it belongs to `ssh`"),
    "site_of_a_pool_without_a_mesh": (
        ("count: 2", "count: 2\n    site: home"),
        "site:",
        "pools[0].site",
        "site `home` is a place of a mesh, and there is none",
        "add `mesh: {",
    ),
    "site_of_a_host_without_a_mesh": last(
        "hosts: [{name: pi1, role: agent, address: 192.168.1.99, system: debian, site: home}]",
        "hosts[0].site",
        "site `home` is a place of a mesh, and there is none",
        "add `mesh: {",
    ),
    "site_of_a_machine_without_a_mesh": (
        ("machines: [agent1]", "machines: [{name: agent1, site: home}]"),
        "site: home",
        "pools[2].machines[0].site",
        "site `home` is a place of a mesh, and there is none",
        "add `mesh: {",
    ),
    "site_that_is_no_name": (("count: 2", "count: 2\n    site: 'at home'"), "site:", "pools[0].site", "is not a name of a site", "home"),
    "mesh_and_pods_by_another_interface": beside(
        "cni: {interface: ens18}", "cni:", "cni.interface", "pods of different nodes meet over `stardock0`", "delete it"
    ),
    "mesh_and_encrypted_twice": beside("cni: {encryption: wireguard}", "cni:", "cni.encryption", "the mesh encrypts already", "delete it"),
    "mesh_and_servers_by_name": beside(
        "api: {haproxy: {by_name: true}}",
        "api:",
        "api.haproxy.by_name",
        "name servers know servers' own addresses, and haproxy leads to those in the mesh",
        "delete it",
    ),
    "mesh_and_pods_without_a_tunnel": beside(
        "cni: {values: {flannel: {backend: host-gw}}}",
        "cni:",
        "cni.values.flannel.backend",
        "packets of pods go between nodes in a tunnel of the plugin's",
        "delete it, or write vxlan",
    ),
}
