"""Interfaces as they cannot be: MTU, gateways, routes, IPv6, MACs."""

from __future__ import annotations

from tests.unit.spec.conftest import Case

BRIDGE = "bridge: vmbr0"
VERSION = "v1.36.5+rke2r1"
DUAL = 'cluster-cidr: "10.42.0.0/16,fd42::/56", service-cidr: "10.43.0.0/16,fd43::/112"'
NIC = "network.loadbalancer[0]"
IPV6 = 'ipv6: {static: {base: "fd00:10::", offset: 16, prefix: 64}}'
#: Two interfaces, each with a gateway of IPv6.
SECOND_WAY_OUT = """search: [home.arpa]
      ipv6: {static: {base: "fd00:10::", gateway: "fe80::1"}}
    - static: {base: 10.0.0.0}
      ipv6: {static: {base: "fd00:20::", gateway: "fd00:20::1"}}
  server:"""


def nic(lines: str, blamed: str, path: str, message: str, cure: str) -> Case:
    """Lines more on the load balancers' interface."""
    return (BRIDGE, f"{BRIDGE}\n      {lines}"), blamed, f"{NIC}{path}", message, cure


def route(words: str, path: str, message: str, cure: str, lines: str = "mtu: 1500") -> Case:
    """A route of that interface."""
    return nic(f"{lines}\n      routes: [{{{words}}}]", words, f".routes[0].{path}", message, cure)


def second(lines: str, blamed: str, path: str, message: str, cure: str) -> Case:
    """A second interface of the load balancers."""
    edit = ("search: [home.arpa]\n  server:", f"search: [home.arpa]\n    - bridge: vmbr1\n      {lines}\n  server:")
    return edit, blamed, f"network.loadbalancer[1]{path}", message, cure


def agent(words: str, path: str, message: str, cure: str) -> Case:
    """Words of the machine agent1."""
    return ("[agent1]", f"[{{name: agent1, {words}}}]"), words, f"pools[2].machines[0].{path}", message, cure


def options(words: str, key: str, message: str, cure: str) -> Case:
    """Options of the distribution."""
    return (f"version: {VERSION}", f"version: {VERSION}\n  options: {{{words}}}"), words, f"distribution.options.{key}", message, cure


