"""Names of bridges, and what dnsmasq is told."""

from __future__ import annotations

import pytest

from lab.network.bridges import bridge_name, dhcp_server
from lab.settings import LabSettings, Network

pytestmark = pytest.mark.unit


def test_each_bridge_and_vlan_is_a_bridge_of_its_own() -> None:
    names = [bridge_name("vmbr0", None), bridge_name("vmbr0", 20), bridge_name("avirtualnet", 4000), bridge_name("avirtualnet", 4001)]
    assert names[:2] == ["vmbr0", "vmbr0.20"]
    assert len(set(names)) == 4
    assert all(len(name) <= 15 for name in names)


def test_dhcp_serves_only_where_it_is_asked_for() -> None:
    networks = (Network("vmbr0", "10.0.0.1/23", None, ("10.0.1.5", "10.0.1.9")), Network("vmbr1", "10.1.0.1/24"))
    argv = dhcp_server(LabSettings("x", "/lab", (), networks))
    assert [word for word in argv if word.startswith("--dhcp-range")] == ["--dhcp-range=10.0.1.5,10.0.1.9,255.255.254.0,1h"]
    assert "--enable-ra" not in argv
    assert {"--interface=vmbr0", "--interface=vmbr1", "--no-resolv"} <= set(argv)


@pytest.mark.parametrize(
    ("dhcp", "leases"),
    [(False, "--dhcp-range=fd77::,ra-only"), (True, "--dhcp-range=fd77::1000,fd77::1fff,64,1h")],
    ids=["slaac", "dhcpv6"],
)
def test_the_router_advertises_ipv6_where_it_is_asked_for(dhcp: bool, leases: str) -> None:
    networks = (Network("vmbr0", "10.0.0.1/24", gateways_v6=("fd77::1/64",), advertised="fd77::/64", dhcp_v6=dhcp),)
    argv = dhcp_server(LabSettings("x", "/lab", (), networks))
    assert {"--enable-ra", leases} <= set(argv)
