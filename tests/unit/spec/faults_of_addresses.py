"""The VIP, gateways and addresses as they cannot be."""

from __future__ import annotations

from tests.unit.spec.conftest import Case

ADDRESSES: dict[str, Case] = {
    "vip_equal_to_a_gateway": (
        ("vip: 192.168.1.40", "vip: 192.168.1.1"),
        "vip:",
        "network.vip",
        "the VIP 192.168.1.1 is the gateway",
        "nobody",
    ),
    "vip_equal_to_a_pve_node": (
        ("vip: 192.168.1.40", "vip: 192.168.1.11"),
        "vip:",
        "network.vip",
        "the address of PVE node `pve2`",
        "nobody",
    ),
    "vip_outside_of_its_subnet": (
        ("vip: 192.168.1.40", "vip: 192.168.2.40"),
        "vip:",
        "network.vip",
        "192.168.2.40 lies outside of 192.168.1.0/24",
        "free",
    ),
    "vip_is_the_broadcast_address": (
        ("vip: 192.168.1.40", "vip: 192.168.1.255"),
        "vip:",
        "network.vip",
        "broadcast address of 192.168.1.0/24",
        "free",
    ),
    "vip_missing_with_load_balancers": (("  vip: 192.168.1.40\n", ""), "network:", "network.vip", "no virtual IP", "vip: ADDRESS"),
    "vip_interface_that_is_none": (
        ("vip: 192", "vip_interface: eth0\n  vip: 192"),
        "eth0",
        "network.vip_interface",
        "no interface `eth0`",
        "ens18",
    ),
    "gateway_outside_of_its_subnet": (
        ("gateway: 192.168.1.1", "gateway: 192.168.7.1"),
        "192.168.7.1",
        "network.loadbalancer[0].static.gateway",
        "outside of 192.168.1.0/24",
        "write",
    ),
    "gateway_is_the_network_address": (
        ("gateway: 192.168.1.1", "gateway: 192.168.1.0"),
        "gateway: 192.168.1.0",
        "network.loadbalancer[0].static.gateway",
        "network address",
        "write",
    ),
    "address_outside_of_its_subnet": (
        ("[agent1]", "[{name: agent1, addresses: {ens18: 10.0.0.1}}]"),
        "10.0.0.1",
        "pools[2].machines[0].addresses.ens18",
        "10.0.0.1 lies outside of 192.168.1.0/24",
        "write",
    ),
    "address_is_the_broadcast_address": (
        ("[agent1]", "[{name: agent1, addresses: {ens18: 192.168.1.255}}]"),
        "1.255",
        "pools[2].machines[0].addresses.ens18",
        "broadcast address",
        "write",
    ),
    "address_of_an_interface_that_is_none": (
        ("[agent1]", "[{name: agent1, addresses: {eth0: 192.168.1.9}}]"),
        "eth0",
        "pools[2].machines[0].addresses.eth0",
        "no interface `eth0`",
        "ens18",
    ),
    "address_with_a_prefix": (
        ("vip: 192.168.1.40", "vip: 192.168.1.40/24"),
        "vip:",
        "network.vip",
        "not an IPv4 address",
        "write 192.168.1.40, without its prefix",
    ),
    "address_of_version_6": (("vip: 192.168.1.40", "vip: fd00::1"), "vip:", "network.vip", "not an IPv4 address", "only IPv4"),
    "prefix_33": (
        ("prefix: 24", "prefix: 33"),
        "prefix: 33",
        "network.loadbalancer[0].static.prefix",
        "prefix 33 is outside of 1 to 30",
        "24",
    ),
    "dhcp_and_static": (
        ("bridge: vmbr0", "bridge: vmbr0\n      dhcp: true"),
        "- name: ens18",
        "network.loadbalancer[0]",
        "exclude each other",
        "delete",
    ),
}