NETWORK: dict[str, Case] = {
    "bridge_of_40_characters": (
        (BRIDGE, f"bridge: {'b' * 40}"),
        "bridge",
        f"{NIC}.bridge",
        f"`{'b' * 40}` is not a bridge (1 to 15 of",
        "vmbr0",
    ),
    "bridge_with_an_option_of_pve": (
        (BRIDGE, "bridge: 'vmbr0,tag=5'"),
        "bridge",
        f"{NIC}.bridge",
        "`vmbr0,tag=5` is a VLAN of a bridge, not a bridge",
        "write vmbr0, and beside it `vlan: 5`",
    ),
    "zone_of_nine_letters": nic("zone: kubernetes", "zone", ".zone", "`kubernetes` is not an SDN zone of PVE (2 to 8", "kube"),
    "trunks_as_a_list": nic(
        "trunks: [10, 20]", "trunks", ".trunks", "[10, 20] is no list of VLANs as PVE takes it", 'write "10;20", in quotes'
    ),
    "trunks_with_commas": nic(
        "trunks: 10,20", "trunks", ".trunks", "`10,20` is no list of VLANs as PVE takes it", 'write "10;20", in quotes'
    ),
    "trunks_in_words": nic("trunks: all", "trunks", ".trunks", "`all` is no list of VLANs as PVE takes it", "between `;`"),
    "zone_of_no_vnet": nic("zone: localnetwork", "zone", ".zone", "`localnetwork` stands for bridges of a PVE node", "delete the line"),
    "trunks_to_4095": nic('trunks: "10;4000-4095"', "trunks", ".trunks", "VLAN 4095 is outside of 1 to 4094", "1 to 4094"),
    "trunks_from_0": nic('trunks: "0-10"', "trunks", ".trunks", "VLAN 0 is outside of 1 to 4094", "1 to 4094"),
    "trunks_backwards": nic('trunks: "35-30"', "trunks", ".trunks", "the range 35-30 of VLANs ends before it begins", "write 30-35"),
    "vlan_in_its_trunks": nic(
        'vlan: 10\n      trunks: "10-12"', "name: ens18", "", "VLAN 10 is in `trunks` and under `vlan`", "take 10 out of `trunks`"
    ),
    "vlan_4095": nic("vlan: 4095", "vlan", ".vlan", "VLAN 4095 is outside of 1 to 4094", "delete the line"),
    "firewall_in_words": nic("firewall: 'on'", "firewall", ".firewall", "`on` is not true or false", "write true"),
    "model_that_is_none": nic("model: virtoi", "model", ".model", "`virtoi` is not one of virtio, e1000", "did you mean `virtio`?"),
    "dhcp_that_is_no_truth": nic("dhcp: Static", "dhcp", ".dhcp", "`Static` is not true or false", "without quotes"),
    "static_without_a_base": (
        ("{base: 192.168.1.0, offset: 41, ", "{offset: 41, "),
        "offset: 41",
        f"{NIC}.static.base",
        "`base` is missing",
        "add `base",
    ),
    "mtu_of_two": nic("mtu: 2", "mtu: 2", ".mtu", "MTU 2 is outside of 576 to 65520", "1 for the bridge's"),
    "mtu_past_the_last": nic("mtu: 65521", "mtu", ".mtu", "MTU 65521 is outside of 576 to 65520", "1 for the bridge's"),
    "mtu_on_e1000": nic("model: e1000\n      mtu: 1400", "mtu: 1400", ".mtu", "MTU 1400 on e1000", "virtio"),
    "mtu_below_1280_with_ipv6": nic(f"mtu: 1279\n      {IPV6}", "mtu: 1279", ".mtu", "MTU 1279 is below 1280", "1280 or more"),
    "second_gateway": second(
        "static: {base: 10.0.0.0, gateway: 10.0.0.1}",
        "10.0.0.1",
        ".static.gateway",
        "a second gateway, 10.0.0.1 of `ens19` beside 192.168.1.1 of `ens18`",
        "`metric`",
    ),
    "second_gateway_of_ipv6": (
        (
            "search: [home.arpa]\n  server:",
            SECOND_WAY_OUT,
        ),
        "fd00:20::1",
        "network.loadbalancer[1].ipv6.static.gateway",
        "a second gateway, fd00:20::1 of `ens19` beside fe80::1 of `ens18`",
        "`metric`",
    ),
    "metric_without_a_default_route": second(
        "static: {base: 10.0.0.0}\n      metric: 9",
        "metric: 9",
        ".metric",
        "metric 9 is of a default route, and `ens19` has none",
        "`gateway`",
    ),
    "equal_metrics": (
        (
            "search: [home.arpa]\n  server:",
            "search: [home.arpa]\n      metric: 9\n    - {static: {base: 10.0.0.0, gateway: 10.0.0.1}, metric: 9}\n  server:",
        ),
        "metric: 9",
        "network.loadbalancer[1].metric",
        "`ens19` and `ens18` have the same metric 9",
        "the lower one wins",
    ),
    "metric_of_zero": nic("metric: 0", "metric: 0", ".metric", "metric 0 is outside of 1 to 4294967295", "2000"),
    "ipv6_gateway_outside_of_its_subnet": nic(
        'ipv6: {static: {base: "fd00:10::", gateway: "fd00:11::1"}}',
        "fd00:11::1",
        ".ipv6.static.gateway",
        "gateway fd00:11::1 lies outside of fd00:10::/64",
        "write an address of fd00:10::/64",
    ),
    "ipv6_gateway_on_the_anycast_address": nic(
        'ipv6: {static: {base: "fd00:10::", gateway: "fd00:10::"}}',
        "fd00:10::",
        ".ipv6.static.gateway",
        "gateway fd00:10:: is the anycast address of the routers of fd00:10::/64",
        "write an address",
    ),
    "ipv6_prefix_129": nic(
        'ipv6: {static: {base: "fd00:10::", prefix: 129}}', "129", ".ipv6.static.prefix", "prefix 129 is outside of 1 to 126", "64"
    ),
    "ipv6_base_of_version_4": nic(
        "ipv6: {static: {base: 10.0.0.0}}", "10.0.0.0", ".ipv6.static.base", "`10.0.0.0` is not an IPv6 address", "fd00"
    ),
    "ipv6_base_with_a_prefix": nic(
        'ipv6: {static: {base: "fd00::/64"}}', "fd00::/64", ".ipv6.static.base", "not an IPv6 address", 'write "fd00::" here'
    ),
    "ipv6_base_link_local": nic(
        'ipv6: {static: {base: "fe80::"}}', "fe80::", ".ipv6.static.base", "fe80:: is a link-local address", "fd00:10::"
    ),
    "base_multicast": second("static: {base: 239.0.0.0}", "239", ".static.base", "239.0.0.0 is a multicast address", "192.168.1.0"),
    "ipv6_two_ways": nic("ipv6: {slaac: true, dhcp: true}", "ipv6", ".ipv6", "not slaac and dhcp", "{slaac: true}"),
    "ipv6_no_way": nic("ipv6: {}", "ipv6", ".ipv6", "exactly one of slaac, dhcp and static, not none", "delete `ipv6`"),
    "ipv6_name_server_without_ipv6": (
        ("dns: [192.168.1.1]", 'dns: [192.168.1.1, "fd00::53"]'),
        "fd00::53",
        f"{NIC}.dns[1]",
        "the name server fd00::53 is IPv6, and `ens18` has none",
        "add `ipv6",
    ),
    "a_blank_name_server": (
        ("dns: [192.168.1.1]", 'dns: [""]'),
        "dns:",
        f"{NIC}.dns[0]",
        "`` is not an IP address",
        "192.168.1.1",
    ),
    "dns_under_static": (
        ("gateway: 192.168.1.1}", "gateway: 192.168.1.1, dns: [192.168.1.1]}"),
        "dns:",
        f"{NIC}.static.dns",
        "unknown key `dns`",
        "it is of the NIC: write `dns` beside `static`",
    ),
    "route_via_an_unreachable_hop": route(
        "to: 10.9.0.0/16, via: 192.168.2.1",
        "via",
        "next hop 192.168.2.1 lies outside of 192.168.1.0/24, so that `ens18` cannot reach it",
        "write an address of 192.168.1.0/24",
    ),
    "route_via_the_broadcast_address": route(
        "to: 10.9.0.0/16, via: 192.168.1.255", "via", "next hop 192.168.1.255 is the broadcast address", "192.168.1.0/24"
    ),
    "route_of_two_families": route(
        'to: 10.9.0.0/16, via: "fe80::1"', "via", "next hop fe80::1 is IPv6, and 10.9.0.0/16 is IPv4", "write an IPv4 address"
    ),
    "route_of_ipv6_without_ipv6": route(
        'to: "fd00:9::/48", via: "fe80::1"', "to", "fd00:9::/48 is IPv6, and `ens18` has none", "add `ipv6"
    ),
    "route_of_ipv6_via_an_unreachable_hop": route(
        'to: "fd00:9::/48", via: "fd00:11::1"', "via", "next hop fd00:11::1 lies outside of fd00:10::/64", "fd00:10::/64", IPV6
    ),
    "route_that_is_the_default_route": route(
        "to: 0.0.0.0/0, via: 192.168.1.2", "to", "`0.0.0.0/0` is the default route", "`gateway` of `static`"
    ),
    "route_to_the_own_subnet": route(
        "to: 192.168.1.0/24, via: 192.168.1.2", "to", "192.168.1.0/24 is the subnet of `ens18`", "delete the route"
    ),
    "route_with_host_bits": route(
        "to: 10.9.0.1/16, via: 192.168.1.2", "to", "`10.9.0.1/16` has bits set behind its prefix", "write 10.9.0.0/16"
    ),
    "route_to_an_address": route("to: 10.9.0.1, via: 192.168.1.2", "to", "`10.9.0.1` is an address, not a network", "write 10.9.0.1/32"),
    "route_twice": nic(
        "routes: [{to: 10.9.0.0/16, via: 192.168.1.2}, {to: 10.9.0.0/16, via: 192.168.1.3}]",
        "routes",
        ".routes[1]",
        "two routes to 10.9.0.0/16, via 192.168.1.2 (`ens18`) and via 192.168.1.3 (`ens18`)",
        "`metric`",
    ),
    "ipv6_address_without_static_ipv6": agent(
        'ipv6_addresses: {ens18: "fd00::5"}', "ipv6_addresses.ens18", "`ens18` has no static IPv6, so fd00::5 cannot be set", "delete"
    ),
    "ipv6_address_of_an_interface_that_is_none": agent(
        'ipv6_addresses: {eth0: "fd00::5"}', "ipv6_addresses.eth0", "`agent1` has no interface `eth0`", "ens18"
    ),
    "mac_of_an_interface_that_is_none": agent(
        'macs: {eth0: "BC:24:11:00:00:01"}', "macs.eth0", "`agent1` has no interface `eth0`", "ens18"
    ),
    "mac_that_is_none": agent("macs: {ens18: BC-24}", "macs.ens18", "`BC-24` is not a MAC", "BC:24:11:00:00:01"),
    "mac_multicast": agent('macs: {ens18: "01:24:11:00:00:01"}', "macs.ens18", "is a multicast MAC: the first pair is odd", "BC:24"),
    "cluster_cidr_that_is_none": options(
        "cluster-cidr: 10.42.0.1/16", "cluster-cidr", "`10.42.0.1/16` is not a network in CIDR form without host bits", "10.42.0.0/16"
    ),
    "service_cidr_with_ipv6_first": options(
        'cluster-cidr: "10.42.0.0/16,fd42::/56", service-cidr: ["fd43::/112", 10.43.0.0/16]',
        "service-cidr",
        "service-cidr holds IPv6, IPv4; it takes one IPv4 network, or one and an IPv6 network behind it",
        "put that first",
    ),
    "cluster_cidr_without_a_prefix": options(
        "cluster-cidr: 10.0.0.0", "cluster-cidr", "`10.0.0.0` is not a network in CIDR form", "10.42.0.0/16"
    ),
    "dns_outside_of_services": options(
        "cluster-dns: 10.99.0.10", "cluster-dns", "`10.99.0.10` is no address of the network of services (10.43.0.0/16)", "delete it"
    ),
    "cluster_cidr_of_ipv6_alone": options('cluster-cidr: "fd42::/56"', "cluster-cidr", "cluster-cidr holds IPv6; it takes", "first"),
    "dual_stack_of_pods_alone": options(
        'cluster-cidr: "10.42.0.0/16,fd42::/56"',
        "cluster-cidr",
        "cluster-cidr is dual stack and service-cidr is IPv4 alone: 10.43.0.0/16",
        "add an IPv6 network to `service-cidr`",
    ),
    "dual_stack_with_machines_without_ipv6": (
        options(DUAL, "", "", "")[0],
        "- name: ens18",
        "network.server[0]",
        "`ens18`, the first interface of pool servers, has no IPv6",
        "add `ipv6",
    ),
    "machines_inside_of_the_network_of_pods": second(
        "static: {base: 10.42.7.0}", "10.42.7.0", ".static.base", "10.42.7.0/24 overlaps 10.42.0.0/16, the network of pods", "move"
    ),
    "machines_inside_of_the_network_of_services": second(
        "static: {base: 10.43.0.0, prefix: 8}", "10.43", ".static.base", "10.0.0.0/8 overlaps 10.42.0.0/16, the network of pods", "move"
    ),
    "vip_equal_to_the_next_hop_of_a_route": (
        (BRIDGE, f"{BRIDGE}\n      routes: [{{to: 10.9.0.0/16, via: 192.168.1.40}}]"),
        "vip:",
        "network.vip",
        "the VIP 192.168.1.40 is the next hop of a route",
        "nobody",
    ),
}
