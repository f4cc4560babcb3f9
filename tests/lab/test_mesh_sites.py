"""The keeper of a mesh with real WireGuard over three sites with NAT between them, in namespaces: no machine, no Kubernetes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from lab.cache import cache_root
from stardock.bundle.inventory import inventory_files
from stardock.model.facts import Facts
from stardock.model.plan import Plan
from tests.lab.namespaces import Member, Namespace, each, waited
from tests.lab.sites import PUBLIC, nft, rules
from tests.plans import ROOT, document, plan_of

pytestmark = [
    pytest.mark.lab,
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.one_life("mesh sites"),
    pytest.mark.skipif(os.geteuid() != 0 or not Path("/dev/net/tun").exists(), reason="needs root and TUN devices"),
    pytest.mark.proves("feature mesh"),
]

#: Bridge, own address and gateway of each; lb1 is reached, the others are behind NAT.
PLACES = {
    "lb1": ("vmbr0", "192.168.1.41/24", "192.168.1.1"),
    "server1": ("vmbr0", "192.168.1.50/24", "192.168.1.1"),
    "pi1": ("vmbr1", "192.168.7.5/24", "192.168.7.1"),
    "pi2": ("vmbr2", "192.168.8.5/24", "192.168.8.1"),
}
GATEWAYS = {"vmbr0": "192.168.1.1/24", "vmbr1": "192.168.7.1/24", "vmbr2": "192.168.8.1/24"}
RELAY = "192.168.1.41"
NODES = ("server1", "pi1", "pi2")
#: What VXLAN leaves of 1420.
POD_MTU = 1370
#: For whoever reads a run.
TABLE = ROOT / "build/mesh-sites.txt"


@dataclass
class Sites:
    """The router, and members by name; `mesh` are their addresses there."""

    router: Namespace
    members: dict[str, Member]
    mesh: dict[str, str]
    keys: dict[str, str]
    inventory: dict[str, Any]
    pods: dict[str, str] = field(default_factory=dict)

    def join(self) -> None:
        """All write what they are told: relays first, as the role has it."""
        shared = self.inventory["group_vars/all.yml"]
        first = sorted(self.members.items(), key=lambda one: not self.inventory[f"host_vars/{one[0]}.yml"]["mesh_forwards"])
        for name, member in first:
            variables = {**shared, **self.inventory[f"host_vars/{name}.yml"]}
            told = [peer for peer in variables["mesh_peers"] if peer["name"] in self.keys]
            member.join({**variables, "mesh_peers": told}, self.keys)

    def route(self, cut: str = "", home: str = PUBLIC["vmbr0"]) -> None:
        """The routers' rules."""
        self.router.run(*nft(), rules(RELAY, cut, home))

    def carried_by(self, plan: Plan, relay: str) -> float:
        """Tell all another plan; the seconds from when pi1 has its relay until all reach each other, and pods do, too."""
        self.inventory = inventory_files(plan, Facts(cluster="quickstart"))
        self.join()
        waited(lambda: self.members["pi1"].run("wg", "show", "stardock0", "peers") == self.keys[relay], 20)
        seconds = waited(lambda: all(self.reached(0.5).values()), 30)
        waited(lambda: all(self.pods_reached(0.5).values()), 30)
        return seconds

    def pods_reached(self, seconds: float = 1.0) -> dict[tuple[str, str], bool]:
        """Which pods reach which, with packets of their full size."""
        lost = {
            name: self.members[name].lost_to_pod({other: at for other, at in self.pods.items() if other != name}, seconds, POD_MTU)
            for name in self.pods
        }
        return {(one, other): other not in lost[one] for one, other in permutations(self.pods, 2)}

    def reached(self, seconds: float = 1.0) -> dict[tuple[str, str], bool]:
        """Who reaches whom."""
        lost = {
            name: member.lost({other: address for other, address in self.mesh.items() if other != name}, seconds)
            for name, member in self.members.items()
        }
        return {(one, other): other not in lost[one] for one, other in permutations(self.members, 2)}


