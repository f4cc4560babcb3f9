"""Flatcar's network-config, as Afterburn's provider `proxmoxve` reads it (coreos/afterburn, src/providers/proxmoxve/cloudconfig.rs)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.firstboot import documents
from stardock.firstboot.network import network_config
from stardock.model.machine import Interface, Ipv6
from tests.machines import interface, machine
from tests.unit.firstboot.shapes import DHCP_BESIDE, DUAL, SECOND, SHAPES, STANDBY, shaped

pytestmark = [pytest.mark.unit, pytest.mark.proves("reality C17")]


def arguments(config: dict[str, Any]) -> list[str]:
    """The arguments of the initramfs (`rd_network_kargs`), which is nothing at all where `networks` fails."""
    names = [entry["address"] for entry in config["config"] if entry["type"] == "nameserver"]
    if len(names) > 1:
        return []
    servers = [str(ip_address(server)) for server in (names or [[]])[0]]
    found = []
    for entry in config["config"]:
        if entry["type"] == "physical":
            found += [argument for subnet in entry["subnets"] if "static" in subnet["type"] for argument in _static(subnet)]
            dhcp = [subnet["type"] for subnet in entry["subnets"] if subnet["type"] in {"dhcp", "dhcp4", "dhcp6"}]
            found += ["ip=dhcp6" if dhcp[-1] == "dhcp6" else "ip=dhcp"] if dhcp else []
            found += [f"nameserver={','.join(servers)}"] if servers else []
    return found


def _static(subnet: dict[str, Any]) -> list[str]:
    address, gateway = ip_interface(subnet["address"]), subnet.get("gateway", "")
    if gateway:
        ip_address(gateway)
    if address.version == 6:
        return [f"ip=[{address.ip}]::{f'[{gateway}]' if gateway else ''}:{address.network.prefixlen}:::off"]
    return [f"ip={address.ip}::{gateway}:{address.netmask}:::off"]


def of(*interfaces: Interface) -> list[str]:
    subject = machine("server1", "server", 12, system_name="flatcar", interfaces=interfaces)
    return arguments(YAML(typ="safe").load(documents("testing", subject).network))


NAMES = "nameserver=192.168.1.1,192.168.1.2"


@pytest.mark.parametrize("shape", list(SHAPES))
def test_afterburn_takes_the_network_config_of_every_shape(shape: str) -> None:
    found = arguments(YAML(typ="safe").load(documents("testing", shaped(shape, "flatcar")).network))
    assert len([each for each in found if each.startswith("nameserver=")]) == 1
    assert [each for each in found if each.startswith("ip=")]


def test_name_servers_of_several_interfaces_are_one_item() -> None:
    dhcp = replace(DHCP_BESIDE, dns=("10.20.0.53",))
    first = interface(12, address=None, prefix=None, gateway=None)
    assert of(first, dhcp) == ["ip=dhcp", f"{NAMES},10.20.0.53"]
    assert arguments(network_config(machine("server1", "server", 12, interfaces=(first, dhcp)))) == [], "what made it give up"


def test_a_gateway_with_a_metric_is_still_the_way_out() -> None:
    nic = interface(12, metric=50)
    assert of(nic) == ["ip=192.168.1.12::192.168.1.1:255.255.255.0:::off", NAMES]
    lost = arguments(network_config(machine("server1", "server", 12, interfaces=(nic,))))
    assert lost == ["ip=192.168.1.12:::255.255.255.0:::off"], "as a route it was no gateway, and no name servers were there"


def test_one_interface_is_told_that_of_the_way_out_since_arguments_carry_no_names() -> None:
    way, spare = interface(12, metric=10), STANDBY
    assert of(way, spare) == of(spare, way)
    assert of(SECOND, interface(12))[0] == "ip=192.168.1.12::192.168.1.1:255.255.255.0:::off"
    assert of(interface(12, gateway=None), DHCP_BESIDE)[0] == "ip=192.168.1.12:::255.255.255.0:::off"


def test_both_families_are_static_or_ipv4_alone() -> None:
    assert of(DUAL)[:2] == ["ip=192.168.1.12::192.168.1.1:255.255.255.0:::off", "ip=[fd00:10::12]::[fe80::1]:64:::off"]
    assert of(interface(12, address=None, prefix=None, gateway=None, ipv6=Ipv6(mode="dhcp")))[0] == "ip=dhcp"
