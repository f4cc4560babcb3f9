#!/usr/bin/python3
"""Keeps this machine's place in the mesh of WireGuard, whatever else changes the machine's network.

Started without words, by stardock-mesh.service, it brings the interface to what mesh.json says and looks again every few seconds: an
address, a route or a peer that somebody took away is put back, and names of endpoints are looked up again for peers that do not answer.
It never takes the interface away: VXLAN devices on it would go, too, and flannel makes no new ones (flannel-io/flannel#1348).
`keep.py reach SECONDS SIZE NAME=ADDRESS ...` says which of these do not answer, `keep.py free INTERFACE ADDRESS/PREFIX` whose the network
is already, `keep.py held` which keys mesh.json has. Only programs of iproute2, nftables and WireGuard are called.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # Python 3.8, which hosts may have, has no such types when it runs
    Wanted = dict[str, Any]

HERE = Path("/etc/stardock/mesh")
#: Where its user-space implementation listens for `wg`.
SOCKETS = Path("/run/wireguard")
INTERVAL = 10.0
#: Seconds after its last handshake at which a peer that is talked to has certainly made a new one (REJECT_AFTER_TIME of WireGuard's paper).
STALE = 180
#: Bytes of an IPv4 head without options, and with that of ICMP.
_IP_HEAD, _BOTH_HEADS = 20, 28
#: Seconds that a program may take, and that names of a round may be looked up.
LIMIT, LOOKUP = 20.0, 5.0
FORWARDING = Path("/proc/sys/net/ipv4/conf")
#: Beside whatever a network plugin, kube-proxy and the machine's owner have: what one chain of netfilter's drops, no other takes back, and
#: what these pass over the others decide. Before connections are tracked (-300), where a packet still goes to whom it was sent: a node's
#: address, also of a NodePort and of a tunnel of pods. And before the chains of others (0).
TABLE = "stardock_mesh"
LIMITS = """table ip {table}
delete table ip {table}
table ip {table} {{
  chain arriving {{
    type filter hook prerouting priority -300; policy accept;
    iifname "{name}" ip daddr != {network} drop
  }}
  chain leaving {{
    type filter hook forward priority -5; policy accept;
    iifname != "{name}" oifname "{name}" ip saddr {network} drop
  }}
}}
"""
#: Interface -> its rules as `nft` shows them, once they are there.
PUT: dict[str, str] = {}
#: 32 bytes in base64 (wg(8), `wg pubkey`).
KEY = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")


def run(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """A program with its output; nothing is raised when it fails, or does not end."""
    try:
        return subprocess.run(words, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 124, f"did not end within {LIMIT:g} s")


def must(*words: str, given: str | None = None) -> str:
    """A program that must succeed."""
    done = run(*words, given=given)
    if done.returncode:
        raise RuntimeError("{}: {}".format(" ".join(words), done.stdout.strip()))
    return done.stdout


def say(text: str) -> None:
    """A line for the journal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def shown(*words: str) -> list[dict[str, Any]]:
    """What `ip` says of an interface, empty when it is not there."""
    done = run("ip", "-json", *words)
    return list(json.loads(done.stdout or "[]")) if done.returncode == 0 else []


def ensure_link(name: str) -> None:
    """The interface: the kernel's own, else a TUN device that outlives the program behind it."""
    if not shown("link", "show", "dev", name):
        if run("ip", "link", "add", "dev", name, "type", "wireguard").returncode == 0:
            say(f"made {name}, by the kernel's WireGuard")
        elif shutil.which("wireguard-go") is None:
            raise RuntimeError("the kernel has no WireGuard, and there is no program wireguard-go")
        else:
            must("ip", "tuntap", "add", "dev", name, "mode", "tun")
            say(f"made {name}, for wireguard-go")
    if (Path("/sys/class/net") / name / "tun_flags").exists():
        ensure_program(name)


def ensure_program(name: str) -> None:
    """The user-space implementation runs and listens."""
    if run("systemctl", "is-active", "--quiet", "stardock-mesh-go.service").returncode:
        must("systemctl", "start", "stardock-mesh-go.service")
    for _ in range(50):
        if (SOCKETS / (name + ".sock")).exists() and run("wg", "show", name, "listen-port").returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError("wireguard-go does not listen: systemctl status stardock-mesh-go")


