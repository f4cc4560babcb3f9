"""Addresses that do not go together once they are allocated, in the quick start."""

from __future__ import annotations

#: As in `test_bad_input`: old, new, where the fault is told, the message, the cure.
Fault = tuple[str, str, str, str, str]

AGENTS = "static: {base: 192.168.1.0, offset: 60, prefix: 24, gateway: 192.168.1.1}"
#: A pool whose second machine names the address that the first one counts.
EQUAL_IPV6 = """interfaces: [{static: {base: 192.168.1.0, offset: 60}, ipv6: {static: {base: "fd00:10::", offset: 1}}}]
    machines: [agent1, {name: agent2, ipv6_addresses: {ens18: "fd00:10::1"}}]"""


def agents(lines: str, where: str, message: str, cure: str) -> Fault:
    """Lines more on the agents' interface."""
    return AGENTS, f"{AGENTS}\n      {lines}", where, message, cure


def ipv6(words: str) -> str:
    return f'ipv6: {{static: {{base: "fd00:10::", {words}}}}}'


NETWORK: dict[str, Fault] = {
    "IPv6 base on the routers' anycast address": agents(
        ipv6("prefix: 64"),
        "fd00:10::",
        "agent1: fd00:10:: is the anycast address of the routers of fd00:10::/64",
        "machines can have fd00:10::1 to fd00:10::ffff:ffff:ffff:ffff",
    ),
    "IPv6 range that leaves its subnet": agents(
        ipv6("offset: 300, prefix: 120"), "fd00:10::", "agent1: fd00:10::12c lies outside of fd00:10::/120", "fd00:10::1 to fd00:10::ff"
    ),
    "IPv6 gateway equal to a machine": agents(
        ipv6('offset: 1, gateway: "fd00:10::1"'), "fd00:10::", "agent1's address fd00:10::1 is the gateway", "another `offset`"
    ),
    "a machine that is its own next hop": agents(
        "routes: [{to: 10.9.0.0/16, via: 192.168.1.60}]",
        AGENTS,
        "agent1's address 192.168.1.60 is the next hop of its own route",
        "another `offset`",
    ),
    "equal addresses on two interfaces of a machine": (
        AGENTS,
        f"{AGENTS}\n    - static: {{base: 192.168.1.0, offset: 60}}",
        AGENTS,
        "two interfaces of agent1 have the same address 192.168.1.60",
        "another address",
    ),
    "equal IPv6 addresses across machines": (
        "machines: [agent1]",
        EQUAL_IPV6,
        "agent2",
        "agent2 and agent1 have the same address fd00:10::1",
        "another address",
    ),
    "equal MACs": (
        "machines: [agent1]",
        'machines: [{name: agent1, macs: {ens18: "BC:24:11:00:00:01"}}, {name: agent2, macs: {ens18: "bc-24-11-00-00-01"}}]',
        "agent2",
        "agent2 and agent1 have the same MAC BC:24:11:00:00:01",
        "another MAC",
    ),
}
