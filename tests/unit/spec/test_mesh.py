"""Sites of a mesh: everybody is at one, and each is reached, directly or through somebody."""

from __future__ import annotations

import pytest

from tests.unit.spec.conftest import Edit, Load, Problems, example, only

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature mesh")]

LAST = "protect: false"
SITES = 'sites: [{name: home, endpoints: {lb1: "home.example.org:51830"}}, {name: shed}]'
HOST = "{name: pi1, role: agent, address: 192.168.7.5, system: debian, site: shed}"
AT_HOME = tuple((f"    role: {role}\n", f"    role: {role}\n    site: home\n") for role in ("loadbalancer", "server", "agent"))


def meshed(*edits: Edit, sites: str = SITES, hosts: str = HOST) -> str:
    """The quick start at home, and a host in the shed."""
    more = f"{LAST}\nmesh: {{network: 10.98.0.0/24, {sites}}}\nhosts: [{hosts}]"
    return example("quickstart", *AT_HOME, (LAST, more), *edits)


def test_two_sites_of_which_one_is_reached_are_sound(load: Load) -> None:
    spec = load(meshed())
    assert spec.mesh is not None
    assert [site.name for site in spec.mesh.sites] == ["home", "shed"]


def test_a_machines_own_site_goes_before_its_pools(load: Load) -> None:
    load(meshed(("machines: [agent1]", "machines: [{name: agent1, site: shed}]")))


def test_a_pool_and_a_host_without_a_site_are_told_once_each(problems: Problems) -> None:
    found = problems(meshed(("    site: home\n", ""), (", site: shed", "")))
    assert [(one.path, one.message) for one in found] == [
        ("pools[0]", "pool loadbalancers does not say at which site it is"),
        ("hosts[0]", "host pi1 does not say at which site it is"),
    ]
    assert {one.cure for one in found} == {"add `site: ` with one of home, shed"}


def test_a_site_that_is_none_is_told_with_the_one_that_was_meant(problems: Problems) -> None:
    found = only(problems(meshed(("site: shed", "site: shedd"))))
    assert (found.path, found.cure) == ("hosts[0].site", "did you mean `shed`?")


def test_two_sites_of_one_name(problems: Problems) -> None:
    assert "two sites are named `shed`" in [one.message for one in problems(meshed(("{name: shed}]", "{name: shed}, {name: shed}]")))]


def test_an_endpoint_of_somebody_elsewhere(problems: Problems) -> None:
    found = only(problems(meshed(("{name: shed}", '{name: shed, endpoints: {server1: "shed.example.org:1"}}'))))
    assert (found.path, found.message) == ("mesh.sites[1].endpoints.server1", "`server1` is nobody at site shed")


def test_one_endpoint_for_two(problems: Problems) -> None:
    two = ('endpoints: {lb1: "home.example.org:51830"}', 'endpoints: {lb1: "home.example.org:51830", lb2: "HOME.example.org:51830"}')
    found = only(problems(meshed(two)))
    assert "leads to lb1 already" in found.message


def test_two_sites_behind_nat_and_nobody_who_is_reached(problems: Problems) -> None:
    found = only(problems(meshed(sites="sites: [{name: home}, {name: shed}]")))
    assert (found.path, found.message) == ("mesh.sites", "every site is behind NAT, and no member can be reached from another site")


def test_a_site_that_is_routed_reaches_all(load: Load) -> None:
    load(meshed(sites="sites: [{name: home, nat: false}, {name: shed}]"))


APART = ("    count: 2\n    pattern: lb{n}", "    machines: [lb1, {name: lb2, site: shed}]")


def test_those_that_carry_the_vip_are_of_one_site(problems: Problems) -> None:
    found = only(problems(meshed(APART)))
    assert (found.path, found.message) == (
        "network.vip",
        "those that carry the virtual IP are at several sites (lb1 at home, lb2 at shed), and VRRP and ARP end at a site's router",
    )
    assert found.line
    assert found.cure == "move them to one site; members of other sites join at a server in the mesh, and people there by `api.external`"


def test_servers_that_carry_the_vip_are_of_one_site(problems: Problems) -> None:
    apart = ("server2, server3]", "server2, {name: server3, site: shed}]")
    on_servers = (LAST, f"{LAST}\napi: {{on_servers: keepalived}}")
    found = problems(meshed(apart, on_servers))
    assert "network.vip" in [one.path for one in found]


def test_load_balancers_without_a_vip_are_anywhere(load: Load) -> None:
    external = (LAST, f"{LAST}\napi: {{external: api.example.org}}")
    load(meshed(APART, ("  vip: 192.168.1.40\n", ""), external))


