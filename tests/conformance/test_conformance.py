"""A load balancer, a server and two agents, judged through the VIP by Kubernetes' own tests."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conformance import suite
from tests.conformance.images import archive
from tests.lab.cluster import Cluster, example_as
from tests.proof import conformance

pytestmark = [pytest.mark.lab, pytest.mark.one_life("conformance"), pytest.mark.timeout(6000)]

RELEASE = ("get", "node", "server1", "-o", "jsonpath={.status.nodeInfo.kubeletVersion}")
#: What has no turn within them is counted as not run.
MINUTES = float(os.environ.get("STARDOCK_CONFORMANCE_MINUTES", "150"))
#: So many are run by one start of ginkgo, and so many of them at a time.
BATCH = 32
SIDE_BY_SIDE = int(os.environ.get("STARDOCK_CONFORMANCE_SIDE_BY_SIDE", "4"))
QUICK = (
    "[sig-network] DNS should provide DNS for services [Conformance]",
    "[sig-network] Services should be able to change the type from ExternalName to NodePort [Conformance]",
    "[sig-network] Services should serve a basic endpoint from pods [Conformance]",
    "[sig-network] Networking Granular Checks: Pods should function for intra-pod communication: http [NodeConformance] [Conformance]",
    "[sig-apps] Deployment deployment should support rollover [Conformance]",
    "[sig-apps] ReplicaSet should serve a basic image on each replica with a public image [Conformance]",
    "[sig-apps] Job should run a job to completion when tasks sometimes fail and are locally restarted [Conformance]",
    "[sig-auth] ServiceAccounts should mount an API token into pods [Conformance]",
    "[sig-node] Pods should support retrieving logs from the container over websockets [NodeConformance] [Conformance]",
    "[sig-node] Pods should support remote command execution over websockets [NodeConformance] [Conformance]",
    "[sig-api-machinery] Namespaces [Serial] should ensure that all services are removed when a namespace is deleted [Conformance]",
    "[sig-api-machinery] Watchers should observe add, update, and delete watch notifications on configmaps [Conformance]",
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Machines find the tests' images where the air gap's lie: beside the release."""
    source = example_as("conformance", tmp_path_factory.mktemp("conformance"))
    text = source.read_text().replace("[server1, server2, server3]", "[server1]").replace("[agent1]", "[agent1, agent2]")
    source.write_text(text.replace("count: 2", "count: 1"))
    with Cluster("conformance", source, "real").deployed() as cluster:
        cluster.add_images("e2e", archive())
        cluster.bootstrap()
        yield cluster


@pytest.mark.nodes
@pytest.mark.dozen
@pytest.mark.proves("feature nodes that run pods")
def test_a_dozen_of_the_quick_ones_pass_through_the_vip(cluster: Cluster, tmp_path: Path) -> None:
    assert re.search(r"server: https://192\.168\.1\.40:6443", cluster.kubeconfig.read_text())
    outcomes = suite.judge(cluster, tmp_path, QUICK, side_by_side=4, seconds=300)
    assert {one.name for one in outcomes} == set(QUICK)
    assert [(one.name, one.words) for one in outcomes if not one.passed] == []


@pytest.mark.conformance
@pytest.mark.timeout(3 * 3600)
def test_kubernetes_own_conformance_tests_pass_but_for_those_that_are_known_with_their_reason(cluster: Cluster, tmp_path: Path) -> None:
    """What was learned is kept after each batch: a run of hours may be ended, and a later one may go on with what is left of it."""
    known, wanted, begun = conformance.left_out(), suite.conformance_tests(), time.monotonic()
    assert not set(known) - set(wanted), "the list of those that are left out names no others"
    verdict = begin(cluster, known, [name for name in wanted if name not in known])
    earlier, waiting, again = verdict.minutes, (*verdict.failed, *verdict.unrun), set(verdict.failed)
    while waiting and time.monotonic() - begun < MINUTES * 60:
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        outcomes = suite.judge(cluster, tmp_path, batch, side_by_side=SIDE_BY_SIDE, seconds=BATCH * 60)
        verdict = after(verdict, outcomes, again)
        verdict = replace(verdict, minutes=earlier + round((time.monotonic() - begun) / 60))
        conformance.save(verdict)
    assert dict(verdict.failed) == {}
    assert verdict.unrun == ()


def begin(cluster: Cluster, known: Mapping[str, str], names: Sequence[str]) -> conformance.Verdict:
    """A run from the beginning; or, where it is asked for, what is left of the last one."""
    last = conformance.last()
    if os.environ.get("STARDOCK_CONFORMANCE_GO_ON") and last is not None:
        return replace(last, left_out=known, failed={name: words for name, words in last.failed.items() if name not in known})
    return conformance.Verdict(
        date=datetime.now(UTC).date().isoformat(),
        release=cluster.kubectl(*RELEASE).stdout,
        machines="a load balancer, a server, two agents",
        minutes=0,
        passed=0,
        failed={},
        left_out=known,
        unrun=tuple(names),
    )


def after(verdict: conformance.Verdict, outcomes: Sequence[suite.Outcome], again: Collection[str]) -> conformance.Verdict:
    """With these outcomes; what got none in its batch waits still."""
    passed = {one.name for one in outcomes if one.passed}
    failed = {one.name: one.words for one in outcomes if not one.passed}
    return replace(
        verdict,
        passed=verdict.passed + len(passed),
        failed={name: words for name, words in verdict.failed.items() if name not in passed} | failed,
        unrun=tuple(name for name in verdict.unrun if name not in passed and name not in failed),
        again=verdict.again + len(passed & set(again)),
    )
