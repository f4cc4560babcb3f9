"""What a bootstrap finds wrong, by itself cured or refused."""

from __future__ import annotations

import json

import pytest

from tests.lab.cluster import Cluster
from tests.lab.quickstart.test_founded import SERVERS
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.one_life("quick start"), pytest.mark.timeout(900)]


def test_secrets_file_missing_on_a_founded_cluster_is_read_back_from_a_server(cluster: Cluster) -> None:
    secrets = cluster.file.with_suffix(".secrets.yaml")
    text = secrets.read_text()
    secrets.rename(secrets.with_suffix(".away"))
    cluster.bootstrap("--stage", "agents")
    assert secrets.read_text() == text


@pytest.mark.proves("feature bootstrap")
def test_a_host_key_that_changed_is_refused(cluster: Cluster) -> None:
    known = cluster.file.with_suffix(".facts.json")
    kept = known.read_text()
    facts = json.loads(kept)
    names = facts["machines"]
    names["agent1"]["host_keys"], names["lb1"]["host_keys"] = names["lb1"]["host_keys"], names["agent1"]["host_keys"]
    known.write_text(json.dumps(facts))
    try:
        refused = cluster.bootstrap("--stage", "machines", check=False)
    finally:
        known.write_text(kept)
    assert refused.returncode != 0
    assert "host key" in (refused.stderr + refused.stdout).lower()


@pytest.mark.proves("reality D31", "feature bootstrap")
def test_one_silent_agent_no_longer_stops_a_bootstrap_it_is_skipped_and_reported_with_an_exit_code_of_its_own_and_done_later(
    cluster: Cluster,
) -> None:
    cluster.ssh("server2", "rm /etc/stardock/founded")
    cluster.ssh("agent1", "rm /etc/stardock/founded")
    cluster.kill("agent1")
    try:
        done = cluster.bootstrap("--timeout", "5", check=False)
    finally:
        cluster.start("agent1")
    assert done.returncode == 7, done.stdout + done.stderr
    assert "done, without agent1" in done.stderr
    assert "timed out waiting" in done.stderr
    assert "kubeconfig" in done.stdout, "the last stage ran"
    assert cluster.ssh("server2", "cat /etc/stardock/founded"), "what was missing elsewhere was done"
    again = cluster.bootstrap().stdout
    told = {line.split()[0]: line.partition("changed: ")[2] for line in again.splitlines() if "changed: " in line}
    assert told.pop("founder").startswith("agent1 "), again
    # An edit that an earlier test left to the next bootstrap reached agent1 only now, too.
    assert {words.split()[0] for words in told.values()} <= {"nothing", "agent1"}, again
    assert cluster.ssh("agent1", "cat /etc/stardock/founded")


def test_a_silent_server_stops_it_before_anything_is_changed(cluster: Cluster) -> None:
    cluster.ssh("agent1", "rm /etc/stardock/founded")
    cluster.kill("server3")
    try:
        refused = cluster.bootstrap("--timeout", "5", check=False)
    finally:
        cluster.start("server3")
    assert refused.returncode == 4, refused.stdout + refused.stderr
    assert "server3" in refused.stderr
    assert not cluster.ssh("agent1", "cat /etc/stardock/founded 2>/dev/null", check=False).strip()
    cluster.wait_for_api()
    cluster.bootstrap("--stage", "machines", "--stage", "founder")


def runs(cluster: Cluster) -> list[str]:
    """Which run of its service each server is in."""
    return [cluster.ssh(name, "systemctl show --property InvocationID --value rke2-server").strip() for name in SERVERS]


@pytest.mark.proves("reality D33")
def test_a_changed_configuration_restarts_no_second_server_while_one_cannot_vote_and_all_of_them_once_it_can(cluster: Cluster) -> None:
    cluster.edit(r"^  version: (.*)$", r"  version: \1\n  options: {kubelet-arg: [max-pods=100]}")
    before, asked = runs(cluster), "grep --count max-pods /etc/rancher/rke2/config.yaml || true"
    cluster.ssh("server3", "pkill -STOP -x etcd")
    try:
        refused = cluster.bootstrap("--stage", "servers", "--ready-timeout", "30", check=False)
        assert refused.returncode == 4, refused.stdout + refused.stderr
        assert (
            "server1 was left as it is, because the cluster would stand still while it restarts: server3 cannot vote in etcd"
            in refused.stderr
        )
        assert "systemctl status rke2-server" in refused.stderr
        assert runs(cluster) == before
        assert [cluster.ssh(name, asked).strip() for name in SERVERS] == ["0"] * 3
        cluster.wait_for_api()
    finally:
        cluster.ssh("server3", "pkill -CONT -x etcd")
    until(lambda: cluster.voters() == SERVERS, "server3 to vote again", 120)
    cluster.bootstrap()
    after = runs(cluster)
    assert [old != new for old, new in zip(before, after, strict=True)] == [True] * 3
    assert cluster.voters() == SERVERS
