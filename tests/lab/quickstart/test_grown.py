"""A server and a PVE node more."""

from __future__ import annotations

import pytest

from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.one_life("quick start"), pytest.mark.timeout(900)]

MACHINES = ["lb1", "lb2", "server1", "server2", "server3", "agent1"]
SERVERS = ["server1", "server2", "server3"]


@pytest.mark.proves("feature plan and allocation")
def test_insert_a_server_name_in_the_middle_and_add_a_pve_node_old_machines_untouched(cluster: Cluster) -> None:
    before, boots = cluster.plan()["machines"], cluster.boots(MACHINES)
    cluster.edit(r"^(    - \{name: pve3,.*\n)", r"\1    - {name: pve4, address: 127.0.1.4}\n")
    cluster.edit(r"machines: \[server1, server2, server3\]", "machines: [server1, serverx, server2, server3]")
    cluster.deploy()
    cluster.bootstrap()
    after = {machine["name"]: machine for machine in cluster.plan()["machines"]}
    assert [after[machine["name"]] for machine in before] == before
    assert after["serverx"]["pve_node"] == "pve4"
    assert cluster.boots(MACHINES) == boots
    assert cluster.voters() == sorted([*SERVERS, "serverx"])
    assert "serverx" in cluster.ssh("lb1", "cat /etc/haproxy/haproxy.cfg")
