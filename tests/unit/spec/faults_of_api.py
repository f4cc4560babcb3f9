"""`api` and the virtual IPs: ports that meet, times and numbers out of range, machines and names that cannot be."""

from __future__ import annotations

from tests.unit.spec.conftest import Case
from tests.unit.spec.faults_of_plain_values import FLAG, last

VIP = "vip: 192.168.1.40"
RKE2 = "  name: rke2"


def api(words: str, key: str, message: str, cure: str) -> Case:
    """Words of `api`."""
    return last(f"api: {{{words}}}", f"api.{key}", message, cure)


def haproxy(words: str, key: str, message: str, cure: str) -> Case:
    """Words of `api.haproxy`."""
    return api(f"haproxy: {{{words}}}", f"haproxy.{key}", message, cure)


def keepalived(words: str, key: str, message: str, cure: str) -> Case:
    """Words of `api.keepalived`."""
    return api(f"keepalived: {{{words}}}", f"keepalived{key}", message, cure)


def second_vip(address: str, message: str, cure: str) -> Case:
    """An IPv6 address for the VIP."""
    return (VIP, f"{VIP}\n  vip_ipv6: {address}"), "vip_ipv6", "network.vip_ipv6", message, cure


API: dict[str, Case] = {
    "api_at_port_0": api("port: 0", "port", "port 0", ""),
    "api_where_machines_join": api("port: 9345", "port", "port 9345 of load balancers is where machines join", "another port"),
    "api_where_haproxy_answers": api("port: 8404", "port", "port 8404 of load balancers is haproxy's own", "another port"),
    "api_at_the_port_of_ssh": api("port: 22", "port", "port 22 of load balancers is sshd's", "another port"),
    "joining_at_the_api": api("supervisor_port: 6443", "supervisor_port", "port 6443 of load balancers is the API's", "another port"),
    "balance_by_uri": haproxy("balance: uri", "balance", "`uri` is not one of roundrobin", "roundrobin"),
    "servers_by_name_in_words": haproxy("by_name: always", "by_name", *FLAG),
    "servers_by_short_name": (
        ("protect: false", "protect: false\napi: {haproxy: {by_name: true}}"),
        "server1",
        "pools[1].machines[0]",
        "`server1` has no whole host name",
        "hostname: server1.home.arpa",
    ),
    "check_every_number": haproxy("check: {interval: 10}", "check.interval", "10 is not a duration of seconds", "write 10s"),
    "check_every_minute": haproxy("check: {fast_interval: 1m}", "check.fast_interval", "`1m` is not a duration of seconds", "2s"),
    "check_all_the_time": haproxy(
        "check: {down_interval: 1ms}", "check.down_interval", "milliseconds 1 is outside of 100 to 3600000", "2s"
    ),
    "check_that_rises_never": haproxy("check: {rise: 0}", "check.rise", "times 0 is outside of 1 to 100", "3"),
    "check_that_falls_late": haproxy("check: {fall: 101}", "check.fall", "times 101 is outside of 1 to 100", "3"),
    "backend_in_capitals": haproxy("backends: [{name: Old, address: 10.0.0.9}]", "backends[0].name", "`Old` is not a name", "old"),
    "backend_of_a_pool": haproxy(
        "backends: [{name: server1, address: 10.0.0.9}]", "backends[0].name", "`server1` is a server of `pools`", "delete the entry"
    ),
    "two_backends_of_one_name": api(
        "haproxy: {backends: [{name: a, address: 10.0.0.9}, {name: a, address: 10.0.0.8}]}",
        "haproxy",
        "two entries of `backends` are named `a`",
        "another name",
    ),
    "backend_with_its_port": haproxy(
        "backends: [{name: a, address: '10.0.0.9:6443'}]", "backends[0].address", "is not an address or a host name", "192.168.1.30"
    ),
    "backend_by_short_name": haproxy(
        "backends: [{name: a, address: old1}]", "backends[0].address", "`old1` up by name, and it is no whole host name", "old1.home.arpa"
    ),
    "backend_at_port_0": haproxy("backends: [{name: a, address: x.lan, port: 0}]", "backends[0].port", "port 0", ""),
    "backend_joined_at_port_0": haproxy(
        "backends: [{name: a, address: x.lan, supervisor_port: 0}]", "backends[0].supervisor_port", "port 0", ""
    ),
    "vip_on_servers_by_metallb": api("on_servers: metallb", "on_servers", "`metallb` is not one of keepalived, kube-vip", "keepalived"),
    "vip_on_servers_beside_load_balancers": api(
        "on_servers: keepalived", "on_servers", "load balancers hold the virtual IP where there are any", "the pool `loadbalancers`"
    ),
    "external_with_its_port": api("external: 'x.lan:6443'", "external", "is not an address or a host name", "api.home.arpa"),
    "external_beside_a_vip": api("external: x.lan", "external", "the API has one address", "delete one"),
    "vrrp_by_broadcast": keepalived("mode: broadcast", ".mode", "`broadcast` is not one of unicast, multicast", "unicast"),
    "vrrp_every_minute": keepalived("advert: 60s", ".advert", "milliseconds 60000 is outside of 10 to 40950", "200ms"),
    "vrrp_every_155_milliseconds": keepalived("advert: 155ms", ".advert", "155ms is no multiple of 10ms", "write 150ms or 160ms"),
    "vrrp_priority_255": keepalived("priorities: {lb1: 255}", ".priorities.lb1", "priority 255 is outside of 1 to 254", "150"),
    "vrrp_priorities_that_are_equal": keepalived("priorities: {lb1: 9, lb2: 9}", "", "two machines have the priority 9", "another"),
    "vrrp_priority_of_an_agent": keepalived("priorities: {agent1: 9}", ".priorities.agent1", "`agent1` is no loadbalancer", "delete"),
    "vrrp_priority_of_nobody": keepalived("priorities: {zeus: 9}", ".priorities.zeus", "`zeus` is no loadbalancer", "delete"),
    "vrrp_priority_of_a_slip": keepalived("priorities: {lb-2: 9}", ".priorities.lb-2", "`lb-2` is no loadbalancer", "did you mean `lb2`?"),
    "second_vip_of_ipv4": second_vip("192.168.1.44", "`192.168.1.44` is not an IPv6 address", "fd00:10::1"),
    "second_vip_without_ipv6": second_vip("'fd00::4'", "no interface of those that carry it has IPv6", "slaac: true"),
    "second_vip_of_the_link": second_vip("'fe80::4'", "fe80::4 is a link-local address", "fd00:10::"),
}
