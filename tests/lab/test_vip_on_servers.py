"""Servers that carry the virtual IP themselves, IPv4 and IPv6: founded, joined and asked through it, and what is in its way is named."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator

import pytest

from stardock.model.stages import NAMES
from tests.lab.cluster import Cluster, example_as
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.one_life("VIP on servers"), pytest.mark.timeout(1200)]

SERVERS = ["server1", "server2", "server3"]
VIP, VIP6 = "192.168.1.40", "fd00:10::40"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The quick start without load balancers, its servers with both families; deployed, not bootstrapped."""
    example = example_as("carried", tmp_path_factory.mktemp("carried"))
    text = example.read_text()
    text = re.sub(r"  - name: loadbalancers\n(    .*\n)+", "", text)
    text = text.replace(f"vip: {VIP}", f"vip: {VIP}\n  vip_ipv6: '{VIP6}'")
    static = re.compile(r"^  server:\n((    .*\n)+)", re.MULTILINE)
    ipv6 = '      ipv6: {static: {base: "fd00:10::", offset: 80, gateway: "fe80::1"}}\n'
    assert static.search(text)
    text = static.sub(lambda found: f"  server:\n{found[1]}{ipv6}", text)
    example.write_text(text + "\napi: {on_servers: keepalived, keepalived: {mode: multicast, advert: 200ms}}\n")
    with Cluster("carried", example).deployed() as cluster:
        yield cluster


def holders(cluster: Cluster, *machines: str) -> list[str]:
    return [name for name in machines if f"{VIP}/" in cluster.ssh(name, "ip -brief address show dev ens18")]


def ready(cluster: Cluster, host: str) -> bool:
    return cluster.inside("curl", "--insecure", "--fail", "--silent", f"https://{host}:6443/readyz", check=False).returncode == 0


@pytest.mark.proves("feature VIP on servers by keepalived")
def test_a_vip_that_somebody_holds_is_one_line_that_names_the_mac_and_without_it_all_join_through_the_vip(cluster: Cluster) -> None:
    cluster.ssh("agent1", f"ip address add {VIP}/24 dev ens18")
    mac = cluster.ssh("agent1", "cat /sys/class/net/ens18/address").strip()
    refused = cluster.bootstrap(check=False)
    assert refused.returncode != 0
    said = " ".join((refused.stdout + refused.stderr).split())
    assert f"{VIP}, the virtual address, is somebody else's already: {mac} answers for it on ens18 of server1." in said
    cluster.ssh("agent1", f"ip address delete {VIP}/24 dev ens18")
    cluster.bootstrap()
    assert cluster.voters() == SERVERS
    assert f"https://{VIP}:6443" in cluster.kubeconfig.read_text()
    assert f"https://{VIP}:9345" in cluster.ssh("agent1", "cat /etc/rancher/rke2/config.yaml.d/*")
    assert cluster.bootstrap().stdout.count("changed: nothing") == len(NAMES)


@pytest.mark.proves("feature VIP on servers by keepalived")
@pytest.mark.only_looks
def test_both_addresses_are_on_the_same_server_and_both_answer(cluster: Cluster) -> None:
    (holder,) = holders(cluster, *SERVERS)
    assert VIP6 in cluster.ssh(holder, "ip -6 -brief address show dev ens18")
    assert ready(cluster, VIP)
    assert ready(cluster, f"[{VIP6}]")


def ended(cluster: Cluster, machine: str, unit: str) -> int:
    """When a unit last ended, in microseconds since the host's start; 0: never."""
    return int(cluster.ssh(machine, f"systemctl show --property=InactiveEnterTimestampMonotonic --value {unit}"))


@pytest.mark.proves("feature VIP on servers by keepalived")
def test_a_server_that_restarts_for_an_edit_has_handed_the_vip_over_before_and_may_have_it_again(cluster: Cluster) -> None:
    (holder,) = holders(cluster, *SERVERS)
    before, text = ended(cluster, holder, "keepalived"), cluster.file.read_text()
    assert "    role: server\n" in text
    cluster.file.write_text(text.replace("    role: server\n", "    role: server\n    options: {kubelet-arg: [max-pods=120]}\n"))
    cluster.bootstrap()
    assert before < ended(cluster, holder, "keepalived") < ended(cluster, holder, "rke2-server")
    assert {cluster.ssh(name, "systemctl is-active keepalived").strip() for name in SERVERS} == {"active"}
    assert len(holders(cluster, *SERVERS)) == 1
    assert cluster.bootstrap().stdout.count("changed: nothing") == len(NAMES)


@pytest.mark.proves("feature VIP on servers by keepalived")
def test_the_holder_killed_or_its_api_dead_another_server_takes_both_addresses_and_the_api_answers(cluster: Cluster) -> None:
    (first,) = holders(cluster, *SERVERS)
    others = [name for name in SERVERS if name != first]
    cluster.kill(first)
    began = time.monotonic()
    until(lambda: ready(cluster, VIP), "the API to answer at the VIP again")
    sys.stdout.write(f"the API answered again {time.monotonic() - began:.1f} s after {first} was killed\n")
    (second,) = holders(cluster, *others)
    cluster.start(first)
    cluster.ssh(second, "rke2-killall.sh >/dev/null 2>&1 || true")
    left = [name for name in SERVERS if name != second]
    until(lambda: holders(cluster, *left) != [], f"another server to take the VIP from {second}, whose API is dead")
    assert holders(cluster, second) == []
    until(lambda: ready(cluster, f"[{VIP6}]"), "the API to answer at the IPv6 VIP")
    cluster.ssh(second, "systemctl start rke2-server")
    cluster.wait_for_api()


@pytest.mark.proves("feature external address of the API")
def test_an_address_that_exists_takes_over_from_the_vip_and_one_that_does_not_answer_is_told_by_its_name(cluster: Cluster) -> None:
    kept = cluster.file.read_text()
    text = re.sub(r"^  vip.*\n", "", kept, flags=re.MULTILINE)
    try:
        cluster.file.write_text(re.sub(r"^api: .*$", "api: {external: 192.168.1.1}", text, flags=re.MULTILINE))
        refused = cluster.bootstrap(check=False)
        assert refused.returncode != 0
        said = " ".join((refused.stdout + refused.stderr).split())
        assert "192.168.1.1:6443, the way to the API, does not answer server1 within 60 s: does the name resolve on machines" in said
        assert holders(cluster, *SERVERS) == []
        cluster.file.write_text(re.sub(r"^api: .*$", "api: {external: 192.168.1.51}", text, flags=re.MULTILINE))
        cluster.bootstrap()
        assert "https://192.168.1.51:6443" in cluster.kubeconfig.read_text()
        assert "https://192.168.1.51:9345" in cluster.ssh("agent1", "cat /etc/rancher/rke2/config.yaml.d/*")
    finally:
        cluster.file.write_text(kept)
    cluster.bootstrap()
    assert len(holders(cluster, *SERVERS)) == 1
    assert cluster.voters() == SERVERS