def networks(name: str) -> Iterator[tuple[str, str]]:
    """What other devices than that one have, and what is routed there: device, network. Not what is routed for want of anything better."""
    for link in shown("-4", "address", "show"):
        own = [one for one in link.get("addr_info", ()) if one.get("family") == "inet" and link.get("ifname") != name]
        yield from ((link["ifname"], "{}/{}".format(one["local"], one["prefixlen"])) for one in own)
    for route in shown("-4", "route", "show"):
        device = route.get("dev") or ", ".join(hop.get("dev", "") for hop in route.get("nexthops", ()))
        if device and device != name and route.get("dst", "default") != "default":
            yield device, route["dst"]


def taken(name: str, address: str, client: str = "") -> str:
    """Whose the network of an address is on this machine already, or empty; `client` is where SSH comes from.

    It would lead into the tunnel, and with it the answers to whoever set it up. Two halves of everything are a VPN's default route.
    """
    mesh = ip_network(address, strict=False)
    for device, text in networks(name):
        other = ip_network(text, strict=False)
        if other.prefixlen > 1 and other.overlaps(mesh):
            return f"{mesh} is taken: {device} has {other}"
    if client and ip_address(client.split("%", maxsplit=1)[0]) in mesh:
        return f"{mesh} is taken: SSH comes from {client}"
    return ""


def is_free(name: str, address: str) -> str:
    """The same before it is there; nothing of one that has the address already."""
    link = (shown("address", "show", "dev", name) or [{}])[0]
    if any("{}/{}".format(one.get("local"), one.get("prefixlen")) == address for one in link.get("addr_info", ())):
        return ""
    return taken(name, address, (os.environ.get("SSH_CONNECTION", "").split() or [""])[0])


def ensure_address(name: str, wanted: Wanted) -> None:
    """Address, MTU, and that it is up; the route to the network comes with the address, and stands in no table that others clear."""
    address, _, prefix = wanted["address"].partition("/")
    link = (shown("address", "show", "dev", name) or [{}])[0]
    found = [(one.get("local"), one.get("prefixlen")) for one in link.get("addr_info", ()) if one.get("family") == "inet"]
    for other in (one for one in found if one != (address, int(prefix))):
        must("ip", "address", "del", "{}/{}".format(*other), "dev", name)
        say("took {}/{} off {}".format(*other, name))
    if (address, int(prefix)) not in found:
        fault = taken(name, wanted["address"])
        if fault:
            raise RuntimeError(fault)
        must("ip", "address", "replace", wanted["address"], "dev", name)
        say("{} has {}".format(name, wanted["address"]))
    if link.get("mtu") != wanted["mtu"] or "UP" not in link.get("flags", ()):
        must("ip", "link", "set", "dev", name, "mtu", str(wanted["mtu"]), "up")
    ensure_route(name, wanted["address"], address)


def ensure_route(name: str, network: str, address: str) -> None:
    """The kernel's own route of the address, should somebody have deleted it."""
    if not any(route.get("dst") == on_network(network) for route in shown("-4", "route", "show", "dev", name)):
        must("ip", "-4", "route", "replace", on_network(network), "dev", name, "proto", "kernel", "scope", "link", "src", address)
        say(f"the route to {on_network(network)} was gone: put back")


def on_network(text: str) -> str:
    """The network of an address with its prefix: 10.98.0.7/24 -> 10.98.0.0/24."""
    address, _, prefix = text.partition("/")
    mask = (0xFFFFFFFF << (32 - int(prefix))) & 0xFFFFFFFF
    number = struct.unpack("!I", socket.inet_aton(address))[0] & mask
    return "{}/{}".format(socket.inet_ntoa(struct.pack("!I", number)), prefix)


def ensure_limits(name: str, wanted: Wanted) -> None:
    """What comes out of the mesh is for it alone, and nobody beside it sends in a member's name: all nodes of Kubernetes forward.

    In one step, so that there is no moment without; put back where somebody flushed all rules.
    """
    shown_as = ("nft", "list", "table", "ip", TABLE)
    if name in PUT and run(*shown_as).stdout == PUT[name]:
        return
    must("nft", "-f", "-", given=LIMITS.format(table=TABLE, name=name, network=on_network(wanted["address"])))
    PUT[name] = must(*shown_as)
    say(f"packets out of {name} go to {on_network(wanted['address'])} alone")