def data(reached: str = "lb1", port: int = 51830) -> dict[str, Any]:
    """The quick start with one load balancer and one server, and hosts in the shed and on the boat; who is reached at the router's port."""
    wanted = document()
    wanted["pools"] = [{**pool, "site": "home"} for pool in wanted["pools"][:2]]
    wanted["pools"][0]["count"], wanted["pools"][1]["machines"] = 1, ["server1"]
    hosts = (("pi1", "192.168.7.5", "shed"), ("pi2", "192.168.8.5", "boat"))
    wanted["hosts"] = [{"name": name, "address": at, "site": site, "role": "agent", "system": "debian"} for name, at, site in hosts]
    sites = [{"name": "home", "endpoints": {reached: f"{PUBLIC['vmbr0']}:{port}"}}, {"name": "shed"}, {"name": "boat"}]
    wanted["mesh"] = {"network": "10.98.0.0/24", "keepalive": 5, "sites": sites}
    return wanted


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    folder = tmp_path_factory.mktemp("sites")
    plan = plan_of(data())[0]
    assert plan.mesh
    router = Namespace(folder / "router")
    members = {name: Member(folder / name) for name in PLACES}
    mesh = {name: place.address for name, place in plan.mesh.places.items()}
    try:
        router.begin()
        for bridge, gateway in GATEWAYS.items():
            router.run("ip", "link", "add", bridge, "type", "bridge", "forward_delay", "0")
            router.run("ip", "address", "add", gateway, "dev", bridge)
            router.run("ip", "link", "set", bridge, "up")
        for address in PUBLIC.values():
            router.run("ip", "address", "add", f"{address}/32", "dev", "lo")
        router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        for name, member in members.items():
            member.begin()
            member.plug(router, *PLACES[name])
        found = Sites(
            router,
            members,
            mesh,
            {name: member.key() for name, member in members.items()},
            inventory_files(plan, Facts(cluster="quickstart")),
        )
        found.route()
        yield found
    finally:
        each([*members.values(), router])


def test_before_the_mesh_sites_do_not_reach_each_other(sites: Sites) -> None:
    ping = ("python3", "-c", "import socket,sys; socket.create_connection((sys.argv[1], 22), 2)")
    for one, other in (("pi1", "server1"), ("server1", "pi2"), ("pi1", "pi2")):
        shown = sites.members[one].run("sh", "-c", f"{ping[0]} {ping[1]} '{ping[2]}' {PLACES[other][1].split('/')[0]} 2>&1", check=False)
        assert "timed out" in shown
    assert "refused" in sites.members["server1"].run("sh", "-c", f"{ping[0]} {ping[1]} '{ping[2]}' {RELAY} 2>&1", check=False)


def test_all_reach_each_other_with_packets_of_full_size_directly_and_through_the_relay(sites: Sites) -> None:
    sites.join()
    waited(lambda: all(sites.reached().values()), 60)
    assert sites.members["pi1"].run("wg", "show", "stardock0", "endpoints").split()[-1] == f"{PUBLIC['vmbr0']}:51830"
    assert len(sites.members["pi1"].run("wg", "show", "stardock0", "peers").split()) == 1, "the relay carries the rest"


def test_pods_reach_each_other_over_real_flannel(sites: Sites) -> None:
    """flanneld finds interface and MTU by itself; of Kubernetes only where it keeps subnets is missing: an etcd, over the mesh."""
    at, tools = f"http://{sites.mesh['server1']}:2379", cache_root() / "tools/etcd/current/bin"
    server = sites.members["server1"]
    server.start(str(tools / "server"), f"--data-dir={server.folder}/etcd", f"--listen-client-urls={at}", f"--advertise-client-urls={at}")
    settings = ("put", "/coreos.com/network/config", '{"Network": "10.42.0.0/16", "Backend": {"Type": "vxlan"}}')
    waited(lambda: server.run(str(tools / "etcdctl"), f"--endpoints={at}", *settings, check=False) == "OK", 30)
    for name in NODES:
        sites.members[name].flannel(at)
    waited(lambda: all((sites.members[name].folder / "subnet.env").exists() for name in NODES), 60)
    sites.pods.update({name: sites.members[name].pod() for name in NODES})
    assert f"FLANNEL_MTU={POD_MTU}" in (sites.members["pi1"].folder / "subnet.env").read_text()
    waited(lambda: all(sites.pods_reached().values()), 30)


def test_a_packet_too_large_for_the_way_is_told_apart_from_no_answer(sites: Sites) -> None:
    others = {"lb1": sites.mesh["lb1"], "nobody": "10.98.0.200"}
    assert sites.members["server1"].lost(others, 1.0, 1422) == {"lb1": "only small packets come through", "nobody": "no answer"}


