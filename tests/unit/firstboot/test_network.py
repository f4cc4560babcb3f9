"""Interfaces written down: the network-config, and the files of systemd-networkd that take its place on Debian."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stardock.bundle.machine import machine_variables
from stardock.firstboot.network import network_config
from stardock.model.machine import ROLES, Interface, Ipv6, Route
from stardock.systems import networkd, system
from tests.machines import interface, machine
from tests.unit.firstboot.shapes import DHCP_BESIDE, DHCPV6, DUAL, SECOND, SHAPES, SLAAC, STANDBY, shaped

pytestmark = pytest.mark.unit


def card(nic: Interface) -> dict[str, Any]:
    found: dict[str, Any] = network_config(machine("server1", "server", 12, interfaces=(nic,)))["config"][0]
    return found


def test_dual_stack_has_a_subnet_a_family_each_with_its_own_routes() -> None:
    found = card(DUAL)
    assert (found["mtu"], found["accept-ra"]) == (9000, False)
    ipv4, ipv6 = found["subnets"]
    assert ipv4["routes"] == [{"destination": "10.9.0.0/16", "gateway": "192.168.1.254", "metric": 50}]
    assert ipv4["dns_nameservers"] == ["192.168.1.1", "fd00:10::53"]
    assert ipv6 == {
        "type": "static",
        "address": "fd00:10::12/64",
        "gateway": "fe80::1",
        "routes": [{"destination": "fd00:9::/48", "gateway": "fd00:10::fe"}],
    }


def test_mtu_1_is_told_to_proxmox_and_not_to_the_guest() -> None:
    assert "mtu" not in card(interface(12, mtu=1))
    assert "MTUBytes" not in networkd.network(interface(12, mtu=1), named=True)


@pytest.mark.parametrize(("nic", "kind", "accepts"), [(SLAAC, "ipv6_slaac", True), (DHCPV6, "dhcp6", True), (SECOND, "static", False)])
def test_slaac_and_dhcpv6_listen_to_routers_and_static_ipv6_does_not(nic: Interface, kind: str, accepts: bool) -> None:
    assert card(nic)["subnets"][1]["type"] == kind
    assert card(nic)["accept-ra"] is accepts
    assert f"IPv6AcceptRA={'yes' if accepts else 'no'}\n" in networkd.network(nic, named=True)


def test_an_interface_without_ipv6_listens_to_no_router_whatever_gives_its_ipv4_address() -> None:
    for nic in (interface(12), DHCP_BESIDE):
        assert card(nic)["accept-ra"] is False
        assert "IPv6AcceptRA=no\n" in networkd.network(nic, named=True)


def test_name_servers_of_a_dhcp_interface_are_also_given_by_its_name() -> None:
    items = network_config(shaped("slaac"))["config"]
    assert items[1] == {"type": "nameserver", "interface": "ens18", "address": ["192.168.1.1", "fd00:10::53"], "search": ["home.arpa"]}
    assert [item["type"] for item in network_config(shaped("dual"))["config"]] == ["physical", "physical"]


def test_a_second_gateway_is_a_route_with_its_metric() -> None:
    subnet = card(STANDBY)["subnets"][0]
    assert "gateway" not in subnet
    assert subnet["routes"] == [{"destination": "0.0.0.0/0", "gateway": "10.20.0.1", "metric": 2000}]
    assert "[Route]\nGateway=10.20.0.1\nMetric=2000\n" in networkd.network(STANDBY, named=True)


def test_one_default_gateway_what_dhcp_offers_on_another_nic_is_not_taken() -> None:
    text = networkd.network(DHCP_BESIDE, named=True)
    assert "[DHCPv4]\nUseMTU=yes\nUseGateway=no\n" in text
    offered = networkd.network(replace(DHCP_BESIDE, default_route=True, metric=300, ipv6=Ipv6(mode="slaac")), named=True)
    assert "[DHCPv4]\nUseMTU=yes\nRouteMetric=300\n" in offered
    assert "[IPv6AcceptRA]\nRouteMetric=300\n" in offered


def test_the_whole_file_of_a_dual_stack_interface() -> None:
    assert networkd.network(DUAL, named=True).splitlines()[1:] == [
        *("[Match]", "MACAddress=bc:24:11:00:00:0c", "Name=ens18", ""),
        *("[Link]", "MTUBytes=9000", ""),
        *("[Network]", "Address=192.168.1.12/24", "Address=fd00:10::12/64", "IPv6AcceptRA=no"),
        *("DNS=192.168.1.1", "DNS=fd00:10::53", "Domains=home.arpa", ""),
        *("[Route]", "Gateway=192.168.1.1", "", "[Route]", "Gateway=fe80::1", ""),
        *("[Route]", "Destination=10.9.0.0/16", "Gateway=192.168.1.254", "Metric=50", ""),
        *("[Route]", "Destination=fd00:9::/48", "Gateway=fd00:10::fe"),
    ]


def test_a_nic_without_a_known_name_is_told_by_its_mac_alone() -> None:
    assert "Name=" not in networkd.network(DUAL, named=False)


@pytest.mark.parametrize("shape", SHAPES)
def test_bootstrap_reloads_networkd_when_an_interfaces_file_changes(shape: str) -> None:
    files = [file for file in machine_variables(shaped(shape))["machine_files"] if "systemd/network" in file["path"]]
    assert [file["path"] for file in files] == [f"/etc/systemd/network/05-stardock-{nic.name}.network" for nic in SHAPES[shape]]
    assert {file["applies"] for file in files} == {"networkd"}


def test_an_edit_of_a_load_balancers_interface_leaves_it_its_vip() -> None:
    """Seen on Debian 12: `networkctl reload` drops addresses that are not networkd's own, unless it is told to keep them."""
    texts = {role: networkd.networks(machine("m", role, 12))[0].content for role in ROLES}
    assert {role for role, text in texts.items() if "KeepConfiguration=static\n" in text} == {"loadbalancer"}


def test_a_route_taken_away_is_gone_from_the_file() -> None:
    routed = interface(12, routes=(Route(to="10.9.0.0/16", via="192.168.1.254"),))
    assert "10.9.0.0/16" in networkd.network(routed, named=True)
    assert "10.9.0.0/16" not in networkd.network(replace(routed, routes=()), named=True)


def test_networkmanager_prefers_the_one_way_out_to_what_dhcp_offers_elsewhere() -> None:
    def routes(*interfaces: Interface) -> str:
        subject = machine("server1", "server", 12, system_name="microos", interfaces=interfaces)
        return next(file.content for file in system("microos").files(subject) if file.path.endswith("90-stardock-routes.conf"))

    said = routes(interface(12), DHCP_BESIDE)
    assert said.endswith(
        "[connection-stardock-ens19]\nmatch-device=mac:BC:24:11:00:00:0D\nipv4.route-metric=20000\nipv6.route-metric=20000\n"
    )
    assert "ipv4.route-metric=300\n" in routes(interface(12), replace(DHCP_BESIDE, default_route=True, metric=300))
    assert "connection" not in routes(interface(12), STANDBY)
