"""Who carries the virtual address when load balancers are cut from the servers: never one that serves nobody while another serves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.cluster import Cluster
from tests.lab.quickstart.test_founded import SERVERS, holders
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.one_life("quick start"), pytest.mark.timeout(900)]

#: Longer than haproxy and keepalived together need to give the address up (haproxy.cfg: at most 17 s; keepalived: 2 s).
LONG_ENOUGH = 30


@contextmanager
def cut(cluster: Cluster, *balancers: str) -> Iterator[None]:
    """No way leads from these load balancers to any server; theirs to each other stays."""
    addresses = [one["addresses"][0]["address"] for one in cluster.plan()["machines"] if one["name"] in SERVERS]
    try:
        for name in balancers:
            cluster.ssh(name, "; ".join(f"ip route add unreachable {address}/32" for address in addresses))
        yield
    finally:
        for name in balancers:
            cluster.ssh(name, "; ".join(f"ip route del unreachable {address}/32" for address in addresses), check=False)


def masters(cluster: Cluster, name: str) -> int:
    """How often keepalived there took the address."""
    return int(cluster.ssh(name, "journalctl --unit keepalived --output cat | grep --count 'Entering MASTER' || true"))


@pytest.mark.proves("reality D30", "feature load balancers and VIP")
def test_a_load_balancer_that_reaches_no_server_gives_the_vip_up_to_one_that_does_and_with_no_server_anywhere_one_keeps_it(
    cluster: Cluster,
) -> None:
    (first,) = holders(cluster, "lb1", "lb2")
    (second,) = {"lb1", "lb2"} - {first}
    with cut(cluster, first):
        until(lambda: holders(cluster, first, second) == [second], f"{second} to take the VIP from {first}, which is cut off", LONG_ENOUGH)
        cluster.wait_for_api()
        taken = masters(cluster, first), masters(cluster, second)
        with cut(cluster, second):
            until(lambda: cluster.kubectl("get", "--raw", "/readyz", check=False).returncode, "the API to be out of reach", LONG_ENOUGH)
            began = time.monotonic()
            until(lambda: time.monotonic() - began > LONG_ENOUGH, "keepalived to have had every time to give it up", 2 * LONG_ENOUGH)
            assert holders(cluster, first, second) == [second]
        cluster.wait_for_api()
    until(lambda: "200" in cluster.ssh(first, ADDRESS), f"haproxy on {first} to reach servers again")
    assert (masters(cluster, first), masters(cluster, second)) == taken, "the address moved once, and did not come back"


#: What keepalived asks haproxy.
ADDRESS = "exec 3<>/dev/tcp/127.0.0.1/8404; printf 'GET /address HTTP/1.0\\r\\n\\r\\n' >&3; head -n 1 <&3"