def test_a_site_that_is_cut_off_comes_back_by_itself_a_table_of_who_reached_whom(sites: Sites) -> None:
    before = {**sites.reached(), **pods(sites.pods_reached())}
    sites.route(cut="vmbr2")
    during = {**sites.reached(), **pods(sites.pods_reached())}
    sites.route()
    seconds = waited(lambda: all(sites.reached(0.5).values()), 40)
    more = waited(lambda: all(sites.pods_reached(0.5).values()), 40)
    after = {**sites.reached(), **pods(sites.pods_reached())}
    rows = [f"{one} -> {other}: {before[one, other]}, {during[one, other]}, {after[one, other]}\n" for one, other in before]
    TABLE.write_text(f"before, while the boat is cut off, {seconds:.1f} s after (pods {seconds + more:.1f} s)\n{''.join(rows)}")
    assert all(before.values())
    assert {pair for pair, yes in during.items() if not yes} == {pair for pair in during if any("pi2" in name for name in pair)}
    assert all(after.values())


def pods(found: dict[tuple[str, str], bool]) -> dict[tuple[str, str], bool]:
    """With other names than machines."""
    return {(f"pod on {one}", f"pod on {other}"): yes for (one, other), yes in found.items()}


def test_what_somebody_takes_away_is_put_back_and_flannels_device_on_it_stays(sites: Sites) -> None:
    member = sites.members["pi1"]
    before = flannels_device(member)
    harms = (
        "ip route del 10.98.0.0/24 dev stardock0",
        "ip address flush dev stardock0",
        "ip link set stardock0 mtu 1300 down",
        "wg set stardock0 peer $(wg show stardock0 peers | head -1) remove",
        "wg set stardock0 listen-port 4711",
        f"kill -KILL $(cat {member.folder}/go.pid)",
    )
    for harm in harms:
        member.run("sh", "-c", harm)
        waited(lambda: all(yes for (one, _), yes in sites.reached(0.5).items() if one == "pi1"), 30)
        waited(lambda: all(sites.pods_reached(0.5).values()), 30)
        assert flannels_device(member) == before, harm


def flannels_device(member: Member) -> str:
    """Its number: another one is another device."""
    return str(json.loads(member.run("ip", "-json", "link", "show", "dev", "flannel.1"))[0]["ifindex"])


def test_a_host_that_moves_is_followed(sites: Sites) -> None:
    """Another address behind its router: its packets come from another port outside."""
    member = sites.members["pi2"]
    before = sites.members["lb1"].run("wg", "show", "stardock0", "endpoints")
    moves = ("address del 192.168.8.5/24 dev eth0", "address add 192.168.8.6/24 dev eth0", "route replace default via 192.168.8.1")
    member.run("sh", "-c", "; ".join(f"ip {move}" for move in moves))
    waited(lambda: all(sites.reached(0.5).values()), 30)
    assert sites.members["lb1"].run("wg", "show", "stardock0", "endpoints") != before


#: Nobody's; and a script that sends 200 packets of 1000 bytes from an address to another.
OUTSIDE = "198.51.100.7"
SEND = "import socket,sys; s=socket.socket(2,2); s.bind((sys.argv[1],0)); [s.sendto(b'x'*1000,(sys.argv[2],9)) for _ in range(200)]"
MOST = 100_000


def sent(member: Member, device: str) -> int:
    """Bytes that left by a device."""
    return int(member.run("cat", f"/sys/class/net/{device}/statistics/tx_bytes"))


def leaked(sites: Sites) -> int:
    """What lb1 sends on to its own network of packets that pi2 pushes into the mesh for somebody outside of it."""
    member, relay = sites.members["pi2"], sites.members["lb1"]
    networks = next(peer["allowed"] for peer in sites.inventory["host_vars/pi2.yml"]["mesh_peers"] if peer["name"] == "lb1")
    allowed = ",".join([*networks, f"{OUTSIDE}/32"])
    before = sent(relay, "eth0")
    member.run("sh", "-c", f"wg set stardock0 peer {sites.keys['lb1']} allowed-ips {allowed}; ip route replace {OUTSIDE} dev stardock0")
    member.run("python3", "-c", SEND, sites.mesh["pi2"], OUTSIDE)
    return sent(relay, "eth0") - before


def smuggled(sites: Sites) -> int:
    """What lb1 sends into the mesh of packets that come from its own network in the name of pi1, for pi2."""
    relay, name = sites.members["lb1"], sites.mesh["pi1"]
    before = sent(relay, "stardock0")
    sites.router.run("python3", "-c", SEND, name, sites.mesh["pi2"])
    return sent(relay, "stardock0") - before


