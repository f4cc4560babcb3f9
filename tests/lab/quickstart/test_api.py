"""Other ways to the API: what haproxy and keepalived say to them, and load balancers that go over to multicast and other ports and back."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.lab.cluster import Cluster
from tests.lab.quickstart.test_balancers import masters
from tests.lab.quickstart.test_founded import holders
from tests.plans import document, plan_of
from tests.unit.ansible.rendered import ROLES, rendered
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.one_life("quick start"), pytest.mark.timeout(900)]

WAYS: tuple[dict[str, Any], ...] = (
    {},
    {"port": 443, "supervisor_port": 10345},
    *({"haproxy": {"balance": name}} for name in ("static-rr", "leastconn", "first", "source", "random")),
    {"haproxy": {"check": {"interval": "10s", "fast_interval": "500ms", "down_interval": "5s", "rise": 3, "fall": 2}}},
    {"haproxy": {"backends": [{"name": "a", "address": "10.0.0.9", "port": 16443}, {"name": "b", "address": "fd00::9"}]}},
    {"haproxy": {"backends": [{"name": "c", "address": "localhost", "supervisor_port": 19345}]}},
    {"keepalived": {"mode": "multicast", "advert": "10ms", "priorities": {"lb2": 254}}},
    {"keepalived": {"advert": "40s"}},
)
HAPROXY = next(
    one["stardock.machine.files"]["files"][0]["validate"]
    for one in yaml.safe_load((ROLES / "haproxy/tasks/main.yml").read_text())
    if "stardock.machine.files" in one
)
KEEPALIVED = yaml.safe_load((ROLES / "keepalived/vars/main.yml").read_text())["keepalived_validate"].strip()


def said(cluster: Cluster, validate: str, text: str) -> str:
    """What the role's own check says to a file on lb1; empty: nothing."""
    script = f"cat >/tmp/tried <<'END'\n{text}\nEND\n{validate.replace('%s', '/tmp/tried')} 2>/dev/null || echo REFUSED"
    return cluster.ssh("lb1", script).strip()


@pytest.mark.proves("feature ways to the API")
@pytest.mark.only_looks
def test_haproxy_and_keepalived_take_every_way_without_a_warning_and_what_they_warn_of_is_refused(cluster: Cluster) -> None:
    for api in WAYS:
        data = document() | {"api": api}
        data["network"]["vip_ipv6"] = "fd00:10::40"
        plan = plan_of(data)[0]
        assert said(cluster, HAPROXY, rendered(plan, "lb1", "haproxy.cfg")) == "", api
        assert said(cluster, KEEPALIVED, rendered(plan, "lb1", "keepalived.conf")) == "", api
    unknown = plan_of(document() | {"api": {"haproxy": {"backends": [{"name": "d", "address": "nobody.invalid"}]}}})[0]
    assert said(cluster, HAPROXY, rendered(unknown, "lb1", "haproxy.cfg")) == "REFUSED", "a name that nobody knows"
    assert said(cluster, HAPROXY, "listen x\n  bind :1\n").endswith("REFUSED"), "timeouts are missing, of which haproxy only warns"


OTHERWISE = """
api:
  port: 7443
  supervisor_port: 10345
  haproxy: {balance: leastconn, backends: [{name: again, address: 192.168.1.52}]}
  keepalived: {mode: multicast, advert: 150ms, priorities: {lb2: 200}}
"""


@pytest.mark.proves("feature ways to the API")
def test_by_multicast_and_at_other_ports_the_api_answers_one_has_the_vip_and_the_other_takes_it_over_then_back_to_unicast(
    cluster: Cluster,
) -> None:
    kept = cluster.file.read_text()
    (before,) = holders(cluster, "lb1", "lb2")
    heir = next(name for name in ("lb1", "lb2") if name != before)
    taken = masters(cluster, heir)
    cluster.file.write_text(kept + OTHERWISE)
    try:
        cluster.bootstrap("--stage", "loadbalancers")
        assert masters(cluster, heir) > taken, f"{before} handed the VIP over before it changed"
        assert "unicast" not in cluster.ssh("lb1", "cat /etc/keepalived/keepalived.conf")
        for port in (7443, 6443):
            cluster.inside("curl", "--insecure", "--fail", "--silent", f"https://192.168.1.40:{port}/readyz")
        for port in (10345, 9345):
            cluster.inside("curl", "--insecure", "--fail", "--silent", f"https://192.168.1.40:{port}/cacerts")
        (holder,) = holders(cluster, "lb1", "lb2")
        (other,) = {"lb1", "lb2"} - {holder}
        cluster.ssh(holder, "systemctl stop keepalived")
        until(lambda: holders(cluster, "lb1", "lb2") == [other], f"{other} to take the VIP")
        cluster.ssh(holder, "systemctl start keepalived")
        cluster.wait_for_api()
    finally:
        cluster.file.write_text(kept)
        cluster.bootstrap("--stage", "loadbalancers")
    assert len(holders(cluster, "lb1", "lb2")) == 1
    assert "unicast_peer" in cluster.ssh("lb2", "cat /etc/keepalived/keepalived.conf")