def ensure_forwarding(name: str, wanted: Wanted) -> None:
    """Of one that carries packets for others; one that does no more has what the whole machine has (Kubernetes' nodes all forward)."""
    setting = FORWARDING / name / "forwarding"
    value = "1" if wanted["forwards"] else (FORWARDING / "all/forwarding").read_text().strip()
    if setting.read_text().strip() != value:
        setting.write_text(value)
        say(f"{name} forwards" if value == "1" else f"{name} forwards no more")


def place_of(endpoint: str, flags: int = 0) -> str | None:
    """HOST:PORT with an address in the place of a name; None while nobody knows it."""
    host, _, port = endpoint.rpartition(":")
    try:
        family, _, _, _, place = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM, flags=flags)[0]
    except (OSError, ValueError):
        return None
    return f"[{place[0]}]:{port}" if family == socket.AF_INET6 else f"{place[0]}:{port}"


def literal(endpoint: str) -> str | None:
    """The same of an address; None of a name, which is not looked up."""
    return place_of(endpoint, socket.AI_NUMERICHOST)


def looked_up(endpoints: Iterable[str], seconds: float = LOOKUP) -> dict[str, str | None]:
    """All at once, those that are known until then. A lookup has no limit of its own: one that goes on is not asked again meanwhile."""
    found: dict[str, str | None] = {}
    asked = set(endpoints) - {one.name for one in threading.enumerate()}
    threads = [threading.Thread(target=lambda one=one: found.update({one: place_of(one)}), name=one, daemon=True) for one in asked]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return dict(found)


def configuration(wanted: Wanted, key: str) -> str:
    """What `wg` reads. Names are for later (ensure_endpoints): one that is not known would hold up all peers."""
    lines = ["[Interface]", "PrivateKey = " + key, "ListenPort = {}".format(wanted["port"])]
    for peer in wanted["peers"]:
        lines += ["[Peer]", "PublicKey = " + peer["key"], "AllowedIPs = " + ", ".join(peer["allowed"])]
        endpoint = literal(peer["endpoint"])
        lines += ["Endpoint = " + endpoint] if endpoint else []
        lines += ["PersistentKeepalive = {}".format(peer["keepalive"])]
    return "\n".join(lines) + "\n"


def settings(dump: str) -> tuple[str, str, dict[str, tuple[tuple[str, ...], str]]]:
    """What `wg show NAME dump` says: public key, port, and of each peer what it may send and its keep-alive (wg(8))."""
    first, *peers = [line.split("\t") for line in dump.splitlines()]
    return first[1], first[2], {line[0]: (tuple(sorted(line[3].split(","))), line[7]) for line in peers}


def meant(wanted: Wanted, public: str) -> tuple[str, str, dict[str, tuple[tuple[str, ...], str]]]:
    """The same of what is wished."""
    peers = {one["key"]: (tuple(sorted(one["allowed"])), str(one["keepalive"] or "off")) for one in wanted["peers"]}
    return public, str(wanted["port"]), peers


def ensure_peers(name: str, wanted: Wanted) -> None:
    """Key, port and peers; of those that are as they should be nothing changes, and their sessions go on."""
    key = (HERE / "private.key").read_text().strip()
    public = must("wg", "pubkey", given=key + "\n").strip()
    if settings(must("wg", "show", name, "dump")) != meant(wanted, public):
        must("wg", "syncconf", name, "/dev/stdin", given=configuration(wanted, key))
        say("{} peers are as planned".format(len(wanted["peers"])))


def stale(dump: str, now: float) -> list[str]:
    """The keys of peers without a session."""
    return [line[0] for line in (one.split("\t") for one in dump.splitlines()[1:]) if now - int(line[4]) > STALE]


def ensure_endpoints(name: str, wanted: Wanted) -> None:
    """A peer that does not answer may have moved: its name leads elsewhere, or it went back to where it was planned."""
    dump = must("wg", "show", name, "dump")
    found = {line.split("\t")[0]: line.split("\t")[2] for line in dump.splitlines()[1:]}
    silent = set(stale(dump, time.time()))
    asked = [one for one in wanted["peers"] if one["endpoint"] and one["key"] in silent]
    places = looked_up(one["endpoint"] for one in asked)
    for peer in asked:
        endpoint = places.get(peer["endpoint"])
        if endpoint and endpoint != found.get(peer["key"]):
            must("wg", "set", name, "peer", peer["key"], "endpoint", endpoint)
            say("{} does not answer: asking at {}".format(peer["name"], endpoint))