def test_hostile_hosts_as_in_the_reference_a_relay_forwards_from_the_mesh_to_the_mesh_alone(sites: Sites) -> None:
    """While its keeper stands still and the rules are gone, both get through: so that this test can fail."""
    relay = sites.members["lb1"]
    # as a node of Kubernetes has it
    settings = "echo 1 >eth0/forwarding; for one in all eth0 stardock0; do echo 0 >$one/rp_filter; done"
    relay.run("sh", "-c", f"cd /proc/sys/net/ipv4/conf; {settings}")
    sites.router.run("sh", "-c", f"ip address add {sites.mesh['pi1']}/32 dev lo; ip route add {sites.mesh['pi2']} via {RELAY} dev vmbr0")
    try:
        assert relay.keeper
        relay.keeper.send_signal(signal.SIGSTOP)
        relay.run("nft", "delete", "table", "ip", "stardock_mesh")
        assert leaked(sites) > MOST
        assert smuggled(sites) > MOST
        relay.keeper.send_signal(signal.SIGCONT)
        waited(lambda: "stardock_mesh" in relay.run("nft", "list", "tables"), 30)
        assert leaked(sites) < MOST
        assert smuggled(sites) < MOST
        relay.run("nft", "flush", "ruleset")
        waited(lambda: "stardock_mesh" in relay.run("nft", "list", "tables"), 30)
        assert leaked(sites) < MOST
    finally:
        if relay.keeper:
            relay.keeper.send_signal(signal.SIGCONT)
        sites.router.run("sh", "-c", f"ip address del {sites.mesh['pi1']}/32 dev lo; ip route del {sites.mesh['pi2']}")
        sites.members["pi2"].run("ip", "route", "del", OUTSIDE)
    waited(lambda: all(sites.reached(0.5).values()), 30)


def test_a_key_is_made_anew_and_others_are_told(sites: Sites) -> None:
    sites.keys["pi1"] = sites.members["pi1"].key()
    sites.join()
    waited(lambda: sites.keys["pi1"] in sites.members["lb1"].run("wg", "show", "stardock0", "peers"), 30)
    waited(lambda: all(sites.reached(0.5).values()), 30)
    assert len(sites.members["lb1"].run("wg", "show", "stardock0", "peers").split()) == 3, "the old one is nobody's"


def test_hostile_hosts_as_in_the_reference_nobody_sends_in_anothers_name(sites: Sites) -> None:
    """pi1 gives itself server1's address too: what it sends from there is dropped by everybody who is not its relay's peer for it."""
    member, victim = sites.members["pi1"], sites.mesh["server1"]
    member.run("ip", "address", "add", f"{victim}/32", "dev", "lo")
    try:
        count = "awk '/stardock0/ {print $2}' /proc/net/dev"
        before = int(sites.members["pi2"].run("sh", "-c", count))
        send = f"import socket; s=socket.socket(2,2); s.bind(('{victim}',0))"
        send += f"; [s.sendto(b'x'*1000,('{sites.mesh['pi2']}',9)) for _ in range(200)]"
        member.run("python3", "-c", send)
        assert int(sites.members["pi2"].run("sh", "-c", count)) - before < 100_000
    finally:
        member.run("ip", "address", "del", f"{victim}/32", "dev", "lo")


SECOND = """
table ip second {
  chain inbound {
    type nat hook prerouting priority -100
    ip daddr %s udp dport 51831 dnat to 192.168.1.50:51830
  }
}
"""


def test_sites_go_to_another_relay_and_back_when_the_first_is_reached_no_more(sites: Sites) -> None:
    """The router hands on to server1 instead of lb1: it carries, and the lock follows."""
    first, lock = plan_of(data())
    second, after = plan_of(data("server1", 51831), lock)
    assert (set(lock.relays.values()), set(after.relays.values())) == ({"lb1"}, {"server1"})
    sites.router.run(*nft(), SECOND % PUBLIC["vmbr0"])
    seconds = [sites.carried_by(plan, relay) for plan, relay in ((second, "server1"), (first, "lb1"))]
    with TABLE.open("a") as table:
        table.write(f"another relay: all reached each other after {seconds[0]:.1f} s, and with the first again after {seconds[1]:.1f} s\n")