def test_more_members_than_addresses(problems: Problems) -> None:
    found = only(problems(meshed(("10.98.0.0/24", "10.98.0.0/29"), ("machines: [agent1]", "count: 4\n    pattern: a{n}"))))
    assert found.message == "10.98.0.0/29 has room for 6, and there are 10 machines and hosts"


def test_an_mtu_that_no_nic_carries(problems: Problems) -> None:
    found = only(problems(meshed(("bridge: vmbr0", "bridge: vmbr0\n      mtu: 1400"))))
    assert (found.path, found.cure) == ("mesh.mtu", "write 1320, or a larger `mtu` of the interface")


K3S = ("  name: rke2\n  version: v1.36.5+rke2r1", "  name: k3s")
TWICE = "options: {cluster-cidr: '10.42.0.0/16,fd42::/56', service-cidr: '10.43.0.0/16,fd43::/112'}"
OPTIONS = "distribution.options"


@pytest.mark.parametrize(
    ("edits", "path"),
    [
        ([("  name: rke2", f"  name: rke2\n  {TWICE}")], "mesh"),
        ([K3S, ("name: k3s", "name: k3s\n  options: {flannel-backend: host-gw}")], f"{OPTIONS}.flannel-backend"),
        ([K3S, ("name: k3s", "name: k3s\n  options: {flannel-backend: wireguard-native}")], f"{OPTIONS}.flannel-backend"),
        ([K3S, ("name: k3s", "name: k3s\n  options: {flannel-iface: ens18}")], f"{OPTIONS}.flannel-iface"),
        ([K3S, ("site: shed}", "site: shed, interface: eth0}")], "hosts[0].interface"),
    ],
)
def test_pods_that_would_go_elsewhere(problems: Problems, edits: list[Edit], path: str) -> None:
    assert path in [one.path for one in problems(meshed(*edits))]


VALUES = "cni.values"
FLANNEL = f"{VALUES}.flannel"
CALICO = f"{VALUES}.installation"


@pytest.mark.parametrize(
    ("cni", "path"),
    [
        ("{values: {flannel: {backend: host-gw}}}", f"{FLANNEL}.backend"),
        ("{values: {flannel: {backend: wireguard}}}", f"{FLANNEL}.backend"),
        ("{values: {flannel: {directRouting: true}}}", f"{FLANNEL}.directRouting"),
        ("{plugin: flannel, values: {flannel: {backend: host-gw}}}", f"{FLANNEL}.backend"),
        ("{plugin: calico, values: {installation: {backend: VXLANCrossSubnet}}}", f"{CALICO}.backend"),
        (
            "{plugin: calico, values: {installation: {calicoNetwork: {ipPools: [{cidr: 10.42.0.0/16, encapsulation: None}]}}}}",
            f"{CALICO}.calicoNetwork.ipPools[0].encapsulation",
        ),
        ("{plugin: calico, values: {felixConfiguration: {wireguardEnabled: true}}}", f"{VALUES}.felixConfiguration.wireguardEnabled"),
        ("{plugin: cilium, values: {routingMode: native}}", f"{VALUES}.routingMode"),
        ("{plugin: cilium, values: {encryption: {enabled: true, type: wireguard}}}", f"{VALUES}.encryption.enabled"),
    ],
)
def test_values_of_a_chart_that_lead_pods_out_of_the_tunnel(problems: Problems, cni: str, path: str) -> None:
    found = only(problems(meshed((LAST, f"{LAST}\ncni: {cni}"))))
    assert found.path == path
    assert found.line
    assert "in a tunnel of the plugin's" in found.message
    assert str(found.cure).startswith("delete it, or write ")


@pytest.mark.parametrize(
    "cni",
    [
        "{values: {flannel: {backend: vxlan, directRouting: false}}}",
        "{plugin: calico, values: {installation: {backend: vxlan, calicoNetwork: {ipPools: [{encapsulation: VXLAN}]}}}}",
        "{plugin: calico, values: {installation: {calicoNetwork: {ipPools: [{cidr: 10.42.0.0/16}, 7]}}}}",
        "{plugin: cilium, values: {routingMode: tunnel, tunnelProtocol: geneve}}",
    ],
)
def test_values_of_a_chart_that_do_not(load: Load, cni: str) -> None:
    load(meshed((LAST, f"{LAST}\ncni: {cni}")))


def test_without_a_mesh_they_are_the_users_own(load: Load) -> None:
    load(example("quickstart", (LAST, f"{LAST}\ncni: {{values: {{flannel: {{backend: host-gw}}}}}}")))