def understood(wanted: Wanted) -> tuple[Wanted, str]:
    """Without peers whose key is none, since `wg` would refuse all others with them; and what is said of these."""
    wrong = [one["name"] for one in wanted["peers"] if not KEY.fullmatch(one["key"])]
    peers = [one for one in wanted["peers"] if one["name"] not in wrong]
    return {**wanted, "peers": peers}, "{}: no key of WireGuard, left out".format(", ".join(wrong)) if wrong else ""


def ensure(wanted: Wanted) -> None:
    """All that needs nobody else."""
    name = wanted["interface"]
    ensure_link(name)
    ensure_limits(name, wanted)
    ensure_peers(name, wanted)
    ensure_address(name, wanted)
    ensure_forwarding(name, wanted)


def ready() -> None:
    """Tell systemd, which waits for it (sd_notify(3))."""
    place = os.environ.get("NOTIFY_SOCKET")
    if place:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", "\0" + place[1:] if place.startswith("@") else place)


def keep() -> int:
    """Until somebody ends it; SIGHUP looks at once. The interface stays in any case."""
    signals = {signal.SIGHUP, signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    told, faults = False, ""
    while True:
        try:
            wanted, words = understood(json.loads((HERE / "mesh.json").read_text()))
            ensure(wanted)
            if not told:
                ready()
            told = True
            ensure_endpoints(wanted["interface"], wanted)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            words = str(error)
        if words != faults:
            say(words or "well again")
        faults = words
        received = signal.sigtimedwait(signals, INTERVAL if told else 1.0)
        if received is not None and received.si_signo != signal.SIGHUP:
            return 0


def checksum(data: bytes) -> int:
    """RFC 1071: of an odd number of bytes, as if a zero came after them."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo_request(number: int, size: int) -> bytes:
    """An ICMP echo request (RFC 792) that comes to `size` bytes with its IP header."""
    payload = b"\0" * (size - _BOTH_HEADS)
    head = struct.pack("!BBHHH", 8, 0, 0, os.getpid() & 0xFFFF, number)
    return struct.pack("!BBHHH", 8, 0, checksum(head + payload), os.getpid() & 0xFFFF, number) + payload


def answers(address: str, size: int, seconds: float) -> bool:
    """Whether a packet of that size, which nobody may part, comes back."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as way:
        way.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
        try:
            way.connect((address, 0))
            way.send(echo_request(1, size))
        except OSError:
            return False
        until = time.monotonic() + seconds
        while select.select([way], [], [], max(0.0, until - time.monotonic()))[0]:
            packet = way.recv(65535)[_IP_HEAD:]
            if packet[:1] == b"\0" and packet[4:6] == struct.pack("!H", os.getpid() & 0xFFFF):
                return True
    return False


def reach(seconds: float, size: int, named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Those that do not answer until then, and why."""
    until = time.monotonic() + seconds
    left = dict(named)
    while left and time.monotonic() < until:
        left = {name: address for name, address in left.items() if not answers(address, size, 1.0)}
    small = {name for name, address in left.items() if answers(address, 64, 1.0)}
    return {name: "only small packets come through" if name in small else "no answer" for name in left}


def held() -> list[str]:
    """NAME=KEY of each peer in mesh.json; nothing where it is damaged, or not there."""
    try:
        peers = json.loads((HERE / "mesh.json").read_text())["peers"]
        return ["{}={}".format(one["name"], one["key"]) for one in peers if KEY.fullmatch(one["key"])]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def main(words: list[str]) -> int:
    """What is wished."""
    if words[:1] == ["reach"]:
        pairs = [(name, address) for name, _, address in (word.partition("=") for word in words[3:])]
        say(json.dumps(reach(float(words[1]), int(words[2]), pairs), sort_keys=True))
        return 0
    if words[:1] == ["free"]:
        os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # of somebody who is not root
        fault = is_free(*words[1:3])
        say(f"taken: {fault}" if fault else "free")
        return 0
    if words[:1] == ["held"]:
        say("\n".join(held()))
        return 0
    return keep()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
