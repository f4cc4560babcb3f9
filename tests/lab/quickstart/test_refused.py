"""What a bootstrap finds wrong, by itself cured or refused."""

from __future__ import annotations

import json

import pytest

from tests.lab.cluster import Cluster

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


def test_a_machine_that_does_not_answer_is_named(cluster: Cluster) -> None:
    cluster.kill("agent1")
    try:
        refused = cluster.bootstrap("--stage", "machines", "--timeout", "5", check=False)
    finally:
        cluster.start("agent1")
    assert refused.returncode in (4, 6)
    assert "agent1" in refused.stderr
